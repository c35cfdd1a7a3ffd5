// Many threads at once: nothing is lost, and an index that is filled meanwhile agrees with its
// table.
#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

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

}  // namespace
}  // namespace mayfly::dynamodb
