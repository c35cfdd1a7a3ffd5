// Time to Live through the pipeline: its states and refusals, what is deleted and what is not.
#include "services/dynamodb/operations/expiry.h"

#include <gmock/gmock.h>

#include <chrono>

#include "services/dynamodb/expiry_sweeper.h"
#include "services/dynamodb/tests/world.h"
#include "store/keyspaces.h"

namespace mayfly::dynamodb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr std::int64_t kNow = 1'750'000'000;  // where the fake clock stands at first

class Expiry : public testing::Test {
 protected:
  std::string update(std::string_view attribute, bool enabled) {
    return world.error("UpdateTimeToLive",
                       R"({"TableName":"T-1","TimeToLiveSpecification":{"AttributeName":")" +
                           std::string(attribute) + R"(","Enabled":)" +
                           (enabled ? "true" : "false") + "}}");
  }
  std::string described() {
    return world.must("DescribeTimeToLive", R"({"TableName":"T-1"})").json("TimeToLiveDescription");
  }
  void put(std::string id, std::string ttl, std::string more = "") {
    world.put(R"({"id":{"S":")" + id + R"("},"ttl":)" + ttl + more + "}");
  }
  static std::string at(std::int64_t seconds) {
    return R"({"N":")" + std::to_string(seconds) + R"("})";
  }
  std::vector<std::string> ids(std::string more = "") {
    std::vector<std::string> out;
    const Reply reply = world.must("Scan", R"({"TableName":"T-1")" + more + "}");
    for (const wire::Document& item : *reply.body.find("Items")->as_list())
      out.push_back(*item.find("id")->find("S")->as_string());
    return out;
  }
  Swept sweep() {
    auto swept = base::sync_wait(sweep_expired(world.service));
    EXPECT_TRUE(swept.has_value());
    return swept ? *swept : Swept{};
  }
  std::size_t entries() {
    const std::string all = store::key_in(store::KeySpace::dynamodb_expiry).done();
    return base::sync_wait(world.store.begin()->range(store::prefix_query(all)))->rows.size();
  }

  World world;
};

TEST_F(Expiry, IsEnabledAndDisabled) {
  EXPECT_EQ(update("ttl", true),
            "ResourceNotFoundException: Requested resource not found: Table: T-1 not found");
  world.make_table();
  EXPECT_EQ(described(), R"({"TimeToLiveStatus":"DISABLED"})");
  EXPECT_EQ(update("ttl", false), "ValidationException: TimeToLive is already disabled");
  EXPECT_EQ(update("ttl", true), "");
  EXPECT_EQ(described(), R"({"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"})");
  EXPECT_EQ(update("ttl", true), "ValidationException: TimeToLive is already enabled");
  const std::string_view other =
      "ValidationException: TimeToLive is active on a different AttributeName: current "
      "AttributeName is ttl";
  EXPECT_EQ(update("other", true), other);
  EXPECT_EQ(update("other", false), other);
  EXPECT_THAT(update("", true), HasSubstr("length greater than or equal to 1"));
  put("a", at(kNow + 10));
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(update("ttl", false), "");
  EXPECT_EQ(described(), R"({"TimeToLiveStatus":"DISABLED"})");
  EXPECT_EQ(entries(), 0U);
  EXPECT_EQ(update("other", true), "");
  world.clock.advance(11s);
  EXPECT_EQ(sweep().deleted, 0);
}

TEST_F(Expiry, DeletesWhatExpired) {
  world.make_table();
  update("ttl", true);
  put("past", at(kNow - 1));
  put("now", at(kNow));
  put("soon", at(kNow + 60));
  put("later", at(kNow + 120));
  put("never", R"({"S":"1750000000"})");
  put("old", at(kNow - 5LL * 365 * 24 * 3600 - 1));
  put("zero", at(0));
  put("negative", at(-5));
  put("fraction", R"({"N":"1750000059.9"})");
  put("huge", R"({"N":"1E+100"})");
  world.put(R"({"id":{"S":"none"}})");
  Swept swept = sweep();
  EXPECT_EQ(swept.deleted, 2);
  EXPECT_EQ(base::epoch_ms(*swept.next), (kNow + 59) * 1000);
  EXPECT_EQ(ids().size(), 9U);
  world.clock.advance(60s);
  EXPECT_EQ(sweep().deleted, 2);
  world.clock.advance(60s);
  swept = sweep();
  EXPECT_EQ(swept.deleted, 1);
  EXPECT_FALSE(swept.next);
  EXPECT_THAT(ids(), UnorderedElementsAre("never", "old", "zero", "negative", "huge", "none"));
}

// Whatever changes an item changes when it expires.
TEST_F(Expiry, FollowsTheItem) {
  world.make_table();
  update("ttl", true);
  put("longer", at(kNow + 5));
  put("removed", at(kNow + 5));
  put("unset", at(kNow + 5));
  put("shorter", at(kNow + 500));
  const auto set = [this](std::string id, std::string expression) {
    world.must("UpdateItem",
               R"({"TableName":"T-1","Key":{"id":{"S":")" + id + R"("}},"UpdateExpression":")" +
                   expression + R"(","ExpressionAttributeNames":{"#t":"ttl"})" +
                   (expression.contains(":n") ? R"(,"ExpressionAttributeValues":{":n":{"N":"250"}})"
                                              : "") +
                   "}");
  };
  set("longer", "SET #t = #t + :n");
  set("unset", "REMOVE #t");
  put("shorter", at(kNow + 5));
  world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":"removed"}}})");
  EXPECT_EQ(entries(), 2U);
  world.clock.advance(5s);
  EXPECT_EQ(sweep().deleted, 1);
  EXPECT_THAT(ids(), UnorderedElementsAre("longer", "unset"));
}

TEST_F(Expiry, TakesIndexEntriesAndSaysSoInTheStream) {
  world.make_table(
      "",
      R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],)"
      R"("GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],)"
      R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"OLD_IMAGE"})");
  update("ttl", true);
  put("a", at(kNow + 1), R"(,"g":{"S":"x"})");
  EXPECT_THAT(ids(R"(,"IndexName":"by-g")"), ElementsAre("a"));
  world.clock.advance(2s);
  EXPECT_EQ(sweep().deleted, 1);
  EXPECT_THAT(ids(R"(,"IndexName":"by-g")"), ElementsAre());

  const std::string arn = *world.must("DescribeTable", R"({"TableName":"T-1"})")
                               .body.find("Table")
                               ->find("LatestStreamArn")
                               ->as_string();
  const Reply stream = world.stream("DescribeStream", R"({"StreamArn":")" + arn + "\"}");
  std::vector<std::string> identities;
  for (const wire::Document& shard :
       *stream.body.find("StreamDescription")->find("Shards")->as_list()) {
    const std::string iterator =
        *world
             .stream("GetShardIterator", R"({"StreamArn":")" + arn + R"(","ShardId":")" +
                                             *shard.find("ShardId")->as_string() +
                                             R"(","ShardIteratorType":"TRIM_HORIZON"})")
             .body.find("ShardIterator")
             ->as_string();
    const Reply page = world.stream("GetRecords", R"({"ShardIterator":")" + iterator + "\"}");
    for (const wire::Document& record : *page.body.find("Records")->as_list()) {
      const wire::Document* identity = record.find("userIdentity");
      identities.push_back(*record.find("eventName")->as_string() + " " +
                           (identity == nullptr ? "-" : wire::to_json(*identity)));
    }
  }
  EXPECT_THAT(identities,
              ElementsAre("INSERT -",
                          R"(REMOVE {"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})"));
}

// Enabling fills the index from the items that are there, in more than one step.
TEST_F(Expiry, CoversItemsThatWereThere) {
  world.make_table();
  for (int i = 0; i < 450; ++i) put("k" + std::to_string(i), at(kNow + 1 + i));
  EXPECT_EQ(entries(), 0U);
  update("ttl", true);
  EXPECT_EQ(entries(), 450U);
  EXPECT_EQ(described(), R"({"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"})");
  world.clock.advance(100s);
  EXPECT_EQ(sweep().deleted, 100);
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  EXPECT_EQ(entries(), 0U);
}

TEST_F(Expiry, OneFailingTableDoesNotHoldUpOthers) {
  world.make_table();
  update("ttl", true);
  put("a", at(kNow + 1));
  // A row that cannot be read.
  const std::string items = store::key_in(store::KeySpace::dynamodb_items).done();
  auto damage = world.store.begin();
  auto rows = base::sync_wait(damage->range(store::prefix_query(items)));
  damage->put(rows->rows.front().key, "x");
  ASSERT_TRUE(base::sync_wait(world.store.commit(std::move(damage))).has_value());
  for (const char* name : {"T-2", "T-3"}) {
    const std::string table = R"({"TableName":")" + std::string(name) + "\"";
    world.must(
        "CreateTable",
        table +
            R"(,"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
    world.must("UpdateTimeToLive",
               table + R"(,"TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}})");
    world.must("PutItem", table + R"(,"Item":{"id":{"S":"a"},"ttl":)" + at(kNow + 1) + "}}");
  }
  world.clock.advance(2s);
  EXPECT_EQ(sweep().deleted, 2);
}

TEST_F(Expiry, TheSweeperSleepsUntilItIsTime) {
  world.make_table();
  update("ttl", true);
  work::FakeAlarm alarm{world.clock};
  ExpirySweeper sweeper(world.service, alarm);
  sweeper.start();
  put("a", at(kNow + 100));  // the change wakes it; it then breathes for a second
  world.clock.advance(1s);
  alarm.fire_due();
  world.clock.advance(98s);
  alarm.fire_due();
  EXPECT_THAT(ids(), ElementsAre("a"));
  world.clock.advance(1s);
  alarm.fire_due();  // wakes it
  world.clock.advance(1s);
  alarm.fire_due();
  EXPECT_THAT(ids(), ElementsAre());
  base::sync_wait(sweeper.stop());
}

}  // namespace
}  // namespace mayfly::dynamodb
