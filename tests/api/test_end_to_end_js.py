"""The AWS SDK for JavaScript v3 creates, invokes and reads everything that the platform's spine has."""

import base64

from harness import sources
from harness.packages import zip_of


def test_sts_and_iam(node, unique_name):
    result = node("""
        import {STSClient, GetCallerIdentityCommand, AssumeRoleCommand} from '@aws-sdk/client-sts';
        import {IAMClient, CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand, ListRolePoliciesCommand,
                DeleteRolePolicyCommand, DeleteRoleCommand} from '@aws-sdk/client-iam';
        const iam = new IAMClient(config), sts = new STSClient(config), RoleName = args.name;
        const trust = JSON.stringify({Version: '2012-10-17', Statement: [
            {Effect: 'Allow', Principal: {AWS: '*'}, Action: 'sts:AssumeRole'}]});
        const {Role} = await iam.send(new CreateRoleCommand({RoleName, AssumeRolePolicyDocument: trust}));
        const read = await iam.send(new GetRoleCommand({RoleName}));
        await iam.send(new PutRolePolicyCommand({RoleName, PolicyName: 'p', PolicyDocument: trust}));
        const policies = (await iam.send(new ListRolePoliciesCommand({RoleName}))).PolicyNames;
        const session = await sts.send(new AssumeRoleCommand({RoleArn: Role.Arn, RoleSessionName: 'js'}));
        const {AccessKeyId, SecretAccessKey, SessionToken} = session.Credentials;
        const assumed = new STSClient({...config, credentials: {
            accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken}});
        const me = await sts.send(new GetCallerIdentityCommand({}));
        const then = await assumed.send(new GetCallerIdentityCommand({}));
        await iam.send(new DeleteRolePolicyCommand({RoleName, PolicyName: 'p'}));
        await iam.send(new DeleteRoleCommand({RoleName}));
        const gone = await iam.send(new GetRoleCommand({RoleName})).catch((error) => error.name);
        console.log(JSON.stringify({arn: Role.Arn, read: read.Role.Arn, trust: decodeURIComponent(read.Role.AssumeRolePolicyDocument) === trust,
                                    policies, account: me.Account, assumed: then.Arn, gone}));
    """, name=unique_name("role"))
    assert result["arn"] == result["read"] and result["trust"] and result["policies"] == ["p"]
    assert len(result["account"]) == 12 and result["assumed"].endswith("/js")
    assert result["gone"] in ("NoSuchEntityException", "NoSuchEntity")


def test_dynamodb(node, unique_name):
    result = node("""
        import {DynamoDBClient, CreateTableCommand, DescribeTableCommand, DeleteTableCommand, waitUntilTableExists}
            from '@aws-sdk/client-dynamodb';
        import {DynamoDBDocumentClient, PutCommand, GetCommand, UpdateCommand, QueryCommand, ScanCommand, DeleteCommand,
                BatchWriteCommand, BatchGetCommand} from '@aws-sdk/lib-dynamodb';
        const plain = new DynamoDBClient(config), db = DynamoDBDocumentClient.from(plain), TableName = args.name;
        await plain.send(new CreateTableCommand({TableName, BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: [{AttributeName: 'pk', AttributeType: 'S'}, {AttributeName: 'sk', AttributeType: 'N'}],
            KeySchema: [{AttributeName: 'pk', KeyType: 'HASH'}, {AttributeName: 'sk', KeyType: 'RANGE'}]}));
        await waitUntilTableExists({client: plain, minDelay: 1, maxWaitTime: 20}, {TableName});
        const item = {pk: 'a', sk: 1, text: 'é', list: [1, true, null, {deep: 'x'}], set: new Set(['p'])};
        await db.send(new PutCommand({TableName, Item: item}));
        const got = (await db.send(new GetCommand({TableName, Key: {pk: 'a', sk: 1}, ConsistentRead: true}))).Item;
        const updated = await db.send(new UpdateCommand({TableName, Key: {pk: 'a', sk: 1}, UpdateExpression: 'SET n = :n',
            ExpressionAttributeValues: {':n': 5}, ReturnValues: 'UPDATED_NEW'}));
        const refused = await db.send(new PutCommand({TableName, Item: {pk: 'a', sk: 1},
            ConditionExpression: 'attribute_not_exists(pk)'})).catch((error) => error.name);
        await db.send(new BatchWriteCommand({RequestItems: {[TableName]: [2, 3, 4].map((sk) => ({PutRequest: {Item: {pk: 'a', sk}}}))}}));
        const batch = (await db.send(new BatchGetCommand({RequestItems: {[TableName]: {Keys: [{pk: 'a', sk: 3}]}}}))).Responses[TableName];
        const query = (await db.send(new QueryCommand({TableName, KeyConditionExpression: 'pk = :p AND sk > :s',
            ExpressionAttributeValues: {':p': 'a', ':s': 1}}))).Items.map((row) => row.sk);
        await db.send(new DeleteCommand({TableName, Key: {pk: 'a', sk: 4}}));
        const count = (await db.send(new ScanCommand({TableName}))).Count;
        const status = (await plain.send(new DescribeTableCommand({TableName}))).Table.TableStatus;
        await plain.send(new DeleteTableCommand({TableName}));
        console.log(JSON.stringify({got: {...got, set: [...got.set]}, updated: updated.Attributes, refused, batch, query, count, status}));
    """, name=unique_name("table"))
    assert result["got"] == {"pk": "a", "sk": 1, "text": "é", "list": [1, True, None, {"deep": "x"}], "set": ["p"]}
    assert result["updated"] == {"n": 5} and result["refused"] == "ConditionalCheckFailedException"
    assert result["batch"] == [{"pk": "a", "sk": 3}] and result["query"] == [2, 3, 4]
    assert result["count"] == 3 and result["status"] == "ACTIVE"


LAMBDA = """
    import {LambdaClient, CreateFunctionCommand, GetFunctionCommand, GetFunctionConfigurationCommand, InvokeCommand,
            UpdateFunctionConfigurationCommand, PublishVersionCommand, CreateAliasCommand, ListFunctionsCommand,
            AddPermissionCommand, GetPolicyCommand, TagResourceCommand, ListTagsCommand, DeleteFunctionCommand,
            waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2} from '@aws-sdk/client-lambda';
    import {CloudWatchLogsClient, DescribeLogGroupsCommand, DescribeLogStreamsCommand, GetLogEventsCommand,
            FilterLogEventsCommand} from '@aws-sdk/client-cloudwatch-logs';
    const lambda = new LambdaClient(config), logs = new CloudWatchLogsClient(config), FunctionName = args.name;
    const decode = (bytes) => JSON.parse(Buffer.from(bytes).toString());
"""


def test_lambda_and_logs(node, role_arn, unique_name):
    package = base64.b64encode(zip_of({"app.mjs": sources.ECHO_JS})).decode()
    result = node(LAMBDA + """
        const out = {};
        const made = await lambda.send(new CreateFunctionCommand({FunctionName, Runtime: 'nodejs20.x', Handler: 'app.handler',
            Role: args.role, Code: {ZipFile: Buffer.from(args.package, 'base64')}, Environment: {Variables: {COLOUR: 'red'}}}));
        try {
          await waitUntilFunctionActiveV2({client: lambda, minDelay: 1, maxWaitTime: 30}, {FunctionName});
          const answer = await lambda.send(new InvokeCommand({FunctionName, Payload: JSON.stringify({x: 1}), LogType: 'Tail'}));
          out.payload = decode(answer.Payload);
          out.tail = Buffer.from(answer.LogResult, 'base64').toString();
          out.event = (await lambda.send(new InvokeCommand({FunctionName, InvocationType: 'Event'}))).StatusCode;
          await lambda.send(new UpdateFunctionConfigurationCommand({FunctionName, Timeout: 11}));
          await waitUntilFunctionUpdatedV2({client: lambda, minDelay: 1, maxWaitTime: 30}, {FunctionName});
          out.timeout = (await lambda.send(new GetFunctionConfigurationCommand({FunctionName}))).Timeout;
          const version = (await lambda.send(new PublishVersionCommand({FunctionName}))).Version;
          await lambda.send(new CreateAliasCommand({FunctionName, Name: 'live', FunctionVersion: version}));
          out.alias = decode((await lambda.send(new InvokeCommand({FunctionName, Qualifier: 'live', Payload: '"v"'}))).Payload);
          await lambda.send(new AddPermissionCommand({FunctionName, StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com'}));
          out.policy = JSON.parse((await lambda.send(new GetPolicyCommand({FunctionName}))).Policy).Statement.length;
          await lambda.send(new TagResourceCommand({Resource: made.FunctionArn, Tags: {a: 'b'}}));
          out.tags = (await lambda.send(new ListTagsCommand({Resource: made.FunctionArn}))).Tags;
          out.listed = (await lambda.send(new ListFunctionsCommand({}))).Functions.some((f) => f.FunctionName === FunctionName);
          const logGroupName = '/aws/lambda/' + FunctionName;
          out.groups = (await logs.send(new DescribeLogGroupsCommand({logGroupNamePrefix: logGroupName}))).logGroups.length;
          const {logStreams} = await logs.send(new DescribeLogStreamsCommand({logGroupName}));
          out.lines = [];  // of every environment; one that was started ahead and had no event yet has a stream without START
          for (const {logStreamName} of logStreams) {
            const {events} = await logs.send(new GetLogEventsCommand({logGroupName, logStreamName, startFromHead: true}));
            out.lines.push(...events.map((event) => event.message));
          }
          out.found = (await logs.send(new FilterLogEventsCommand({logGroupName, filterPattern: 'REPORT'}))).events.length;
        } finally {
          await lambda.send(new DeleteFunctionCommand({FunctionName}));
        }
        out.gone = await lambda.send(new GetFunctionCommand({FunctionName})).catch((error) => error.name);
        console.log(JSON.stringify(out));
    """, name=unique_name("fn"), role=role_arn, package=package)
    assert result["payload"] == {"x": 1} and "echo" in result["tail"]
    assert (result["event"], result["timeout"], result["alias"], result["policy"]) == (202, 11, "v", 1)
    assert result["tags"] == {"a": "b"} and result["listed"] and result["groups"] == 1 and result["found"] >= 1
    assert any(line.startswith("START RequestId: ") for line in result["lines"])
    assert result["gone"] == "ResourceNotFoundException"


def test_api_gateway(node, http, deploy_function, client, unique_name):
    function = deploy_function(sources.HTTP_ECHO)
    arn = client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    made = node("""
        import {ApiGatewayV2Client, CreateApiCommand, GetApiCommand, CreateIntegrationCommand, CreateRouteCommand, GetRoutesCommand,
                CreateStageCommand, GetStageCommand} from '@aws-sdk/client-apigatewayv2';
        import {LambdaClient, AddPermissionCommand} from '@aws-sdk/client-lambda';
        const gateway = new ApiGatewayV2Client(config), lambda = new LambdaClient(config);
        const {ApiId} = await gateway.send(new CreateApiCommand({Name: args.name, ProtocolType: 'HTTP'}));
        const {IntegrationId} = await gateway.send(new CreateIntegrationCommand({ApiId, IntegrationType: 'AWS_PROXY',
            IntegrationUri: args.arn, PayloadFormatVersion: '1.0'}));
        await gateway.send(new CreateRouteCommand({ApiId, RouteKey: 'ANY /{proxy+}', Target: 'integrations/' + IntegrationId}));
        await gateway.send(new CreateStageCommand({ApiId, StageName: '$default', AutoDeploy: true}));
        await lambda.send(new AddPermissionCommand({FunctionName: args.arn, StatementId: 'api', Action: 'lambda:InvokeFunction',
            Principal: 'apigateway.amazonaws.com'}));
        const {ApiEndpoint} = await gateway.send(new GetApiCommand({ApiId}));
        const routes = (await gateway.send(new GetRoutesCommand({ApiId}))).Items.map((route) => route.RouteKey);
        const stage = await gateway.send(new GetStageCommand({ApiId, StageName: '$default'}));
        console.log(JSON.stringify({ApiId, ApiEndpoint, routes, deployed: Boolean(stage.DeploymentId), date: stage.CreatedDate}));
    """, name=unique_name("api"), arn=arn)
    try:
        assert made["routes"] == ["ANY /{proxy+}"] and made["deployed"] and made["date"].endswith("Z")
        event = http("PUT", f"{made['ApiEndpoint']}/a/b?q=1&q=2", "x", {"Content-Type": "text/plain"}).json()
        assert (event["version"], event["httpMethod"], event["path"], event["body"]) == ("1.0", "PUT", "/a/b", "x")
        assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    finally:
        gone = node("""
            import {ApiGatewayV2Client, DeleteApiCommand, GetApiCommand} from '@aws-sdk/client-apigatewayv2';
            const gateway = new ApiGatewayV2Client(config);
            await gateway.send(new DeleteApiCommand({ApiId: args.id}));
            console.log(JSON.stringify(await gateway.send(new GetApiCommand({ApiId: args.id})).catch((error) => error.name)));
        """, id=made["ApiId"])
    assert gone == "NotFoundException"


def test_streamed_answers_and_metrics(node, role_arn, unique_name):
    source = """
      export const handler = awslambda.streamifyResponse(async (event, stream) => {
        for (const part of event) stream.write(part);
        stream.end();
      });
    """
    result = node(LAMBDA.replace("InvokeCommand,", "InvokeCommand, InvokeWithResponseStreamCommand,") + """
        import {CloudWatchClient, GetMetricDataCommand, GetMetricStatisticsCommand, ListMetricsCommand, PutMetricDataCommand} from '@aws-sdk/client-cloudwatch';
        const metrics = new CloudWatchClient(config), out = {};
        await lambda.send(new CreateFunctionCommand({FunctionName, Runtime: 'nodejs20.x', Handler: 'app.handler',
            Role: args.role, Code: {ZipFile: Buffer.from(args.package, 'base64')}}));
        try {
          await waitUntilFunctionActiveV2({client: lambda, minDelay: 1, maxWaitTime: 30}, {FunctionName});
          const answer = await lambda.send(new InvokeWithResponseStreamCommand({FunctionName, Payload: '["one ", "two"]'}));
          let text = '', last;
          for await (const event of answer.EventStream) {
            if (event.PayloadChunk) text += Buffer.from(event.PayloadChunk.Payload).toString();
            last = event;
          }
          out.text = text;
          out.complete = 'InvokeComplete' in last && last.InvokeComplete.ErrorCode === undefined;
        } finally {
          await lambda.send(new DeleteFunctionCommand({FunctionName}));
        }
        const Namespace = args.name, now = Date.now(), range = {StartTime: new Date(now - 3600e3), EndTime: new Date(now + 3600e3)};
        await metrics.send(new PutMetricDataCommand({Namespace, MetricData: [{MetricName: 'Orders', Value: 3, Unit: 'Count'}]}));
        out.listed = (await metrics.send(new ListMetricsCommand({Namespace}))).Metrics.map((metric) => metric.MetricName);
        const read = await metrics.send(new GetMetricDataCommand({...range, MetricDataQueries: [
            {Id: 'orders', MetricStat: {Metric: {Namespace, MetricName: 'Orders'}, Period: 60, Stat: 'Sum'}}]}));
        out.values = read.MetricDataResults[0].Values;
        const points = await metrics.send(new GetMetricStatisticsCommand({...range, Namespace, MetricName: 'Orders', Period: 60, Statistics: ['Maximum']}));
        out.maximum = points.Datapoints.map((point) => point.Maximum);
        console.log(JSON.stringify(out));
    """, name=unique_name("fn"), role=role_arn, package=base64.b64encode(zip_of({"app.mjs": source})).decode())
    assert result == {"text": "one two", "complete": True, "listed": ["Orders"], "values": [3], "maximum": [3]}
