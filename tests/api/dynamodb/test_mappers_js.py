"""Object mappers for JavaScript, used as their own documentation shows: Dynamoose, ElectroDB, dynamodb-toolbox and the SDK's document client."""


# Dynamoose makes its own table, waits for it, and maps classes: get, query by index, update, transaction.
def test_dynamoose(node, unique_name):
    result = node("""
        import dynamoose from 'dynamoose';
        dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB(config));
        const schema = new dynamoose.Schema({
            id: {type: String, hashKey: true}, breed: {type: String, index: {name: 'breed-index', rangeKey: 'age'}},
            age: {type: Number, required: true}, tags: {type: Set, schema: [String]}, address: {type: Object, schema: {city: String}},
            friends: {type: Array, schema: [String]}}, {timestamps: true, saveUnknown: false});
        const Cat = dynamoose.model('Cat', schema);
        const table = new dynamoose.Table(args.name, [Cat], {throughput: 'ON_DEMAND', initialize: false, waitForActive: {enabled: true, check: {frequency: 20}}});
        await table.initialize();
        const out = {};
        await Cat.create({id: 'tom', breed: 'tabby', age: 3, tags: new Set(['grey']), address: {city: 'Bonn'}, friends: ['kit']});
        out.twice = await Cat.create({id: 'tom', breed: 'x', age: 1}).catch((error) => error.name);
        await Cat.batchPut([{id: 'kit', breed: 'tabby', age: 1}, {id: 'leo', breed: 'siamese', age: 5}]);
        const tom = await Cat.get('tom');
        out.tom = [tom.age, tom.address.city, [...tom.tags], tom.friends, typeof tom.createdAt];
        tom.age = 4;
        await tom.save();
        out.updated = (await Cat.update({id: 'tom'}, {$ADD: {age: 1}, $SET: {breed: 'tabby'}, $REMOVE: ['friends']})).age;
        out.refused = await Cat.update({id: 'tom'}, {age: 9}, {condition: new dynamoose.Condition().filter('age').lt(2)}).catch((error) => error.name);
        out.tabbies = (await Cat.query('breed').eq('tabby').sort('descending').exec()).map((cat) => cat.id);
        out.old = (await Cat.query('breed').eq('tabby').where('age').gt(2).exec()).map((cat) => cat.id);
        out.count = (await Cat.scan('age').between(1, 4).count().exec()).count;
        out.page = (await Cat.scan().limit(2).exec()).lastKey !== undefined;
        await dynamoose.transaction([Cat.transaction.update({id: 'kit'}, {age: 2}), Cat.transaction.delete('leo'),
                                     Cat.transaction.create({id: 'max', breed: 'tabby', age: 7})]);
        out.batch = (await Cat.batchGet(['kit', 'leo', 'max'])).map((cat) => [cat.id, cat.age]).sort();
        await Cat.delete('tom');
        out.gone = (await Cat.get('tom')) === undefined;
        await dynamoose.aws.ddb().deleteTable({TableName: args.name});
        console.log(JSON.stringify(out));
    """, name=unique_name("cats"))
    assert result == {
        "twice": "ConditionalCheckFailedException", "tom": [3, "Bonn", ["grey"], ["kit"], "object"], "updated": 5,
        "refused": "ConditionalCheckFailedException", "tabbies": ["tom", "kit"], "old": ["tom"], "count": 1,
        "page": True, "batch": [["kit", 2], ["max", 7]], "gone": True,
    }


# ElectroDB's single-table design: two entities, a collection over both, conditions, upserts, transactions, pages.
def test_electrodb(node, client, unique_name):
    name, database = unique_name("electro"), client("dynamodb")
    database.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in ("pk", "sk", "gsi1pk", "gsi1sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "gsi1", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
            {"AttributeName": "gsi1pk", "KeyType": "HASH"}, {"AttributeName": "gsi1sk", "KeyType": "RANGE"}]}])
    result = node("""
        import electrodb from 'electrodb';
        import {DynamoDBClient} from '@aws-sdk/client-dynamodb';
        const {Entity, Service} = electrodb, client = new DynamoDBClient(config), table = args.name;
        const Employee = new Entity({
            model: {entity: 'employee', version: '1', service: 'taskapp'},
            attributes: {employee: {type: 'string'}, office: {type: 'string'}, salary: {type: 'number'}, team: {type: ['blue', 'red']},
                         skills: {type: 'set', items: 'string'}, history: {type: 'list', items: {type: 'string'}}},
            indexes: {
                employee: {pk: {field: 'pk', composite: ['employee']}, sk: {field: 'sk', composite: []}},
                workplace: {collection: 'workplaces', index: 'gsi1', pk: {field: 'gsi1pk', composite: ['office']},
                            sk: {field: 'gsi1sk', composite: ['team', 'employee']}}}}, {client, table});
        const Office = new Entity({
            model: {entity: 'office', version: '1', service: 'taskapp'},
            attributes: {office: {type: 'string'}, city: {type: 'string'}},
            indexes: {office: {pk: {field: 'pk', composite: ['office']}, sk: {field: 'sk', composite: []}},
                      workplace: {collection: 'workplaces', index: 'gsi1', pk: {field: 'gsi1pk', composite: ['office']},
                                  sk: {field: 'gsi1sk', composite: []}}}}, {client, table});
        const App = new Service({Employee, Office});
        const out = {}, data = (answer) => answer.data;
        await Office.create({office: 'north', city: 'Oslo'}).go();
        for (const [employee, team, salary] of [['ann', 'blue', 10], ['bob', 'red', 20], ['cem', 'blue', 30]])
            await Employee.put({employee, office: 'north', team, salary, skills: ['x'], history: []}).go();
        out.twice = await Office.create({office: 'north', city: 'Rome'}).go().catch((error) => error.constructor.name);
        out.ann = data(await Employee.get({employee: 'ann'}).go());
        await Employee.update({employee: 'ann'}).set({team: 'blue', office: 'north'}).add({salary: 5, skills: ['y']}).append({history: ['raise']})
            .where(({salary}, {lt}) => lt(salary, 100)).go();
        out.patched = await Employee.patch({employee: 'nobody'}).set({salary: 1}).go().catch(() => 'refused');
        const ann = data(await Employee.get({employee: 'ann'}).go());
        out.after = [ann.salary, [...ann.skills].sort(), ann.history];
        out.blue = data(await Employee.query.workplace({office: 'north', team: 'blue'}).go({order: 'desc'})).map((row) => row.employee);
        out.rich = data(await Employee.query.workplace({office: 'north'}).where(({salary}, {gte}) => gte(salary, 20)).go({pages: 'all'})).map((row) => row.employee);
        const both = data(await App.collections.workplaces({office: 'north'}).go());
        out.collection = [both.Employee.length, both.Office.length];
        const page = await Employee.scan.go({limit: 2});
        out.rest = data(await Employee.scan.go({cursor: page.cursor, pages: 'all'})).length + page.data.length;
        await Employee.upsert({employee: 'dan', office: 'north', team: 'red', salary: 1}).go();
        const done = await App.transaction.write(({Employee, Office}) => [
            Employee.remove({employee: 'dan'}).commit(), Office.update({office: 'north'}).set({city: 'Bergen'}).commit(),
            Employee.check({employee: 'bob'}).where(({salary}, {eq}) => eq(salary, 20)).commit()]).go();
        out.transaction = done.canceled;
        const stopped = await App.transaction.write(({Employee}) => [
            Employee.check({employee: 'bob'}).where(({salary}, {eq}) => eq(salary, 21)).commit()]).go();
        out.stopped = [stopped.canceled, stopped.data[0].code];
        out.batch = data(await Employee.get([{employee: 'ann'}, {employee: 'dan'}, {employee: 'cem'}]).go()).map((row) => row.employee).sort();
        await Employee.delete([{employee: 'ann'}, {employee: 'cem'}]).go();
        out.left = data(await Employee.scan.go()).map((row) => row.employee);
        out.city = data(await Office.get({office: 'north'}).go()).city;
        console.log(JSON.stringify(out));
    """, name=name)
    database.delete_table(TableName=name)
    assert result.pop("ann") == {"employee": "ann", "office": "north", "team": "blue", "salary": 10, "skills": ["x"], "history": []}
    assert result == {
        "twice": "ElectroError", "patched": "refused", "after": [15, ["x", "y"], ["raise"]], "blue": ["cem", "ann"],
        "rich": ["cem", "bob"], "collection": [3, 1], "rest": 3, "transaction": False,
        "stopped": [True, "ConditionalCheckFailed"], "batch": ["ann", "cem"], "left": ["bob"], "city": "Bergen",
    }


# dynamodb-toolbox v2: typed entities with update extensions, queries, batches and transactions.
def test_dynamodb_toolbox(node, client, unique_name):
    name, database = unique_name("toolbox"), client("dynamodb")
    database.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in ("PK", "SK")],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}])
    result = node("""
        import {DynamoDBClient} from '@aws-sdk/client-dynamodb';
        import {DynamoDBDocumentClient} from '@aws-sdk/lib-dynamodb';
        import {Table, Entity, item, string, number, list, map, set, any, PutItemCommand, GetItemCommand, UpdateItemCommand, DeleteItemCommand,
                QueryCommand, ScanCommand, $add, $append, $remove, $sum, $get, $delete, BatchPutRequest, BatchWriteCommand, executeBatchWrite,
                BatchGetRequest, BatchGetCommand, executeBatchGet, PutTransaction, UpdateTransaction, ConditionCheck, executeTransactWrite,
                GetTransaction, executeTransactGet} from 'dynamodb-toolbox';
        const documentClient = DynamoDBDocumentClient.from(new DynamoDBClient(config));
        const table = new Table({name: args.name, documentClient, partitionKey: {name: 'PK', type: 'string'}, sortKey: {name: 'SK', type: 'string'}});
        const Pokemon = new Entity({name: 'Pokemon', table, schema: item({
            trainer: string().key(), id: string().key(), level: number().default(1), moves: list(string()).optional(),
            types: set(string()).optional(), stats: map({hp: number(), speed: number().optional()}).optional(), nick: string().optional()}),
            computeKey: ({trainer, id}) => ({PK: `T#${trainer}`, SK: `P#${id}`})});
        const out = {}, key = {trainer: 'ash', id: 'p1'};
        await Pokemon.build(PutItemCommand).item({...key, moves: ['bolt'], types: new Set(['electric']), stats: {hp: 10}, nick: 'pika'})
            .options({condition: {attr: 'id', exists: false}}).send();
        out.twice = await Pokemon.build(PutItemCommand).item(key).options({condition: {attr: 'id', exists: false}}).send().catch((error) => error.name);
        const {Attributes} = await Pokemon.build(UpdateItemCommand).item({...key, level: $add(2), moves: $append(['tail']), nick: $remove(),
            types: $add(new Set(['mouse'])), stats: {hp: $sum($get('stats.hp'), 5)}}).options({returnValues: 'ALL_NEW'}).send();
        out.updated = [Attributes.level, Attributes.moves, [...Attributes.types].sort(), Attributes.stats.hp, Attributes.nick ?? null];
        await executeBatchWrite(table.build(BatchWriteCommand).requests(...['p2', 'p3', 'p4'].map((id, level) =>
            Pokemon.build(BatchPutRequest).item({trainer: 'ash', id, level}))));
        const query = await table.build(QueryCommand).entities(Pokemon).query({partition: 'T#ash', range: {beginsWith: 'P#'}})
            .options({reverse: true, filters: {Pokemon: {attr: 'level', gte: 1}}, attributes: ['id', 'level']}).send();
        out.query = query.Items.map((row) => [row.id, row.level]);
        out.scan = (await table.build(ScanCommand).entities(Pokemon).options({maxPages: Infinity, limit: 2}).send()).Items.length;
        const batch = await executeBatchGet(table.build(BatchGetCommand).requests(...['p2', 'p9'].map((id) =>
            Pokemon.build(BatchGetRequest).key({trainer: 'ash', id}))));
        out.batch = batch.Responses[0].map((row) => row?.id ?? null);
        await executeTransactWrite(Pokemon.build(UpdateTransaction).item({trainer: 'ash', id: 'p2', level: $add(9)}),
            Pokemon.build(PutTransaction).item({trainer: 'gary', id: 'p5'}),
            Pokemon.build(ConditionCheck).key(key).condition({attr: 'level', eq: 3}));
        out.cancelled = await executeTransactWrite(Pokemon.build(ConditionCheck).key(key).condition({attr: 'level', eq: 4}))
            .catch((error) => [error.name, error.CancellationReasons[0].Code]);
        const read = await executeTransactGet(Pokemon.build(GetTransaction).key({trainer: 'ash', id: 'p2'}), Pokemon.build(GetTransaction).key({trainer: 'gary', id: 'p5'}));
        out.read = read.Responses.map(({Item}) => [Item.trainer, Item.level]);
        await Pokemon.build(DeleteItemCommand).key(key).send();
        out.gone = (await Pokemon.build(GetItemCommand).key(key).options({consistent: true}).send()).Item ?? null;
        console.log(JSON.stringify(out));
    """, name=name)
    database.delete_table(TableName=name)
    assert result == {
        "twice": "ConditionalCheckFailedException", "updated": [3, ["bolt", "tail"], ["electric", "mouse"], 15, None],
        "query": [["p4", 2], ["p3", 1], ["p1", 3]], "scan": 4, "batch": ["p2", None],
        "cancelled": ["TransactionCanceledException", "ConditionalCheckFailed"], "read": [["ash", 9], ["gary", 1]], "gone": None,
    }


# The document client beyond single items: transactions, PartiQL, paginators, numbers that JavaScript cannot hold.
def test_document_client(node, make_table):
    result = node("""
        import {DynamoDBClient} from '@aws-sdk/client-dynamodb';
        import {DynamoDBDocumentClient, TransactWriteCommand, TransactGetCommand, ExecuteStatementCommand, BatchExecuteStatementCommand,
                ExecuteTransactionCommand, paginateQuery, paginateScan, PutCommand, GetCommand, UpdateCommand, NumberValue} from '@aws-sdk/lib-dynamodb';
        const db = DynamoDBDocumentClient.from(new DynamoDBClient(config), {marshallOptions: {removeUndefinedValues: true},
                                                                             unmarshallOptions: {wrapNumbers: NumberValue.from}});
        const TableName = args.name, out = {}, plain = (value) => JSON.parse(JSON.stringify(value, (k, v) => v?.value ?? v));
        await db.send(new TransactWriteCommand({TransactItems: [1, 2, 3, 4, 5].map((sk) => ({Put: {TableName, Item: {id: 'a', sk, gone: undefined}}}))}));
        await db.send(new PutCommand({TableName, Item: {id: 'big', sk: 1, n: NumberValue.from('12345678901234567890123456789012345678')}}));
        out.big = (await db.send(new GetCommand({TableName, Key: {id: 'big', sk: 1}}))).Item.n.value;
        const pages = [];
        for await (const page of paginateQuery({client: db, pageSize: 2}, {TableName, KeyConditionExpression: 'id = :a', ExpressionAttributeValues: {':a': 'a'}}))
            pages.push(page.Items.length);
        out.pages = pages;
        let scanned = 0;
        for (const Segment of [0, 1, 2, 3]) for await (const page of paginateScan({client: db, pageSize: 1}, {TableName, Segment, TotalSegments: 4})) scanned += page.Items.length;
        out.scanned = scanned;
        const get = await db.send(new TransactGetCommand({TransactItems: [{Get: {TableName, Key: {id: 'a', sk: 2}, ProjectionExpression: 'sk'}}, {Get: {TableName, Key: {id: 'x', sk: 1}}}]}));
        out.get = plain(get.Responses);
        const cancelled = await db.send(new TransactWriteCommand({TransactItems: [{Update: {TableName, Key: {id: 'a', sk: 1}, UpdateExpression: 'SET n = :n',
            ConditionExpression: 'attribute_exists(n)', ExpressionAttributeValues: {':n': 1}, ReturnValuesOnConditionCheckFailure: 'ALL_OLD'}}]})).catch((error) => error);
        out.cancelled = [cancelled.name, cancelled.CancellationReasons[0].Code, plain(cancelled.CancellationReasons[0].Item)];
        await db.send(new ExecuteStatementCommand({Statement: `UPDATE "${TableName}" SET m = ? WHERE id = ? AND sk = ?`, Parameters: [{deep: [1]}, 'a', 1]}));
        out.statement = plain((await db.send(new ExecuteStatementCommand({Statement: `SELECT m.deep FROM "${TableName}" WHERE id = 'a' AND sk < 3 AND m IS NOT MISSING`}))).Items);
        const batch = await db.send(new BatchExecuteStatementCommand({Statements: [{Statement: `INSERT INTO "${TableName}" VALUE {'id': 'a', 'sk': ?}`, Parameters: [1]},
                                                                                   {Statement: `DELETE FROM "${TableName}" WHERE id = 'a' AND sk = 5`}]}));
        out.batch = batch.Responses.map((answer) => answer.Error?.Code ?? 'done');
        out.transaction = plain((await db.send(new ExecuteTransactionCommand({TransactStatements: [{Statement: `SELECT sk FROM "${TableName}" WHERE id = 'a' AND sk = 3`}]}))).Responses);
        console.log(JSON.stringify(out));
    """, name=make_table(range="N"))
    assert result == {
        "big": "12345678901234567890123456789012345678", "pages": [2, 2, 1], "scanned": 6, "get": [{"Item": {"sk": "2"}}, {}],
        "cancelled": ["TransactionCanceledException", "ConditionalCheckFailed", {"id": {"S": "a"}, "sk": {"N": "1"}}],
        "statement": [{"deep": ["1"]}], "batch": ["DuplicateItem", "done"], "transaction": [{"Item": {"sk": "3"}}],
    }
