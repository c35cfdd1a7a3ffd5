// Differential test: random operations through the pipeline, as API calls or as PartiQL, against
// plain_model.h: puts, deletes, updates with every function, transactions, reads of table and
// indexes in pages and segments.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "services/dynamodb/tests/plain_forms.h"
#include "services/dynamodb/tests/world.h"

namespace mayfly::dynamodb {
namespace {

using plain::at;
using plain::Change;
using plain::ChangeForm;
using plain::ConditionForm;
using plain::kChanges;
using plain::kConditions;
using plain::Key;
using Item = plain::Item;
using PlainValue = plain::Value;
using PlainCondition = plain::Condition;
using Section = Change::Section;

// "by-n" is local, all attributes; "by-g" is global and holds its keys and t.
constexpr std::string_view kIndexes =
    R"(,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],)"
    R"("LocalSecondaryIndexes":[{"IndexName":"by-n","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],)"
    R"("GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["t"]}}])";

std::string filled(std::string_view text, int argument) {
  std::string out(text);
  for (std::size_t i; (i = out.find('@')) != std::string::npos;) {
    out.replace(i, 1, std::to_string(argument));
  }
  return out;
}

// ExpressionAttributeValues with what the expressions use.
std::string values_for(const std::string& expressions) {
  std::map<std::string, PlainValue> known{{":x", PlainValue::of("x")},
                                          {":y", PlainValue::of("y")},
                                          {":NS", PlainValue::of("NS")},
                                          {":list", PlainValue::list_of({PlainValue::of(7)})},
                                          {":empty", PlainValue::list_of({})},
                                          {":map", PlainValue::map_of({{"a", PlainValue::of(1)}})}};
  for (int i = 0; i < 10; ++i) {
    known[":" + std::to_string(i)] = PlainValue::of(i);
    known[":set" + std::to_string(i)] = PlainValue::set_of({i});
  }
  Item used;
  for (const auto& [name, value] : known) {
    const std::size_t found = expressions.find(name);
    if (found == std::string::npos) continue;
    used[name] = value;
  }
  return used.empty() ? "" : R"(,"ExpressionAttributeValues":)" + plain::item_json(used);
}

enum class Language { api, partiql };

class DifferentialTest : public testing::TestWithParam<unsigned> {
 protected:
  DifferentialTest() : random_(GetParam()) { world_.make_table("N", kIndexes); }

  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  Key any_key() { return {std::string(1, static_cast<char>('a' + below(3))), below(8)}; }
  Language any_language() { return below(2) == 0 ? Language::api : Language::partiql; }

  static Item key_item(const Key& key) {
    return {{"id", PlainValue::of(key.first)}, {"sk", PlainValue::of(key.second)}};
  }
  static std::string key_where(const Key& key) {
    return "id = '" + key.first + "' AND sk = " + std::to_string(key.second);
  }

  PlainCondition any_condition(int depth = 2) {
    PlainCondition out;
    const int shape = depth == 0 ? 0 : below(5);
    if (shape < 2) {
      const ConditionForm& form = kConditions[below(std::size(kConditions))];
      out.argument = below(6);
      out.expression = filled(form.expression, out.argument);
      out.partiql = filled(form.partiql, out.argument);
      out.test = form.test;
      return out;
    }
    out.parts.push_back(any_condition(depth - 1));
    if (shape == 2) {
      out.kind = PlainCondition::Kind::negation;
      out.expression = "NOT (" + out.parts[0].expression + ")";
      out.partiql = "NOT (" + out.parts[0].partiql + ")";
      return out;
    }
    out.parts.push_back(any_condition(depth - 1));
    out.kind = shape == 3 ? PlainCondition::Kind::both : PlainCondition::Kind::either;
    const std::string word = shape == 3 ? ") AND (" : ") OR (";
    out.expression = "(" + out.parts[0].expression + word + out.parts[1].expression + ")";
    out.partiql = "(" + out.parts[0].partiql + word + out.parts[1].partiql + ")";
    // Redundant parentheses are refused; leaves are never in two pairs.
    return out;
  }

  Item any_item(const Key& key) {
    Item item = key_item(key);
    if (below(3) > 0) item["n"] = PlainValue::of(below(6));
    if (below(3) > 0) item["g"] = PlainValue::of(below(2) == 0 ? "x" : "y");
    if (below(2) > 0)
      item["l"] = PlainValue::list_of({PlainValue::of(below(6)), PlainValue::of(3)});
    if (below(2) > 0) item["m"] = PlainValue::map_of({{"a", PlainValue::of(below(6))}});
    if (below(2) > 0) item["t"] = PlainValue::set_of({below(6), 3});
    return item;
  }

  Reply statement(const std::string& text) {
    return world_.send("ExecuteStatement",
                       R"({"Statement":)" + wire::to_json(wire::Document(text)) + "}");
  }

  void put() {
    const Key key = any_key();
    const Item item = any_item(key);
    if (any_language() == Language::partiql) {
      const std::string error =
          statement("INSERT INTO \"T-1\" VALUE " + PlainValue::map_of(item).partiql()).error();
      ASSERT_EQ(error.empty(), !model_.contains(key)) << error;
      model_.emplace(key, item);
      return;
    }
    const PlainCondition condition = any_condition();
    const bool conditional = below(2) == 0;
    std::string body =
        R"({"TableName":"T-1","ReturnValues":"ALL_OLD","Item":)" + plain::item_json(item);
    if (conditional) {
      body += R"(,"ConditionExpression":")" + condition.expression + "\"" +
              values_for(condition.expression);
    }
    const Reply reply = world_.send("PutItem", body + "}");
    const Item before = model_.contains(key) ? model_[key] : Item{};
    if (conditional && !condition.holds(before)) {
      ASSERT_THAT(reply.error(), testing::HasSubstr("ConditionalCheckFailed")) << body;
      return;
    }
    ASSERT_EQ(reply.error(), "") << body;
    EXPECT_EQ(reply.json("Attributes"), before.empty() ? "" : plain::item_json(before));
    model_[key] = item;
  }

  void remove() {
    const Key key = any_key();
    const PlainCondition condition = any_condition();
    const auto found = model_.find(key);
    const Language language = any_language();
    const Reply reply =
        language == Language::partiql
            ? statement("DELETE FROM \"T-1\" WHERE " + key_where(key) + " AND (" +
                        condition.partiql + ") RETURNING ALL OLD *")
            : world_.send("DeleteItem", R"({"TableName":"T-1","ReturnValues":"ALL_OLD","Key":)" +
                                            plain::item_json(key_item(key)) +
                                            R"(,"ConditionExpression":")" + condition.expression +
                                            "\"" + values_for(condition.expression) + "}");
    // PartiQL succeeds where there is nothing to delete.
    const bool holds = found == model_.end() ? language == Language::partiql || condition.holds({})
                                             : condition.holds(found->second);
    ASSERT_EQ(reply.error().empty(), holds) << reply.error() << " " << condition.expression;
    if (!holds || found == model_.end()) return;
    const std::string old = plain::item_json(found->second);
    EXPECT_EQ(language == Language::partiql ? reply.json("Items") : reply.json("Attributes"),
              language == Language::partiql ? "[" + old + "]" : old);
    model_.erase(found);
  }

  // Some changes, no two of one attribute.
  std::vector<Change> any_changes() {
    std::vector<Change> out;
    for (const char attribute : {'n', 'g', 'l', 'm', 't'}) {
      if (below(2) == 0 && !(attribute == 't' && out.empty())) continue;
      std::vector<const ChangeForm*> forms;
      for (const ChangeForm& form : kChanges) {
        if (form.attribute == attribute) forms.push_back(&form);
      }
      const ChangeForm& form =
          *forms[static_cast<std::size_t>(below(static_cast<int>(forms.size())))];
      const int argument = below(6);
      out.push_back({form.section, filled(form.expression, argument),
                     filled(form.partiql, argument), form.change, argument});
    }
    return out;
  }
  static std::string update_expression(const std::vector<Change>& changes) {
    std::string out;
    constexpr std::pair<Section, std::string_view> kSections[] = {{Section::set, "SET "},
                                                                  {Section::remove, " REMOVE "},
                                                                  {Section::add, " ADD "},
                                                                  {Section::erase, " DELETE "}};
    for (const auto& [section, word] : kSections) {
      bool first = true;
      for (const Change& change : changes) {
        if (change.section != section) continue;
        out += (std::exchange(first, false) ? std::string(word) : ", ") + change.expression;
      }
    }
    return out;
  }
  // What the item becomes; nullopt where the update is refused.
  static std::optional<Item> changed(const std::vector<Change>& changes, const Item& before) {
    Item after = before;
    for (const Change& change : changes) {
      if (!change.change(after, before, change.argument)) return std::nullopt;
    }
    return after;
  }
  static bool only_takes_away(const std::vector<Change>& changes) {
    return std::ranges::all_of(changes, [](const Change& change) {
      return change.section == Section::remove || change.section == Section::erase;
    });
  }

  void update() {
    const Key key = any_key();
    const std::vector<Change> changes = any_changes();
    const auto found = model_.find(key);
    const bool there = found != model_.end();
    const auto after = changed(changes, there ? found->second : key_item(key));
    if (any_language() == Language::partiql) {
      std::string text = "UPDATE \"T-1\"";
      for (const Change& change : changes) text += " " + change.partiql;
      const Reply reply = statement(text + " WHERE " + key_where(key) + " RETURNING ALL NEW *");
      ASSERT_EQ(reply.error().empty(), there && after) << text << " " << reply.error();
      if (!there || !after) return;
      EXPECT_EQ(reply.json("Items"), "[" + plain::item_json(*after) + "]") << text;
      found->second = *after;
      return;
    }
    const std::string expression = update_expression(changes);
    const Reply reply =
        world_.send("UpdateItem", R"({"TableName":"T-1","ReturnValues":"ALL_NEW","Key":)" +
                                      plain::item_json(key_item(key)) + R"(,"UpdateExpression":")" +
                                      expression + "\"" + values_for(expression) + "}");
    const bool nothing = !there && only_takes_away(changes);
    ASSERT_EQ(reply.error().empty(), nothing || after) << expression << " " << reply.error();
    EXPECT_EQ(reply.json("Attributes"), nothing || !after ? "" : plain::item_json(*after))
        << expression;
    if (!nothing && after) model_[key] = *after;
  }

  // Several writes that happen together or not at all, in either language.
  void transact() {
    plain::Table after = model_;
    std::set<Key> keys;
    std::string api;
    std::string partiql;
    bool works = true;
    bool works_in_partiql = true;
    for (int i = 1 + below(4); i > 0; --i) {
      const Key key = any_key();
      if (!keys.insert(key).second) continue;
      const auto found = model_.find(key);
      const bool there = found != model_.end();
      const Item before = there ? found->second : Item{};
      const std::string comma = api.empty() ? "" : ",";
      const auto add = [&](const std::string& operation, const std::string& body,
                           const std::string& text) {
        api += comma + "{\"" + operation + R"(":{"TableName":"T-1",)" + body + "}}";
        partiql += comma + R"({"Statement":)" + wire::to_json(wire::Document(text)) + "}";
      };
      const std::string key_json = R"("Key":)" + plain::item_json(key_item(key));
      const PlainCondition condition = any_condition(1);
      const std::string condition_json = R"(,"ConditionExpression":")" + condition.expression +
                                         "\"" + values_for(condition.expression);
      switch (below(3)) {
        case 0: {
          const Item item = any_item(key);
          add("Put",
              R"("Item":)" + plain::item_json(item) +
                  R"json(,"ConditionExpression":"attribute_not_exists(id)")json",
              "INSERT INTO \"T-1\" VALUE " + PlainValue::map_of(item).partiql());
          works = works && !there;
          works_in_partiql = works_in_partiql && !there;
          after[key] = item;
          break;
        }
        case 1: {
          const std::vector<Change> changes = any_changes();
          const auto item = changed(changes, before);
          const std::string expression = update_expression(changes);
          std::string text = "UPDATE \"T-1\"";
          for (const Change& change : changes) text += " " + change.partiql;
          add("Update",
              key_json + R"(,"UpdateExpression":")" + expression +
                  R"json(","ConditionExpression":"attribute_exists(id)")json" +
                  values_for(expression),
              text + " WHERE " + key_where(key));
          works = works && there && item;
          works_in_partiql = works_in_partiql && there && item;
          if (item) after[key] = *item;
          break;
        }
        default:
          add("ConditionCheck", key_json + condition_json,
              "EXISTS(SELECT * FROM \"T-1\" WHERE " + key_where(key) + " AND (" +
                  condition.partiql + "))");
          works = works && condition.holds(before);
          works_in_partiql = works_in_partiql && there && condition.holds(before);
          break;
      }
    }
    const bool use_partiql = any_language() == Language::partiql;
    const std::string error =
        use_partiql
            ? world_.error("ExecuteTransaction", R"({"TransactStatements":[)" + partiql + "]}")
            : world_.error("TransactWriteItems", R"({"TransactItems":[)" + api + "]}");
    const bool expected = use_partiql ? works_in_partiql : works;
    ASSERT_EQ(error.empty(), expected) << error << "\n" << (use_partiql ? partiql : api);
    if (expected) {
      model_ = std::move(after);
    } else {
      EXPECT_THAT(error, testing::HasSubstr("TransactionCanceledException"));
    }
  }

  // All pages of a read: the items as JSON.
  std::vector<std::string> read_all(std::string_view operation, const std::string& body,
                                    std::string_view token, std::string_view next) {
    std::vector<std::string> out;
    std::string start;
    for (int pages = 0; pages < 200; ++pages) {
      const Reply reply = world_.must(operation, body + start + "}");
      if (HasFailure()) return out;
      for (const wire::Document& item : *reply.body.find("Items")->as_list()) {
        out.push_back(wire::to_json(item));
      }
      const std::string last = reply.json(token);
      if (last.empty()) return out;
      start = ",\"" + std::string(next) + "\":" + last;
    }
    ADD_FAILURE() << "endless pages: " << body;
    return out;
  }
  std::vector<std::string> read_statement(const std::string& text) {
    return read_all("ExecuteStatement",
                    R"({"Limit":)" + std::to_string(1 + below(6)) + R"(,"Statement":)" +
                        wire::to_json(wire::Document(text)),
                    "NextToken", "NextToken");
  }
  // Query and Scan: with a filter that may not speak of the key attributes that the condition
  // names.
  std::vector<std::string> read_pages(std::string_view operation, const std::string& parameters) {
    return read_all(operation,
                    R"({"TableName":"T-1","Limit":)" + std::to_string(1 + below(6)) + parameters,
                    "LastEvaluatedKey", "ExclusiveStartKey");
  }

  template <class Wanted>
  std::vector<std::string> expected(Wanted wanted) const {
    std::vector<std::string> out;
    for (const auto& [key, item] : model_) {
      if (wanted(key, item)) out.push_back(plain::item_json(item));
    }
    return out;
  }

  void check_partition() {
    const std::string id(1, static_cast<char>('a' + below(3)));
    const int from = below(8);
    const bool forward = below(2) == 0;
    const PlainCondition filter = any_condition();
    auto wanted = expected([&](const Key& key, const Item& item) {
      return key.first == id && key.second >= from && filter.holds(item);
    });
    if (!forward) std::ranges::reverse(wanted);
    const std::string from_text = std::to_string(from);
    const auto found =
        any_language() == Language::partiql
            ? read_statement("SELECT * FROM \"T-1\" WHERE id = '" + id +
                             "' AND sk >= " + from_text + " AND (" + filter.partiql +
                             ") ORDER BY sk " + (forward ? "ASC" : "DESC"))
            : read_pages(
                  "Query",
                  R"(,"KeyConditionExpression":"id = :id AND sk >= :from","ScanIndexForward":)" +
                      std::string(forward ? "true" : "false") + R"(,"FilterExpression":")" +
                      filter.expression + "\"" +
                      with_more(
                          values_for(filter.expression),
                          R"(":id":{"S":")" + id + R"("},":from":{"N":")" + from_text + "\"}"));
    EXPECT_EQ(found, wanted) << filter.expression;
  }

  // More values behind those that values_for() made.
  static std::string with_more(std::string values, const std::string& more) {
    if (values.empty()) return R"(,"ExpressionAttributeValues":{)" + more + "}";
    values.insert(values.size() - 1, "," + more);
    return values;
  }

  static std::vector<int> numbers(const std::vector<std::string>& items) {
    std::vector<int> out;
    for (const std::string& text : items) {
      const auto item = wire::parse_json(text);
      out.push_back(std::stoi(*item->find("n")->as_map()->front().second.as_string()));
    }
    return out;
  }

  // Items of one group, by n, with what the global index holds of them.
  void check_global_index() {
    const std::string g = below(2) == 0 ? "x" : "y";
    const bool forward = below(2) == 0;
    std::vector<std::string> wanted;
    for (const auto& [key, item] : model_) {
      if (!at(item, "g") || at(item, "g")->text != g || !at(item, "n")) continue;
      Item held = item;
      held.erase("l");
      held.erase("m");
      wanted.push_back(plain::item_json(held));
    }
    const auto found =
        any_language() == Language::partiql
            ? read_statement("SELECT * FROM \"T-1\".\"by-g\" WHERE g = '" + g + "' ORDER BY n " +
                             (forward ? "ASC" : "DESC"))
            : read_pages(
                  "Query",
                  R"(,"IndexName":"by-g","KeyConditionExpression":"g = :g","ScanIndexForward":)" +
                      std::string(forward ? "true" : "false") +
                      R"(,"ExpressionAttributeValues":{":g":{"S":")" + g + R"("}})");
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(wanted));
    auto order = numbers(found);
    if (!forward) std::ranges::reverse(order);
    EXPECT_TRUE(std::ranges::is_sorted(order));
  }

  void check_local_index() {
    const std::string id(1, static_cast<char>('a' + below(3)));
    const int to = below(6);
    const auto wanted = expected([&](const Key& key, const Item& item) {
      return key.first == id && at(item, "n") && at(item, "n")->number < to;
    });
    const auto found = read_pages(
        "Query",
        R"(,"IndexName":"by-n","KeyConditionExpression":"id = :id AND n < :to","ExpressionAttributeValues":{":id":{"S":")" +
            id + R"("},":to":{"N":")" + std::to_string(to) + R"("}})");
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(wanted));
    EXPECT_TRUE(std::ranges::is_sorted(numbers(found)));
  }

  void check_all() {
    const PlainCondition filter = any_condition();
    const auto wanted = expected([&](const Key&, const Item& item) { return filter.holds(item); });
    std::vector<std::string> found;
    if (any_language() == Language::partiql) {
      found = read_statement("SELECT * FROM \"T-1\" WHERE " + filter.partiql);
    } else {
      const int segments = 1 + below(3);
      for (int segment = 0; segment < segments; ++segment) {
        auto part = read_pages("Scan", R"(,"TotalSegments":)" + std::to_string(segments) +
                                           R"(,"Segment":)" + std::to_string(segment) +
                                           R"(,"FilterExpression":")" + filter.expression + "\"" +
                                           values_for(filter.expression));
        found.insert(found.end(), part.begin(), part.end());
      }
    }
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(wanted)) << filter.expression;
  }

  // Items by their keys, in one call: those that are there.
  void check_keys() {
    std::set<Key> keys{any_key(), any_key(), any_key()};
    std::vector<std::string> wanted;
    std::string batch;
    std::string statements;
    for (const Key& key : keys) {
      batch += (batch.empty() ? "" : ",") + plain::item_json(key_item(key));
      statements += std::string(statements.empty() ? "" : ",") + R"({"Statement":)" +
                    wire::to_json(wire::Document("SELECT * FROM \"T-1\" WHERE " + key_where(key))) +
                    "}";
      if (model_.contains(key)) wanted.push_back(plain::item_json(model_.at(key)));
    }
    std::vector<std::string> found;
    if (any_language() == Language::api) {
      const Reply reply =
          world_.must("BatchGetItem", R"({"RequestItems":{"T-1":{"Keys":[)" + batch + "]}}}");
      for (const wire::Document& item : *reply.body.find("Responses")->find("T-1")->as_list()) {
        found.push_back(wire::to_json(item));
      }
    } else {
      const Reply reply = world_.must(
          below(2) == 0 ? "BatchExecuteStatement" : "ExecuteTransaction",
          R"({"Statements":[)" + statements + R"(],"TransactStatements":[)" + statements + "]}");
      for (const wire::Document& answer : *reply.body.find("Responses")->as_list()) {
        if (const wire::Document* item = answer.find("Item")) found.push_back(wire::to_json(*item));
      }
    }
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(wanted));
  }

  void step() {
    using Step = void (DifferentialTest::*)();
    using Self = DifferentialTest;
    constexpr Step kSteps[] = {&Self::put,
                               &Self::put,
                               &Self::put,
                               &Self::remove,
                               &Self::update,
                               &Self::update,
                               &Self::update,
                               &Self::transact,
                               &Self::transact,
                               &Self::check_partition,
                               &Self::check_keys,
                               &Self::check_global_index,
                               &Self::check_local_index,
                               &Self::check_all};
    (this->*kSteps[below(std::size(kSteps))])();
  }

  std::mt19937 random_;
  World world_;
  plain::Table model_;
};

TEST_P(DifferentialTest, AgreesWithAPlainModel) {
  for (int i = 0; i < 600 && !HasFailure(); ++i) step();
}

INSTANTIATE_TEST_SUITE_P(Seeds, DifferentialTest, testing::Range(1U, 13U));

}  // namespace
}  // namespace mayfly::dynamodb
