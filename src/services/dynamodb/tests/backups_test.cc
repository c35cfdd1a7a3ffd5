// Backups, restores and point-in-time recovery through the pipeline, on a clock that stands still.
#include <gmock/gmock.h>

#include <chrono>
#include <memory>

#include "services/dynamodb/tests/world.h"
#include "store/keyspaces.h"

namespace mayfly::dynamodb {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

// A world whose durable work waits until work() is called, so that writes can come between.
class Backups : public testing::Test {
 protected:
  Backups() { base::sync_wait(world.queue.stop()); }

  void work() {
    work::WorkQueue queue(world.store, world.clock, world.ids, world.alarm);
    handle_work(world.service, queue);
    ASSERT_TRUE(base::sync_wait(queue.start()).has_value());
    base::sync_wait(queue.stop());
  }

  void put(const std::string& id, const std::string& value, std::string_view table = "T-1") {
    world.must("PutItem", R"({"TableName":")" + std::string(table) + R"(","Item":{"id":{"S":")" +
                              id + R"("},"v":{"S":")" + value + R"("}}})");
  }
  void remove(const std::string& id) {
    world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":")" + id + R"("}}})");
  }
  // "a=1 b=2", by id.
  std::string content(const std::string& table) {
    const Reply reply = world.must("Scan", R"({"TableName":")" + table + R"("})");
    std::map<std::string, std::string> items;
    for (const wire::Document& item : *reply.body.find("Items")->as_list()) {
      const auto text = [&](std::string_view name) {
        return *item.find(name)->find("S")->as_string();
      };
      items[text("id")] = text("v");
    }
    std::string out;
    for (const auto& [id, value] : items) {
      out += (out.empty() ? "" : " ") + id + "=" + value;
    }
    return out;
  }
  std::string backup(const std::string& name = "before") {
    const Reply reply =
        world.must("CreateBackup", R"({"TableName":"T-1","BackupName":")" + name + R"("})");
    return *reply.body.find("BackupDetails")->find("BackupArn")->as_string();
  }
  std::string details(const std::string& arn, std::string_view member) {
    const Reply reply = world.must("DescribeBackup", R"({"BackupArn":")" + arn + R"("})");
    const wire::Document* description = reply.body.find("BackupDescription");
    return wire::to_json(*description->find("BackupDetails")->find(member));
  }
  Reply restore(const std::string& arn, const std::string& target, std::string_view more = {}) {
    return world.send("RestoreTableFromBackup", R"({"TargetTableName":")" + target +
                                                    R"(","BackupArn":")" + arn + "\"" +
                                                    std::string(more) + "}");
  }
  void set_recovery(std::string_view specification) {
    world.must("UpdateContinuousBackups",
               R"({"TableName":"T-1","PointInTimeRecoverySpecification":)" +
                   std::string(specification) + "}");
  }
  Reply recovery() {
    Reply reply = world.must("DescribeContinuousBackups", R"({"TableName":"T-1"})");
    reply.body =
        *reply.body.find("ContinuousBackupsDescription")->find("PointInTimeRecoveryDescription");
    return reply;
  }
  std::int64_t now() { return base::epoch_ms(world.clock.now()) / 1000; }
  std::string to_moment(std::int64_t seconds, const std::string& target) {
    return world.error("RestoreTableToPointInTime",
                       R"({"SourceTableName":"T-1","TargetTableName":")" + target +
                           R"(","RestoreDateTime":)" + std::to_string(seconds) + "}");
  }
  std::size_t rows_of_history() {
    const auto transaction = world.store.begin();
    auto rows = base::sync_wait(transaction->range(
        store::prefix_query(store::key_in(store::KeySpace::dynamodb_history).done())));
    return rows->rows.size();
  }

  World world;
};

TEST_F(Backups, AreOfTheMomentAtWhichTheyWereAskedFor) {
  world.make_table();
  put("a", "1");
  put("b", "1");
  const std::string arn = backup();
  EXPECT_THAT(arn, StartsWith("arn:aws:dynamodb:us-east-1:000000000000:table/T-1/backup/0175"));
  EXPECT_EQ(details(arn, "BackupStatus"), R"("CREATING")");
  put("a", "2");
  put("a", "3");
  remove("b");
  put("c", "1");
  put("d", "1");
  remove("d");
  work();
  EXPECT_EQ(details(arn, "BackupStatus"), R"("AVAILABLE")");
  EXPECT_EQ(details(arn, "BackupSizeBytes"), "10");
  EXPECT_EQ(rows_of_history(), 0U);  // nobody needs it any more
  put("a", "4");
  EXPECT_EQ(rows_of_history(), 0U);

  EXPECT_EQ(restore(arn, "copy").error(), "");
  EXPECT_EQ(world.error("GetItem", R"({"TableName":"copy","Key":{"id":{"S":"a"}}})"),
            "ResourceNotFoundException: Requested resource not found");
  const Reply creating = world.must("DescribeTable", R"({"TableName":"copy"})");
  EXPECT_THAT(creating.json("Table"), HasSubstr(R"("TableStatus":"CREATING")"));
  EXPECT_THAT(creating.json("Table"), HasSubstr(R"("RestoreInProgress":true)"));
  work();
  EXPECT_EQ(content("copy"), "a=1 b=1");
  EXPECT_EQ(content("T-1"), "a=4 c=1");
  const Reply ready = world.must("DescribeTable", R"({"TableName":"copy"})");
  EXPECT_THAT(ready.json("Table"), HasSubstr(R"("TableStatus":"ACTIVE")"));
  EXPECT_THAT(ready.json("Table"), HasSubstr(R"("SourceBackupArn":")" + arn));
}

// More rows than a step copies, and more changes than a step undoes.
TEST_F(Backups, TakeManySteps) {
  world.make_table();
  for (int i = 0; i < 2500; ++i) put("k" + std::to_string(i), "old");
  const std::string arn = backup();
  for (int i = 0; i < 2500; ++i) put("k" + std::to_string(i), "new");
  work();
  restore(arn, "copy");
  work();
  const Reply reply = world.must(
      "Scan",
      R"({"TableName":"copy","Select":"COUNT","FilterExpression":"v = :v","ExpressionAttributeValues":{":v":{"S":"old"}}})");
  EXPECT_EQ(reply.json("Count"), "2500");
}

TEST_F(Backups, OutliveTheirTable) {
  world.make_table();
  put("a", "1");
  const std::string arn = backup();
  EXPECT_THAT(world.error("DeleteTable", R"({"TableName":"T-1"})"),
              StartsWith("ResourceInUseException: "));
  work();
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  EXPECT_EQ(restore(arn, "T-1").error(), "");
  EXPECT_THAT(world.error("DeleteBackup", R"({"BackupArn":")" + arn + R"("})"),
              StartsWith("BackupInUseException: "));
  EXPECT_THAT(world.error("DeleteTable", R"({"TableName":"T-1"})"),
              StartsWith("ResourceInUseException: "));
  work();
  EXPECT_EQ(content("T-1"), "a=1");
  EXPECT_THAT(
      world.must("DeleteBackup", R"({"BackupArn":")" + arn + R"("})").json("BackupDescription"),
      HasSubstr(R"("BackupStatus":"DELETED")"));
  EXPECT_EQ(world.error("DescribeBackup", R"({"BackupArn":")" + arn + R"("})"),
            "BackupNotFoundException: Backup not found: " + arn);
  EXPECT_EQ(content("T-1"), "a=1");
}

TEST_F(Backups, RefuseWhatCannotBe) {
  EXPECT_EQ(world.error("CreateBackup", R"({"TableName":"T-1","BackupName":"before"})"),
            "TableNotFoundException: Table not found: T-1");
  world.make_table();
  const std::string arn = backup();
  EXPECT_THAT(restore(arn, "copy").error(), StartsWith("BackupInUseException: "));
  work();
  EXPECT_EQ(restore(arn, "T-1").error(), "TableAlreadyExistsException: Table already exists: T-1");
  EXPECT_THAT(restore(arn + "x", "copy").error(), StartsWith("BackupNotFoundException: "));
  EXPECT_THAT(world.error("DescribeBackup",
                          R"({"BackupArn":"arn:aws:dynamodb:us-east-1:000000000000:table/T-1"})"),
              StartsWith("ValidationException: Invalid BackupArn"));
  EXPECT_THAT(restore(arn, "copy", R"(,"BillingModeOverride":"PROVISIONED")").error(),
              HasSubstr("must both be specified"));
  EXPECT_THAT(
      restore(
          arn, "copy",
          R"(,"LocalSecondaryIndexOverride":[{"IndexName":"none","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}])")
          .error(),
      HasSubstr("no such index: none"));
}

constexpr std::string_view kIndexes =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"v","AttributeType":"S"},{"AttributeName":"w","AttributeType":"S"}],"GlobalSecondaryIndexes":[{"IndexName":"by-v","KeySchema":[{"AttributeName":"v","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}},{"IndexName":"by-w","KeySchema":[{"AttributeName":"w","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],"Tags":[{"Key":"k","Value":"v"}],"DeletionProtectionEnabled":true)";

TEST_F(Backups, RestoreWithOtherSettings) {
  world.make_table({}, kIndexes);
  put("a", "1");
  put("b", "2");
  const std::string arn = backup();
  work();
  EXPECT_EQ(
      restore(
          arn, "copy",
          R"(,"BillingModeOverride":"PROVISIONED","ProvisionedThroughputOverride":{"ReadCapacityUnits":3,"WriteCapacityUnits":4},"GlobalSecondaryIndexOverride":[{"IndexName":"by-v","KeySchema":[{"AttributeName":"v","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"},"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}])")
          .error(),
      "");
  work();
  const std::string table = world.must("DescribeTable", R"({"TableName":"copy"})").json("Table");
  EXPECT_THAT(table, HasSubstr(R"("ReadCapacityUnits":3,"WriteCapacityUnits":4)"));
  EXPECT_THAT(table, HasSubstr(R"("ReadCapacityUnits":5,"WriteCapacityUnits":6)"));
  EXPECT_THAT(table, HasSubstr(R"("DeletionProtectionEnabled":false)"));
  EXPECT_THAT(table, testing::Not(HasSubstr("by-w")));
  EXPECT_THAT(
      world
          .must(
              "Query",
              R"({"TableName":"copy","IndexName":"by-v","KeyConditionExpression":"v = :v","ExpressionAttributeValues":{":v":{"S":"2"}}})")
          .json("Items"),
      HasSubstr(R"("id":{"S":"b"})"));
  EXPECT_EQ(world
                .must("ListTagsOfResource",
                      R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/copy"})")
                .json("Tags"),
            "[]");
}

TEST_F(Backups, AreListedByTimeTableAndType) {
  world.make_table();
  std::vector<std::string> arns;
  const std::int64_t begin = now();
  for (int i = 0; i < 3; ++i) {
    arns.push_back(backup("name-" + std::to_string(i)));
    work();
    world.clock.advance(10s);
  }
  const auto listed = [&](std::string_view request) {
    std::string out;
    const Reply reply = world.must("ListBackups", std::string(request));
    for (const wire::Document& each : *reply.body.find("BackupSummaries")->as_list()) {
      out += *each.find("BackupName")->as_string() + " ";
    }
    return out;
  };
  EXPECT_EQ(listed("{}"), "name-0 name-1 name-2 ");
  EXPECT_EQ(listed(R"({"TableName":"T-2"})"), "");
  EXPECT_EQ(listed(R"({"BackupType":"SYSTEM"})"), "");
  EXPECT_EQ(listed(R"({"TimeRangeLowerBound":)" + std::to_string(begin + 10) + "}"),
            "name-1 name-2 ");
  EXPECT_EQ(listed(R"({"TimeRangeUpperBound":)" + std::to_string(begin + 10) + "}"), "name-0 ");
  const Reply first = world.must("ListBackups", R"({"TableName":"T-1","Limit":2})");
  EXPECT_EQ(first.json("LastEvaluatedBackupArn"), '"' + arns[1] + '"');
  EXPECT_EQ(listed(R"({"ExclusiveStartBackupArn":")" + arns[1] + R"("})"), "name-2 ");
}

TEST_F(Backups, AnyMomentOfTheWindowCanBeHad) {
  world.make_table();
  put("a", "0");
  EXPECT_EQ(recovery().json("PointInTimeRecoveryStatus"), R"("DISABLED")");
  EXPECT_EQ(to_moment(now(), "early"),
            "PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for "
            "table 'T-1'");
  set_recovery(R"({"PointInTimeRecoveryEnabled":true})");
  EXPECT_EQ(recovery().json("RecoveryPeriodInDays"), "35");
  const std::int64_t begin = now();
  for (int i = 1; i <= 5; ++i) {
    world.clock.advance(10s);
    put("a", std::to_string(i));
    if (i % 2 == 0) remove("b");
    if (i % 2 == 1) put("b", std::to_string(i));
  }
  world.clock.advance(10s);
  for (int i = 1; i <= 5; ++i) {
    const std::string name = "moment-" + std::to_string(i);
    EXPECT_EQ(to_moment(begin + i * 10 + 9, name), "");
    put("a", "later");
    work();
    const std::string a = "a=" + std::to_string(i);
    EXPECT_EQ(content(name), i % 2 == 0 ? a : a + " b=" + std::to_string(i));
  }
  EXPECT_EQ(to_moment(begin, "first"), "");
  work();
  EXPECT_EQ(content("first"), "a=0");
  EXPECT_THAT(to_moment(begin - 1, "none"), StartsWith("InvalidRestoreTimeException: "));
  EXPECT_THAT(to_moment(now() + 1, "none"), StartsWith("InvalidRestoreTimeException: "));
  world.must(
      "RestoreTableToPointInTime",
      R"({"SourceTableName":"T-1","TargetTableName":"latest","UseLatestRestorableTime":true})");
  put("a", "behind");
  work();
  EXPECT_EQ(content("latest"), "a=later b=5");
  set_recovery(R"({"PointInTimeRecoveryEnabled":false})");
  EXPECT_EQ(rows_of_history(), 0U);
}

// A backup of a table with recovery goes back to its own mark only, and leaves the history alone.
TEST_F(Backups, WorkBesideRecovery) {
  world.make_table();
  set_recovery(R"({"PointInTimeRecoveryEnabled":true})");
  put("a", "1");
  world.clock.advance(1s);
  const std::int64_t then = now();
  world.clock.advance(1s);
  put("a", "2");
  const std::string arn = backup();
  put("a", "3");
  work();
  EXPECT_EQ(restore(arn, "copy").error(), "");
  EXPECT_EQ(to_moment(then, "moment"), "");
  work();
  EXPECT_EQ(content("copy"), "a=2");
  EXPECT_EQ(content("moment"), "a=1");
}

TEST_F(Backups, HistoryIsTrimmedToTheWindow) {
  world.make_table();
  set_recovery(R"({"PointInTimeRecoveryEnabled":true,"RecoveryPeriodInDays":2})");
  put("a", "1");
  world.clock.advance(24h);
  put("a", "2");
  world.clock.advance(25h);
  ASSERT_TRUE(base::sync_wait(keep_up_backups(world.service)).has_value());
  EXPECT_EQ(rows_of_history(), 1U);
  EXPECT_EQ(to_moment(now() - 47 * 3600, "old"), "");
  work();
  EXPECT_EQ(content("old"), "a=1");
  EXPECT_THAT(to_moment(now() - 49 * 3600, "none"), StartsWith("InvalidRestoreTimeException: "));
  // A longer window does not bring back what is gone.
  set_recovery(R"({"PointInTimeRecoveryEnabled":true,"RecoveryPeriodInDays":35})");
  EXPECT_THAT(to_moment(now() - 49 * 3600, "none"), StartsWith("InvalidRestoreTimeException: "));
  world.clock.advance(24h * 40);
  ASSERT_TRUE(base::sync_wait(keep_up_backups(world.service)).has_value());
  EXPECT_EQ(rows_of_history(), 0U);  // also where nothing is written any more
}

TEST_F(Backups, ATableWithRecoveryLeavesOneBehind) {
  world.make_table();
  put("a", "1");
  set_recovery(R"({"PointInTimeRecoveryEnabled":true})");
  put("b", "1");
  world.must("DeleteTable", R"({"TableName":"T-1"})");
  EXPECT_EQ(rows_of_history(), 0U);
  EXPECT_EQ(world.must("ListBackups", "{}").json("BackupSummaries"), "[]");
  const Reply listed = world.must("ListBackups", R"({"BackupType":"ALL","TableName":"T-1"})");
  const wire::Document& last = listed.body.find("BackupSummaries")->as_list()->front();
  EXPECT_EQ(*last.find("BackupName")->as_string(), "T-1$DeletedTableBackup");
  EXPECT_EQ(*last.find("BackupType")->as_string(), "SYSTEM");
  EXPECT_EQ(last.find("BackupSizeBytes")->as_int(), 10);
  world.make_table();  // its rows are others
  EXPECT_EQ(content("T-1"), "");
  EXPECT_EQ(restore(*last.find("BackupArn")->as_string(), "again").error(), "");
  work();
  EXPECT_EQ(content("again"), "a=1 b=1");
  world.clock.advance(24h * 36);
  ASSERT_TRUE(base::sync_wait(keep_up_backups(world.service)).has_value());
  EXPECT_EQ(world.must("ListBackups", R"({"BackupType":"ALL"})").json("BackupSummaries"), "[]");
}

}  // namespace
}  // namespace mayfly::dynamodb
