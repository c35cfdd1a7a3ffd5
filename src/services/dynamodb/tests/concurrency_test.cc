// Many threads at once: nothing is lost, and an index that is filled meanwhile agrees with its
// table.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "services/dynamodb/operations/expiry.h"
#include "services/dynamodb/operations/streams.h"
#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

constexpr int kThreads = 4;

void in_threads(const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(Concurrency, IncrementsAreAllCounted) {
  World world;
  world.make_table();
  in_threads([&](int) {
    for (int i = 0; i < 50; ++i) {
      world.must(
          "UpdateItem",
          R"({"TableName":"T-1","Key":{"id":{"S":"a"}},"UpdateExpression":"ADD n :u","ExpressionAttributeValues":{":u":{"N":"1"}}})");
    }
  });
  EXPECT_EQ(world.get(R"({"id":{"S":"a"}})"), R"({"id":{"S":"a"},"n":{"N":"200"}})");
}

TEST(Concurrency, OnlyOneCreates) {
  World world;
  world.make_table();
  std::atomic<int> created = 0;
  in_threads([&](int thread) {
    const std::string error = world.error(
        "PutItem",
        R"json({"TableName":"T-1","ConditionExpression":"attribute_not_exists(id)","Item":{"id":{"S":"a"},"by":{"N":")json" +
            std::to_string(thread) + R"("}}})");
    if (error.empty()) ++created;
  });
  EXPECT_EQ(created, 1);
}

// Writers that began before the index was there must not leave it without their items.
TEST(Concurrency, AnIndexAddedUnderWritesAgreesWithItsTable) {
  World world;
  world.make_table();
  for (int i = 0; i < 300; ++i) {
    world.put(R"({"id":{"S":"old)" + std::to_string(i) + R"("},"g":{"S":"x"}})");
  }
  in_threads([&](int thread) {
    if (thread == 0) {
      world.must(
          "UpdateTable",
          R"({"TableName":"T-1","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]})");
      return;
    }
    for (int i = 0; i < 100; ++i) {
      const std::string old = R"({"S":"old)" + std::to_string(i * 3 % 300) + "\"}";
      world.must("PutItem", R"({"TableName":"T-1","Item":{"id":)" + old + R"(,"g":{"S":")" +
                                (i % 2 == 0 ? "x" : "y") + R"("},"by":{"N":")" +
                                std::to_string(thread) + R"("}}})");
      world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":"old)" +
                                   std::to_string(i * 7 % 300) + R"("}}})");
    }
  });
  std::set<std::string> in_table;
  const Reply scanned = world.must("Scan", R"({"TableName":"T-1"})");
  for (const wire::Document& item : *scanned.body.find("Items")->as_list())
    in_table.insert(wire::to_json(item));
  std::set<std::string> in_index;
  const Reply indexed = world.must("Scan", R"({"TableName":"T-1","IndexName":"by-g"})");
  for (const wire::Document& item : *indexed.body.find("Items")->as_list())
    in_index.insert(wire::to_json(item));
  EXPECT_EQ(in_index, in_table);
}

// Shards end and begin under the writers: nothing is lost, nothing is out of order.
TEST(Concurrency, ShardsAreRolledUnderWrites) {
  World world;
  world.make_table("",
                   R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})");
  constexpr int kWrites = 60;
  in_threads([&](int thread) {
    for (int i = 1; i <= kWrites; ++i) {
      if (thread == 0 && i % 15 == 0) {  // less than a day in all
        world.clock.advance(std::chrono::hours{4} + std::chrono::seconds{1});
        EXPECT_TRUE(base::sync_wait(keep_up_streams(world.service)).has_value());
      }
      world.must(
          "UpdateItem",
          R"({"TableName":"T-1","Key":{"id":{"S":"k)" + std::to_string(i % 3) +
              R"("}},"UpdateExpression":"ADD n :u","ExpressionAttributeValues":{":u":{"N":"1"}}})");
    }
  });
  const base::Scope scope;
  const auto transaction = world.store.begin();
  const auto name = stream_name_of(scope, *world.must("DescribeTable", R"({"TableName":"T-1"})")
                                               .body.find("Table")
                                               ->find("LatestStreamArn")
                                               ->as_string());
  const auto stream = base::sync_wait(open_stream(*transaction, scope, *name));
  const auto generations = base::sync_wait(read_generations(*transaction, scope, stream->stream()));
  EXPECT_GT(generations->size(), 3U);
  // Generation by generation, as shards name their parents.
  std::map<std::string, int> counts;
  for (const Shard& shard : shards_of(*generations)) {
    auto page = base::sync_wait(
        read_shard(*transaction, scope, stream->stream(), shard.number, shard.start, 1000));
    EXPECT_EQ(page->closed, shard.end.has_value());
    for (const StreamRecord& record : page->records) {
      EXPECT_GT(record.position, shard.start);
      EXPECT_TRUE(!shard.end || record.position < *shard.end);
      auto shown = show_record(scope, *stream, record);
      const wire::Document& image = shown->dynamodb.new_image;
      int& count = counts[*image.find("id")->find("S")->as_string()];
      EXPECT_EQ(*image.find("n")->find("N")->as_string(), std::to_string(++count));
    }
  }
  for (const char* key : {"k0", "k1", "k2"}) EXPECT_EQ(counts[key], kThreads * kWrites / 3) << key;
}

// Writers that began before Time to Live was enabled must not leave it without their items.
TEST(Concurrency, TimeToLiveEnabledUnderWritesMissesNoItem) {
  World world;
  world.make_table();
  const auto item = [](std::string id) {
    return R"({"id":{"S":")" + id + R"("},"ttl":{"N":"1750000001"}})";
  };
  for (int i = 0; i < 300; ++i) world.put(item("old" + std::to_string(i)));
  in_threads([&](int thread) {
    if (thread == 0) {
      world.must(
          "UpdateTimeToLive",
          R"({"TableName":"T-1","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}})");
      return;
    }
    for (int i = 0; i < 60; ++i) {
      const std::string name = std::to_string(thread) + "-" + std::to_string(i);
      world.put(item(name));
      world.must("DeleteItem", R"({"TableName":"T-1","Key":{"id":{"S":"old)" +
                                   std::to_string(thread * 60 + i) + R"("}}})");
    }
  });
  base::sync_wait(world.queue.stop());  // the work is done, or left for the next
  world.clock.advance(std::chrono::seconds{2});
  work::FakeAlarm alarm{world.clock};
  work::WorkQueue next{world.store, world.clock, world.ids, alarm};
  handle_work(world.service, next);
  ASSERT_TRUE(base::sync_wait(next.start()).has_value());
  EXPECT_EQ(
      world.must("DescribeTimeToLive", R"({"TableName":"T-1"})").json("TimeToLiveDescription"),
      R"({"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"})");
  const auto swept = base::sync_wait(sweep_expired(world.service));
  ASSERT_TRUE(swept.has_value());
  EXPECT_EQ(swept->deleted, 300);
  EXPECT_EQ(world.must("Scan", R"({"TableName":"T-1"})").json("Items"), "[]");
  base::sync_wait(next.stop());
}

}  // namespace
}  // namespace mayfly::dynamodb
