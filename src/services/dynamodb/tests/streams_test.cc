// DynamoDB Streams through the pipeline: what a change says, shards, iterators, what time does.
#include "services/dynamodb/operations/streams.h"

#include <gmock/gmock.h>

#include <chrono>
#include <set>

#include "services/dynamodb/tests/world.h"
#include "store/keyspaces.h"

namespace mayfly::dynamodb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

std::string text(const wire::Document& document, std::string_view member) {
  const wire::Document* found = document.find(member);
  return found == nullptr ? "" : *found->as_string();
}

class Streams : public testing::Test {
 protected:
  // A table of one shard, or of as many as the writes take.
  void make_table(std::string_view view, int writes = 5) {
    world.must(
        "CreateTable",
        R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
        R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],)"
        R"("ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":)" +
            std::to_string(writes) +
            R"(},"StreamSpecification":{"StreamEnabled":true,"StreamViewType":")" +
            std::string(view) + R"("}})");
    arn = latest_arn();
  }
  std::string latest_arn() {
    return text(*world.must("DescribeTable", R"({"TableName":"T-1"})").body.find("Table"),
                "LatestStreamArn");
  }
  wire::Document describe(std::string more = "") {
    const Reply reply =
        world.stream("DescribeStream", R"({"StreamArn":")" + arn + "\"" + more + "}");
    EXPECT_EQ(reply.error(), "");
    return *reply.body.find("StreamDescription");
  }
  std::vector<wire::Document> shards(std::string more = "") {
    return *describe(std::move(more)).find("Shards")->as_list();
  }
  std::string iterator(const std::string& shard, std::string type, std::string more = "") {
    const Reply reply = world.stream("GetShardIterator",
                                     R"({"StreamArn":")" + arn + R"(","ShardId":")" + shard +
                                         R"(","ShardIteratorType":")" + type + "\"" + more + "}");
    return reply.status == 200 ? text(reply.body, "ShardIterator") : reply.error();
  }
  Reply records(const std::string& iterator, int limit = 1000) {
    return world.stream("GetRecords", R"({"ShardIterator":")" + iterator + R"(","Limit":)" +
                                          std::to_string(limit) + "}");
  }
  // All records of all shards, each shard to its end.
  std::vector<wire::Document> all() {
    std::vector<wire::Document> out;
    for (const wire::Document& shard : shards()) {
      std::string at = iterator(text(shard, "ShardId"), "TRIM_HORIZON");
      for (;;) {
        const Reply page = records(at);
        EXPECT_EQ(page.error(), "");
        const auto& list = *page.body.find("Records")->as_list();
        out.insert(out.end(), list.begin(), list.end());
        at = text(page.body, "NextShardIterator");
        if (list.empty() || at.empty()) break;
      }
    }
    return out;
  }
  std::vector<std::string> events() {
    std::vector<std::string> out;
    for (const wire::Document& record : all()) {
      const wire::Document& change = *record.find("dynamodb");
      const auto image = [&](std::string_view name) {
        const wire::Document* found = change.find(name);
        return found == nullptr ? "-" : wire::to_json(*found);
      };
      out.push_back(text(record, "eventName") + " " + image("Keys") + " " + image("OldImage") +
                    " " + image("NewImage"));
    }
    return out;
  }
  void update(std::string id, int n) {
    world.must("UpdateItem", R"({"TableName":"T-1","Key":{"id":{"S":")" + id +
                                 R"("}},"UpdateExpression":"SET n = :n",)"
                                 R"("ExpressionAttributeValues":{":n":{"N":")" +
                                 std::to_string(n) + R"("}}})");
  }
  void remove(std::string id) {
    world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":")" + id + R"("}}})");
  }
  void keep_up() { ASSERT_TRUE(base::sync_wait(keep_up_streams(world.service)).has_value()); }

  World world;
  std::string arn;
};

// The sizes are those of the sample in the Developer Guide.
TEST_F(Streams, ARecordSaysWhatChanged) {
  world.must(
      "CreateTable",
      R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"Id","AttributeType":"N"}],)"
      R"("KeySchema":[{"AttributeName":"Id","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},)"
      R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})");
  arn = latest_arn();
  world.put(R"({"Id":{"N":"101"},"Message":{"S":"New item!"}})");
  world.put(R"({"Id":{"N":"101"},"Message":{"S":"This item has changed"}})");
  world.must("DeleteItem", R"({"TableName":"T-1","Key":{"Id":{"N":"101"}}})");
  const auto found = all();
  ASSERT_EQ(found.size(), 3U);
  std::set<std::string> ids;
  std::string before;
  std::vector<std::int64_t> sizes;
  for (const wire::Document& record : found) {
    EXPECT_EQ(text(record, "eventVersion"), "1.1");
    EXPECT_EQ(text(record, "eventSource"), "aws:dynamodb");
    EXPECT_EQ(text(record, "awsRegion"), "us-east-1");
    EXPECT_EQ(record.find("userIdentity"), nullptr);
    EXPECT_EQ(text(record, "eventID").size(), 32U);
    ids.insert(text(record, "eventID"));
    const wire::Document& change = *record.find("dynamodb");
    EXPECT_EQ(wire::to_json(*change.find("Keys")), R"({"Id":{"N":"101"}})");
    EXPECT_EQ(text(change, "StreamViewType"), "NEW_AND_OLD_IMAGES");
    EXPECT_EQ(change.find("ApproximateCreationDateTime")->as_double(), 1'750'000'000);
    EXPECT_GT(text(change, "SequenceNumber"), before);
    before = text(change, "SequenceNumber");
    sizes.push_back(*change.find("SizeBytes")->as_int());
  }
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_THAT(sizes, ElementsAre(26, 59, 38));
  EXPECT_EQ(text(found[0], "eventName"), "INSERT");
  EXPECT_EQ(text(found[1], "eventName"), "MODIFY");
  EXPECT_EQ(text(found[2], "eventName"), "REMOVE");
}

TEST_F(Streams, TheViewDecidesOnTheImages) {
  const auto run = [this](std::string_view view) {
    make_table(view);
    update("a", 1);
    update("a", 2);
    remove("a");
    auto out = events();
    world.must("DeleteTable", R"({"TableName":"T-1"})");
    return out;
  };
  const std::string k = R"({"id":{"S":"a"}})";
  const std::string one = R"({"id":{"S":"a"},"n":{"N":"1"}})";
  const std::string two = R"({"id":{"S":"a"},"n":{"N":"2"}})";
  EXPECT_THAT(run("KEYS_ONLY"),
              ElementsAre("INSERT " + k + " - -", "MODIFY " + k + " - -", "REMOVE " + k + " - -"));
  EXPECT_THAT(run("NEW_IMAGE"), ElementsAre("INSERT " + k + " - " + one,
                                            "MODIFY " + k + " - " + two, "REMOVE " + k + " - -"));
  EXPECT_THAT(run("OLD_IMAGE"),
              ElementsAre("INSERT " + k + " - -", "MODIFY " + k + " " + one + " -",
                          "REMOVE " + k + " " + two + " -"));
  EXPECT_THAT(run("NEW_AND_OLD_IMAGES"),
              ElementsAre("INSERT " + k + " - " + one, "MODIFY " + k + " " + one + " " + two,
                          "REMOVE " + k + " " + two + " -"));
}

TEST_F(Streams, WhatChangesNothingIsNotThere) {
  make_table("KEYS_ONLY");
  remove("a");
  world.put(R"({"id":{"S":"a"},"n":{"N":"1"}})");
  world.put(R"({"n":{"N":"1.0"},"id":{"S":"a"}})");
  update("a", 1);
  EXPECT_THAT(
      world.error(
          "PutItem",
          R"j({"TableName":"T-1","Item":{"id":{"S":"a"}},"ConditionExpression":"attribute_not_exists(id)"})j"),
      StartsWith("ConditionalCheckFailed"));
  world.send(
      "TransactWriteItems",
      R"j({"TransactItems":[{"Put":{"TableName":"T-1","Item":{"id":{"S":"b"}}}},{"ConditionCheck":{"TableName":"T-1","Key":{"id":{"S":"c"}},"ConditionExpression":"attribute_exists(id)"}}]})j");
  EXPECT_THAT(events(), ElementsAre(R"(INSERT {"id":{"S":"a"}} - -)"));
}

// However an item is written, its record is there, in the order of the request within a commit.
TEST_F(Streams, EveryWayOfWritingIsRecorded) {
  make_table("KEYS_ONLY");
  world.must(
      "BatchWriteItem",
      R"({"RequestItems":{"T-1":[{"PutRequest":{"Item":{"id":{"S":"b1"}}}},{"PutRequest":{"Item":{"id":{"S":"b2"}}}}]}})");
  world.must(
      "TransactWriteItems",
      R"({"TransactItems":[{"Put":{"TableName":"T-1","Item":{"id":{"S":"t1"}}}},{"Delete":{"TableName":"T-1","Key":{"id":{"S":"b1"}}}},{"Update":{"TableName":"T-1","Key":{"id":{"S":"b2"}},"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}]})");
  world.must("ExecuteStatement", R"({"Statement":"INSERT INTO \"T-1\" VALUE {'id':'p'}"})");
  world.must("ExecuteStatement", R"({"Statement":"DELETE FROM \"T-1\" WHERE id = 'p'"})");
  std::vector<std::string> expected;
  for (const auto& [kind, id] : std::vector<std::pair<std::string, std::string>>{{"INSERT", "b1"},
                                                                                 {"INSERT", "b2"},
                                                                                 {"INSERT", "t1"},
                                                                                 {"REMOVE", "b1"},
                                                                                 {"MODIFY", "b2"},
                                                                                 {"INSERT", "p"},
                                                                                 {"REMOVE", "p"}}) {
    expected.push_back(kind + R"( {"id":{"S":")" + id + R"("}} - -)");
  }
  EXPECT_EQ(events(), expected);
}

TEST_F(Streams, AreEnabledAndDisabledByUpdateTable) {
  world.make_table();
  const auto update_table = [this](std::string_view specification) {
    return world.error("UpdateTable", R"({"TableName":"T-1","StreamSpecification":)" +
                                          std::string(specification) + "}");
  };
  EXPECT_EQ(world.must("DescribeTable", R"({"TableName":"T-1"})")
                .body.find("Table")
                ->find("LatestStreamArn"),
            nullptr);
  EXPECT_EQ(update_table(R"({"StreamEnabled":false})"),
            "ValidationException: Table has no stream to disable: TableName: T-1");
  EXPECT_THAT(update_table(R"({"StreamEnabled":true})"), HasSubstr("UpdateViewType must be"));
  EXPECT_THAT(update_table(R"({"StreamEnabled":true,"StreamViewType":"ALL"})"),
              HasSubstr("enum value set"));
  EXPECT_EQ(update_table(R"({"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})"), "");
  EXPECT_EQ(update_table(R"({"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"})"),
            "ValidationException: Table already has an enabled stream: TableName: T-1");
  EXPECT_EQ(update_table(R"({"StreamEnabled":false,"StreamViewType":"NEW_IMAGE"})"),
            "ValidationException: One or more parameter values were invalid: If stream is being "
            "disabled, then UpdateViewType must not be specified");
  const Reply described = world.must("DescribeTable", R"({"TableName":"T-1"})");
  const wire::Document& table = *described.body.find("Table");
  EXPECT_EQ(wire::to_json(*table.find("StreamSpecification")),
            R"({"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})");
  EXPECT_EQ(text(table, "LatestStreamLabel"), "2025-06-15T15:06:40.000");
  EXPECT_EQ(text(table, "LatestStreamArn"),
            "arn:aws:dynamodb:us-east-1:000000000000:table/T-1/stream/2025-06-15T15:06:40.000");

  // A disabled stream stays readable; a new one in the same millisecond is another.
  arn = latest_arn();
  update("a", 1);
  EXPECT_EQ(update_table(R"({"StreamEnabled":false})"), "");
  update("a", 2);
  EXPECT_EQ(text(describe(), "StreamStatus"), "DISABLED");
  EXPECT_EQ(latest_arn(), arn);
  EXPECT_EQ(events().size(), 1U);
  EXPECT_EQ(update_table(R"({"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"})"), "");
  update("a", 3);
  EXPECT_EQ(events().size(), 1U);
  arn = latest_arn();
  EXPECT_THAT(arn, testing::EndsWith(".001"));
  EXPECT_EQ(text(describe(), "StreamStatus"), "ENABLED");
  EXPECT_THAT(events(), ElementsAre(R"(MODIFY {"id":{"S":"a"}} - -)"));
}

TEST_F(Streams, CreateTableChecksTheSpecification) {
  const auto create = [this](std::string_view specification) {
    return world.error(
        "CreateTable",
        R"({"TableName":"T-1","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"StreamSpecification":)" +
            std::string(specification) + "}");
  };
  EXPECT_EQ(create(R"({"StreamEnabled":false,"StreamViewType":"NEW_IMAGE"})"),
            "ValidationException: One or more parameter values were invalid: Table is being "
            "created with a stream disabled, UpdateViewType should not be specified");
  EXPECT_THAT(create(R"({"StreamEnabled":true})"), HasSubstr("UpdateViewType"));
  EXPECT_EQ(create(R"({"StreamEnabled":false})"), "");
  EXPECT_EQ(world.must("DescribeTable", R"({"TableName":"T-1"})")
                .body.find("Table")
                ->find("StreamSpecification"),
            nullptr);
}

TEST_F(Streams, ShardsDivideTheItems) {
  make_table("KEYS_ONLY", 4000);
  ASSERT_EQ(shards().size(), 4U);
  for (int i = 0; i < 40; ++i) update("k" + std::to_string(i), i);
  EXPECT_EQ(all().size(), 40U);
  int used = 0;
  for (const wire::Document& shard : shards()) {
    EXPECT_EQ(shard.find("ParentShardId"), nullptr);
    EXPECT_EQ(shard.find("SequenceNumberRange")->find("EndingSequenceNumber"), nullptr);
    const Reply page = records(iterator(text(shard, "ShardId"), "TRIM_HORIZON"));
    used += page.body.find("Records")->as_list()->empty() ? 0 : 1;
  }
  EXPECT_EQ(used, 4);
  // Pages of shards.
  const wire::Document first = describe(R"(,"Limit":3)");
  ASSERT_EQ(first.find("Shards")->as_list()->size(), 3U);
  const std::string last = text(first, "LastEvaluatedShardId");
  const wire::Document second = describe(R"(,"ExclusiveStartShardId":")" + last + "\"");
  EXPECT_EQ(second.find("Shards")->as_list()->size(), 1U);
  EXPECT_EQ(second.find("LastEvaluatedShardId"), nullptr);
}

TEST_F(Streams, IteratorsBeginWhereTheySay) {
  make_table("KEYS_ONLY");
  const std::string shard = text(shards()[0], "ShardId");
  const std::string early = iterator(shard, "LATEST");
  for (int i = 0; i < 5; ++i) update("a", i);
  const std::string late = iterator(shard, "LATEST");
  const auto written = all();
  const auto number = [&](std::size_t i) {
    return text(*written[i].find("dynamodb"), "SequenceNumber");
  };
  const auto count = [&](const std::string& at) {
    return records(at).body.find("Records")->as_list()->size();
  };
  const auto at = [](const std::string& number) {
    return R"(,"SequenceNumber":")" + number + "\"";
  };
  EXPECT_EQ(count(early), 5U);
  EXPECT_EQ(count(late), 0U);
  EXPECT_EQ(count(iterator(shard, "AT_SEQUENCE_NUMBER", at(number(2)))), 3U);
  EXPECT_EQ(count(iterator(shard, "AFTER_SEQUENCE_NUMBER", at(number(2)))), 2U);
  const std::string starting =
      text(*shards()[0].find("SequenceNumberRange"), "StartingSequenceNumber");
  EXPECT_EQ(count(iterator(shard, "AT_SEQUENCE_NUMBER", at(starting))), 5U);
  update("a", 9);
  EXPECT_EQ(count(late), 1U);

  // Pages of records.
  const Reply page = records(iterator(shard, "TRIM_HORIZON"), 4);
  EXPECT_EQ(page.body.find("Records")->as_list()->size(), 4U);
  EXPECT_EQ(count(text(page.body, "NextShardIterator")), 2U);

  // What cannot be.
  EXPECT_THAT(iterator(shard, "AT_SEQUENCE_NUMBER"), HasSubstr("SequenceNumber must be specified"));
  EXPECT_THAT(iterator(shard, "AT_SEQUENCE_NUMBER", at(std::string(26, '9'))),
              StartsWith("ValidationException: Invalid SequenceNumber"));
  EXPECT_THAT(iterator(shard, "AT_SEQUENCE_NUMBER", at("100000000000000000000")),
              StartsWith("ValidationException: Invalid SequenceNumber"));
  EXPECT_THAT(iterator("shardId-00000001750000000000-000000ff", "LATEST"),
              StartsWith("ResourceNotFoundException: Requested resource not found: Shard"));
  EXPECT_EQ(records("nonsense").error(), "ValidationException: Invalid ShardIterator");
  EXPECT_EQ(records(arn + "|1|AAAA").error(), "ValidationException: Invalid ShardIterator");
  EXPECT_THAT(records(late, 1001).error(), HasSubstr("less than or equal to 1000"));
  world.clock.advance(15min);
  EXPECT_EQ(count(late), 1U);
  world.clock.advance(1ms);
  EXPECT_EQ(records(late).error(), "ExpiredIteratorException: Shard iterator has expired");
}

TEST_F(Streams, AClosedShardEnds) {
  make_table("KEYS_ONLY");
  update("a", 1);
  const std::string shard = text(shards()[0], "ShardId");
  const std::string at = iterator(shard, "TRIM_HORIZON");
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  const Reply first = records(at, 1);
  EXPECT_EQ(first.body.find("Records")->as_list()->size(), 1U);
  const Reply second = records(text(first.body, "NextShardIterator"));
  EXPECT_EQ(second.body.find("Records")->as_list()->size(), 0U);
  EXPECT_EQ(second.body.find("NextShardIterator"), nullptr);
  EXPECT_EQ(records(at).body.find("NextShardIterator"), nullptr);
  const wire::Document range = *shards()[0].find("SequenceNumberRange");
  EXPECT_LT(text(range, "StartingSequenceNumber"), text(range, "EndingSequenceNumber"));
  EXPECT_EQ(records(iterator(shard, "LATEST")).body.find("NextShardIterator"), nullptr);
}

TEST_F(Streams, AreListed) {
  make_table("KEYS_ONLY");
  for (int i = 0; i < 2; ++i) {
    world.must("UpdateTable",
               R"({"TableName":"T-1","StreamSpecification":{"StreamEnabled":false}})");
    world.must(
        "UpdateTable",
        R"({"TableName":"T-1","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}})");
  }
  const auto count = [](const Reply& reply) {
    return reply.body.find("Streams")->as_list()->size();
  };
  EXPECT_EQ(count(world.stream("ListStreams", "{}")), 3U);
  EXPECT_EQ(count(world.stream("ListStreams", R"({"TableName":"T-1"})")), 3U);
  EXPECT_EQ(count(world.stream("ListStreams", R"({"TableName":"T-12"})")), 0U);
  const Reply page = world.stream("ListStreams", R"({"Limit":2})");
  EXPECT_EQ(count(page), 2U);
  const std::string after = text(page.body, "LastEvaluatedStreamArn");
  const Reply rest = world.stream("ListStreams", R"({"ExclusiveStartStreamArn":")" + after + "\"}");
  ASSERT_EQ(count(rest), 1U);
  const wire::Document& entry = rest.body.find("Streams")->as_list()->front();
  EXPECT_EQ(text(entry, "StreamArn"), latest_arn());
  EXPECT_EQ(text(entry, "TableName"), "T-1");
  EXPECT_EQ(rest.body.find("LastEvaluatedStreamArn"), nullptr);
  EXPECT_THAT(world.stream("DescribeStream", R"({"StreamArn":")" + arn + "1\"}").error(),
              StartsWith("ResourceNotFoundException: Requested resource not found: Stream: arn:"));
  EXPECT_THAT(world
                  .stream("DescribeStream",
                          R"({"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/T-1"})")
                  .error(),
              StartsWith("ValidationException: Invalid StreamArn"));
}

TEST_F(Streams, ShardsAreRolledWhenTheyAreOldAndUsed) {
  make_table("KEYS_ONLY");
  world.clock.advance(4h + 1s);
  keep_up();
  EXPECT_EQ(shards().size(), 1U);
  for (int i = 0; i < 20; ++i) update("k" + std::to_string(i), 1);
  // More throughput: the child generation has more shards, each of one parent.
  world.must(
      "UpdateTable",
      R"({"TableName":"T-1","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":2000}})");
  keep_up();
  keep_up();
  const auto rolled = shards();
  ASSERT_EQ(rolled.size(), 3U);
  const std::string parent = text(rolled[0], "ShardId");
  EXPECT_NE(rolled[0].find("SequenceNumberRange")->find("EndingSequenceNumber"), nullptr);
  EXPECT_EQ(text(rolled[1], "ParentShardId"), parent);
  EXPECT_EQ(text(rolled[2], "ParentShardId"), parent);
  EXPECT_EQ(shards(R"(,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":")" + parent + "\"}").size(),
            2U);
  for (int i = 0; i < 20; ++i) update("k" + std::to_string(i), 2);
  EXPECT_EQ(records(iterator(parent, "TRIM_HORIZON")).body.find("Records")->as_list()->size(), 20U);
  const auto found = all();
  ASSERT_EQ(found.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i)
    EXPECT_EQ(text(found[i], "eventName"), i < 20 ? "INSERT" : "MODIFY");
}

TEST_F(Streams, RecordsAreTrimmedAfterADay) {
  make_table("KEYS_ONLY");
  const std::string shard = text(shards()[0], "ShardId");
  for (int hour = 0; hour < 3; ++hour) {
    for (int i = 0; i < 3; ++i) update("a", hour * 3 + i);
    world.clock.advance(1h);
  }
  const std::string first = text(*all()[0].find("dynamodb"), "SequenceNumber");
  const std::string second_hour = text(*all()[3].find("dynamodb"), "SequenceNumber");
  world.clock.advance(21h + 1s);
  const std::string at = R"(,"SequenceNumber":")";
  const std::string old = iterator(shard, "AT_SEQUENCE_NUMBER", at + first + "\"");
  keep_up();
  EXPECT_EQ(all().size(), 6U);
  EXPECT_EQ(records(old).error(),
            "TrimmedDataAccessException: The data you are trying to access has been trimmed");
  EXPECT_THAT(iterator(shard, "AT_SEQUENCE_NUMBER", at + first + "\""),
              StartsWith("TrimmedDataAccessException"));
  EXPECT_THAT(iterator(shard, "AT_SEQUENCE_NUMBER", at + second_hour + "\""), StartsWith("arn:"));
  keep_up();
  EXPECT_EQ(all().size(), 6U);
  // Later the whole old shard goes.
  update("a", 100);
  world.clock.advance(25h);
  keep_up();
  ASSERT_EQ(all().size(), 0U);
  EXPECT_THAT(iterator(shard, "LATEST"), StartsWith("ResourceNotFoundException"));
  EXPECT_EQ(shards().size(), 1U);
}

TEST_F(Streams, ADisabledStreamGoesADayLater) {
  make_table("KEYS_ONLY");
  update("a", 1);
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  world.clock.advance(24h);
  keep_up();
  EXPECT_EQ(text(describe(), "StreamStatus"), "DISABLED");
  world.clock.advance(1ms);
  keep_up();
  EXPECT_EQ(world.stream("ListStreams", "{}").json("Streams"), "[]");
  const std::string all = store::key_in(store::KeySpace::dynamodb_stream).done();
  auto rows = base::sync_wait(world.store.begin()->range(store::prefix_query(all)));
  EXPECT_EQ(rows->rows.size(), 0U);
}

// What an event source mapping builds on.
TEST_F(Streams, AWatchRingsForRecordsAndForTheEnd) {
  make_table("KEYS_ONLY");
  const auto transaction = world.store.begin();
  const base::Scope scope;
  auto name = stream_name_of(scope, arn);
  auto stream = base::sync_wait(open_stream(*transaction, scope, *name));
  ASSERT_TRUE(stream.has_value());
  auto watch = watch_shard(world.service, scope, stream->stream(), 0);
  EXPECT_FALSE(watch.is_set());
  update("a", 1);
  EXPECT_TRUE(watch.is_set());
  watch = watch_shard(world.service, scope, stream->stream(), 0);
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  EXPECT_TRUE(watch.is_set());
  auto page = base::sync_wait(
      read_shard(*world.store.begin(), scope, stream->stream(), 0, StreamPosition{}, 100));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->records.size(), 1U);
  EXPECT_TRUE(page->closed);
}

TEST(StreamFormat, PositionsOrderAsTheirTexts) {
  const std::vector<StreamPosition> positions{{0, 0},  {0, 1},          {9, 65535},
                                              {10, 0}, {1ULL << 63, 7}, {~0ULL, 65535}};
  for (std::size_t i = 0; i < positions.size(); ++i) {
    EXPECT_EQ(StreamPosition::from_number(positions[i].number()), positions[i]);
    EXPECT_EQ(StreamPosition::from_bytes(positions[i].bytes()), positions[i]);
    if (i == 0) continue;
    EXPECT_LT(positions[i - 1].number(), positions[i].number());
    EXPECT_LT(positions[i - 1].bytes(), positions[i].bytes());
  }
  EXPECT_EQ((StreamPosition{1, 65535}.next()), (StreamPosition{2, 0}));
  for (const char* bad : {"", "1", "2000000000000000000100000", "10000000000000000000165536",
                          "199999999999999999999900000", "1-0000000000000000000100000"}) {
    EXPECT_EQ(StreamPosition::from_number(bad), std::nullopt) << bad;
  }
}

TEST(StreamFormat, DamagedChangesAreRefused) {
  const std::string good = write_change({.kind = ChangeKind::modify,
                                         .origin = Origin::expiry,
                                         .epoch_ms = 1'750'000'000'123,
                                         .keys = "k",
                                         .new_image = "new",
                                         .old_image = "old"});
  const auto read = read_change(good);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->origin, Origin::expiry);
  EXPECT_EQ(read->epoch_ms, 1'750'000'000'123);
  EXPECT_EQ(read->new_image, "new");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(read_change(std::string_view(good).substr(0, size)), std::nullopt) << size;
  EXPECT_EQ(read_change(good + "x"), std::nullopt);
  std::string wrong = good;
  wrong[1] = 9;
  EXPECT_EQ(read_change(wrong), std::nullopt);
}

}  // namespace
}  // namespace mayfly::dynamodb
