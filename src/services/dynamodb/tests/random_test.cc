// Differential test: random operations through the pipeline against a plain map, with an index to
// keep in step.
//
// The model knows nothing of keys, codecs or transactions: it is a std::map of numbers and texts.
#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <random>

#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

struct Row {
  std::optional<int> n;
  std::optional<std::string> g;
  bool operator==(const Row&) const = default;
};
using Key = std::pair<std::string, int>;  // id, sk

constexpr std::string_view kIndex =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],"GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}])";

class RandomTest : public testing::TestWithParam<unsigned> {
 protected:
  RandomTest() : random_(GetParam()) { world_.make_table("N", kIndex); }

  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  Key any_key() { return {std::string(1, static_cast<char>('a' + below(3))), below(8) - 4}; }

  static std::string key_json(const Key& key) {
    return R"({"id":{"S":")" + key.first + R"("},"sk":{"N":")" + std::to_string(key.second) +
           R"("}})";
  }
  static std::string item_json(const Key& key, const Row& row) {
    std::string out =
        R"({"id":{"S":")" + key.first + R"("},"sk":{"N":")" + std::to_string(key.second) + "\"}";
    if (row.n) out += R"(,"n":{"N":")" + std::to_string(*row.n) + "\"}";
    if (row.g) out += R"(,"g":{"S":")" + *row.g + "\"}";
    return out + "}";
  }
  static std::pair<Key, Row> parse(const wire::Document& item) {
    const auto text = [&](std::string_view name) -> std::optional<std::string> {
      const wire::Document* value = item.find(name);
      if (value == nullptr) return std::nullopt;
      return *value->as_map()->front().second.as_string();
    };
    Row row;
    if (const auto n = text("n")) row.n = std::stoi(*n);
    row.g = text("g");
    return {{*text("id"), std::stoi(*text("sk"))}, row};
  }
  static std::vector<std::pair<Key, Row>> parse_all(const Reply& reply) {
    std::vector<std::pair<Key, Row>> out;
    for (const wire::Document& item : *reply.body.find("Items")->as_list())
      out.push_back(parse(item));
    return out;
  }

  void put() {
    const Key key = any_key();
    Row row;
    if (below(3) > 0) row.n = below(5);
    if (below(3) > 0) row.g = std::string(1, static_cast<char>('x' + below(2)));
    const bool only_new = below(3) == 0;
    std::string body = R"({"TableName":"T-1","Item":)" + item_json(key, row);
    if (only_new) body += R"json(,"ConditionExpression":"attribute_not_exists(id)")json";
    const std::string error = world_.error("PutItem", body + "}");
    if (only_new && model_.contains(key)) {
      EXPECT_THAT(error, testing::HasSubstr("ConditionalCheckFailed"));
      return;
    }
    EXPECT_EQ(error, "");
    model_[key] = row;
  }

  void remove() {
    const Key key = any_key();
    const Reply reply =
        world_.must("DeleteItem",
                    R"({"TableName":"T-1","ReturnValues":"ALL_OLD","Key":)" + key_json(key) + "}");
    const wire::Document* old = reply.body.find("Attributes");
    const auto found = model_.find(key);
    ASSERT_EQ(old != nullptr, found != model_.end());
    if (old == nullptr) return;
    EXPECT_EQ(parse(*old).second, found->second);
    model_.erase(found);
  }

  void update() {
    const Key key = any_key();
    const int by = below(7) - 3;
    const bool take_g = below(4) == 0;
    world_.must("UpdateItem", R"({"TableName":"T-1","Key":)" + key_json(key) +
                                  R"(,"UpdateExpression":"ADD n :by)" +
                                  (take_g ? " REMOVE g" : "") +
                                  R"(","ExpressionAttributeValues":{":by":{"N":")" +
                                  std::to_string(by) + R"("}}})");
    Row& row = model_[key];
    row.n = row.n.value_or(0) + by;
    if (take_g) row.g.reset();
  }

  void transact() {
    const Key one = any_key();
    const Key two = any_key();
    if (one == two) return;
    const int limit = below(5);
    // Moves a unit from one to two if one has more than `limit`.
    const std::string error = world_.error(
        "TransactWriteItems",
        R"({"TransactItems":[{"Update":{"TableName":"T-1","Key":)" + key_json(one) +
            R"(,"UpdateExpression":"SET n = n - :u","ConditionExpression":"n > :l","ExpressionAttributeValues":{":u":{"N":"1"},":l":{"N":")" +
            std::to_string(limit) + R"("}}}},{"Update":{"TableName":"T-1","Key":)" + key_json(two) +
            R"(,"UpdateExpression":"ADD n :u","ExpressionAttributeValues":{":u":{"N":"1"}}}}]})");
    const auto found = model_.find(one);
    const bool holds = found != model_.end() && found->second.n && *found->second.n > limit;
    EXPECT_EQ(error.empty(), holds) << error;
    if (!holds) return;
    *found->second.n -= 1;
    Row& other = model_[two];
    other.n = other.n.value_or(0) + 1;
  }

  void check_partition() {
    const std::string id(1, static_cast<char>('a' + below(3)));
    const int from = below(8) - 4;
    const bool forward = below(2) == 0;
    const Reply reply = world_.must(
        "Query",
        R"({"TableName":"T-1","KeyConditionExpression":"id = :i AND sk >= :s","ExpressionAttributeValues":{":i":{"S":")" +
            id + R"("},":s":{"N":")" + std::to_string(from) + R"("}},"ScanIndexForward":)" +
            (forward ? "true" : "false") + "}");
    std::vector<std::pair<Key, Row>> expected;
    for (const auto& entry : model_) {
      if (entry.first.first == id && entry.first.second >= from) expected.push_back(entry);
    }
    if (!forward) std::ranges::reverse(expected);
    EXPECT_EQ(parse_all(reply), expected);
  }

  void check_index() {
    for (const std::string g : {"x", "y"}) {
      const Reply reply = world_.must(
          "Query",
          R"({"TableName":"T-1","IndexName":"by-g","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":")" +
              g + R"("}}})");
      auto found = parse_all(reply);
      std::vector<std::pair<Key, Row>> expected;
      for (const auto& entry : model_) {
        if (entry.second.g == g && entry.second.n) expected.push_back(entry);
      }
      EXPECT_TRUE(
          std::ranges::is_sorted(found, {}, [](const auto& entry) { return *entry.second.n; }));
      EXPECT_THAT(found, testing::UnorderedElementsAreArray(expected));
    }
  }

  void check_all() {
    EXPECT_THAT(parse_all(world_.must("Scan", R"({"TableName":"T-1"})")),
                testing::UnorderedElementsAreArray(model_));
  }

  std::mt19937 random_;
  World world_;
  std::map<Key, Row> model_;
};

TEST_P(RandomTest, AgreesWithAMap) {
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    switch (below(8)) {
      case 0:
      case 1:
        put();
        break;
      case 2:
        remove();
        break;
      case 3:
      case 4:
        update();
        break;
      case 5:
        transact();
        break;
      case 6:
        check_partition();
        break;
      default:
        check_index();
        break;
    }
  }
  check_index();
  check_all();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTest, testing::Range(1U, 11U));

}  // namespace
}  // namespace mayfly::dynamodb
