// Backups and restores among writes, in tiny steps, cut off at any of them: whatever the order,
// each is of its moment.
#include "services/dynamodb/operations/copy.h"

#include <map>
#include <random>

#include "services/dynamodb/tests/world.h"
#include "store/keyspaces.h"

namespace mayfly::dynamodb {
namespace {

using namespace std::chrono_literals;
using Content = std::map<std::string, std::string>;

class CopyTest : public testing::TestWithParam<unsigned> {
 protected:
  CopyTest() { base::sync_wait(world.queue.stop()); }

  void write() {
    const std::string id = "k" + std::to_string(random() % 40);
    const std::string key = R"({"id":{"S":")" + id + "\"}}";
    if (random() % 3 == 0) {
      world.must("DeleteItem", R"({"TableName":"T-1","Key":)" + key + "}");
      content.erase(id);
    } else if (random() % 3 == 0) {
      // Two items in one commit.
      const std::string other = id + "x";
      const std::string value = std::to_string(++written);
      const auto put = [&](const std::string& name) {
        return R"({"PutRequest":{"Item":{"id":{"S":")" + name + R"("},"v":{"S":")" + value +
               R"("}}}})";
      };
      world.must("BatchWriteItem",
                 R"({"RequestItems":{"T-1":[)" + put(id) + "," + put(other) + "]}}");
      content[id] = content[other] = value;
    } else {
      content[id] = std::to_string(++written);
      world.put(R"({"id":{"S":")" + id + R"("},"v":{"S":")" + content[id] + R"("}})");
    }
  }

  Content read(const std::string& table) {
    Content out;
    const Reply reply = world.must("Scan", R"({"TableName":")" + table + R"("})");
    for (const wire::Document& item : *reply.body.find("Items")->as_list()) {
      out[*item.find("id")->find("S")->as_string()] = *item.find("v")->find("S")->as_string();
    }
    return out;
  }

  // Also by its index: every item has one entry there, and nothing else has.
  Content read_index(const std::string& table) {
    Content out;
    const Reply reply =
        world.must("Scan", R"({"TableName":")" + table + R"(","IndexName":"by-v"})");
    for (const wire::Document& item : *reply.body.find("Items")->as_list()) {
      out[*item.find("id")->find("S")->as_string()] = *item.find("v")->find("S")->as_string();
    }
    return out;
  }

  // The runs are this test's to make: the queue only hands over what was asked for.
  void take_work() {
    work::WorkQueue queue(world.store, world.clock, world.ids, world.alarm);
    queue.handle(std::string(kCopyWork), 100,
                 [this](work::Work work) -> base::Task<work::WorkOutcome> {
                   work_.push_back(std::move(work));
                   co_return work::WorkOutcome::done();
                 });
    ASSERT_TRUE(base::sync_wait(queue.start()).has_value());
    base::sync_wait(queue.stop());
  }

  // One run of a piece of the work; one in three is cut off before its progress is stored.
  void run_some() {
    if (work_.empty()) return;
    work::Work& work = work_[random() % work_.size()];
    const int steps = 1 << (random() % 7);  // from one step to the whole in one run
    const auto outcome =
        base::sync_wait(run_copy(world.service, work, {.rows = 3, .bytes = 1000, .steps = steps}));
    if (random() % 3 == 0) return;
    if (outcome.retry) {
      if (outcome.payload) work.payload = *outcome.payload;
    } else {
      std::swap(work, work_.back());
      work_.pop_back();
    }
  }

  World world;
  std::vector<work::Work> work_;
  std::mt19937 random{GetParam()};
  Content content;
  int written = 0;
};

TEST_P(CopyTest, EachIsOfItsMoment) {
  world.make_table(
      {},
      R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"v","AttributeType":"S"}],"GlobalSecondaryIndexes":[{"IndexName":"by-v","KeySchema":[{"AttributeName":"v","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}])");
  // Without recovery history is there only while a backup is made.
  const bool recovery = GetParam() % 2 == 0;
  if (recovery) {
    world.must(
        "UpdateContinuousBackups",
        R"({"TableName":"T-1","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}})");
  }
  std::map<std::int64_t, Content> moments;  // by second: the table at its end
  std::map<std::string, Content> backups;   // by ARN
  std::map<std::string, Content> restored;  // by table
  for (int round = 0; round < 300; ++round) {
    if (random() % 4 == 0) {
      moments[base::epoch_ms(world.clock.now()) / 1000] = content;
      world.clock.advance(1s);
    }
    write();
    if (random() % 40 == 0) {
      const Reply made = world.must("CreateBackup", R"({"TableName":"T-1","BackupName":"some"})");
      backups[*made.body.find("BackupDetails")->find("BackupArn")->as_string()] = content;
    }
    if (recovery && !moments.empty() && random() % 40 == 0) {
      const auto moment = std::next(moments.begin(), random() % moments.size());
      const std::string name = "moment-" + std::to_string(round);
      world.must("RestoreTableToPointInTime", R"({"SourceTableName":"T-1","TargetTableName":")" +
                                                  name + R"(","RestoreDateTime":)" +
                                                  std::to_string(moment->first) + ".9}");
      restored[name] = moment->second;
    }
    if (recovery && random() % 60 == 0) {
      const std::string name = "latest-" + std::to_string(round);
      world.must("RestoreTableToPointInTime", R"({"SourceTableName":"T-1","TargetTableName":")" +
                                                  name + R"(","UseLatestRestorableTime":true})");
      restored[name] = content;
    }
    take_work();
    run_some();
  }
  while (!work_.empty()) {
    if (random() % 4 == 0) write();
    run_some();
  }
  for (const auto& [arn, expected] : backups) {
    const std::string name = "backup-" + std::to_string(restored.size());
    world.must("RestoreTableFromBackup",
               R"({"TargetTableName":")" + name + R"(","BackupArn":")" + arn + "\"}");
    restored[name] = expected;
    take_work();
    while (!work_.empty()) run_some();
  }
  EXPECT_GE(restored.size(), 3U);
  for (const auto& [name, expected] : restored) {
    EXPECT_EQ(read(name), expected) << name;
    EXPECT_EQ(read_index(name), expected) << name;
  }
  EXPECT_EQ(read("T-1"), content);
  // Nothing is left of them.
  world.must(
      "UpdateContinuousBackups",
      R"({"TableName":"T-1","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":false}})");
  const auto transaction = world.store.begin();
  const auto history = base::sync_wait(transaction->range(
      store::prefix_query(store::key_in(store::KeySpace::dynamodb_history).done())));
  EXPECT_TRUE(history->rows.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, CopyTest, testing::Range(0U, 12U));

}  // namespace
}  // namespace mayfly::dynamodb
