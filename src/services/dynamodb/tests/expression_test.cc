// The expression language through its parsers and evaluators, with texts and messages as DynamoDB
// gives them.
#include <gtest/gtest.h>

#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/model/expression/parser.h"
#include "services/dynamodb/model/expression/reserved_words.h"

namespace mayfly::dynamodb {
namespace {

Value s(std::string text) { return Value(std::move(text)); }
Value n(std::string_view text) { return Value(Number::parse(text).value()); }
Value l(List list) { return Value(std::move(list)); }
Value m(std::initializer_list<std::pair<std::string_view, Value>> entries) {
  Map map;
  for (const auto& [name, value] : entries) map.set(name, value);
  return Value(std::move(map));
}
Item item_of(std::initializer_list<std::pair<std::string_view, Value>> entries) {
  Item item;
  for (const auto& [name, value] : entries) item.set(name, value);
  return item;
}

struct Request {
  Placeholders placeholders;
  Request(std::initializer_list<std::pair<std::string, Value>> values = {},
          std::initializer_list<std::pair<std::string, std::string>> names = {}) {
    for (const auto& [key, value] : values)
      EXPECT_TRUE(placeholders.add_value(key, value).has_value());
    for (const auto& [key, name] : names) EXPECT_TRUE(placeholders.add_name(key, name).has_value());
    placeholders.sort();
  }
};

std::string condition_error(std::string_view text, Request request = {}) {
  auto parsed = parse_condition(ExpressionKind::condition, text, request.placeholders);
  return parsed ? "no error" : parsed.error().message;
}
std::string update_error(std::string_view text, Request request = {}) {
  auto parsed = parse_update(text, request.placeholders);
  return parsed ? "no error" : parsed.error().message;
}
bool met(std::string_view text, const Item& item, Request request = {}) {
  auto parsed = parse_condition(ExpressionKind::condition, text, request.placeholders);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().message);
  EXPECT_TRUE(request.placeholders.all_used().has_value());
  return parsed && holds(*parsed, item);
}
Item updated(std::string_view text, const Item& item, Request request = {}) {
  auto parsed = parse_update(text, request.placeholders);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().message);
  if (!parsed) return {};
  auto result = apply(*parsed, item);
  EXPECT_TRUE(result.has_value()) << text << ": " << (result ? "" : result.error().message);
  return result.value_or(Item{});
}
std::string apply_error(std::string_view text, const Item& item, Request request = {}) {
  auto parsed = parse_update(text, request.placeholders);
  if (!parsed) return parsed.error().message;
  auto result = apply(*parsed, item);
  return result ? "no error" : result.error().message;
}

const Request kOne{{{":v", n("1")}}};

TEST(Condition, ComparesValuesOfOneType) {
  const Item item = item_of({{"a", n("5")}, {"t", s("hello")}});
  EXPECT_TRUE(met("a = :v", item, {{{":v", n("5.0")}}}));
  EXPECT_FALSE(met("a = :v", item, {{{":v", s("5")}}}));
  EXPECT_TRUE(met("a <> :v", item, {{{":v", s("5")}}}));
  EXPECT_TRUE(met("a < :v", item, {{{":v", n("10")}}}));
  EXPECT_FALSE(met("a < :v", item, {{{":v", s("z")}}}));
  EXPECT_TRUE(met(":v <= a", item, {{{":v", n("5")}}}));
  EXPECT_TRUE(met("t >= :v", item, {{{":v", s("hell")}}}));
  EXPECT_FALSE(met("absent = :v", item, kOne));
  EXPECT_TRUE(met("absent <> :v", item, kOne));
  EXPECT_TRUE(met("a <> t", item));
}

TEST(Condition, KnowsPrecedenceAndParentheses) {
  const Item item = item_of({{"a", n("1")}, {"b", n("2")}});
  const Request values{{{":x", n("1")}, {":y", n("9")}}};
  EXPECT_TRUE(met("a = :x OR a = :y AND b = :y", item, values));
  EXPECT_FALSE(met("(a = :x OR a = :y) AND b = :y", item, values));
  EXPECT_TRUE(met("NOT a = :y and Not b = :x", item, values));
  EXPECT_FALSE(met("NOT (a = :x OR b = :y)", item, values));
  EXPECT_TRUE(met("(a) = :v", item, kOne));
}

TEST(Condition, BetweenAndIn) {
  const Item item = item_of({{"a", n("5")}});
  EXPECT_TRUE(met("a BETWEEN :l AND :h", item, {{{":l", n("5")}, {":h", n("5")}}}));
  EXPECT_FALSE(met("a between :l and :h", item, {{{":l", n("6")}, {":h", n("7")}}}));
  EXPECT_TRUE(met("a BETWEEN :l AND :h AND a = a1 OR a = :l",
                  item_of({{"a", n("5")}, {"a1", n("5")}}), {{{":l", n("4")}, {":h", n("7")}}}));
  EXPECT_TRUE(met("a IN (:x, :y)", item, {{{":x", n("1")}, {":y", n("5")}}}));
  EXPECT_FALSE(met("a IN (:x)", item, {{{":x", s("5")}}}));
}

TEST(Condition, Functions) {
  const Item item = item_of({{"t", s("hello")},
                             {"b", Value(Binary{"bytes"})},
                             {"l", l({s("x"), n("1")})},
                             {"ss", *Value::string_set({"p", "q"})},
                             {"m", m({{"k", Value(Null{})}})}});
  EXPECT_TRUE(met("attribute_exists(t) AND attribute_not_exists(u)", item));
  EXPECT_TRUE(met("attribute_exists(m.k)", item));
  EXPECT_TRUE(met("attribute_not_exists(l[2]) AND attribute_exists(l[1])", item));
  EXPECT_TRUE(met("attribute_type(m.k, :t)", item, {{{":t", s("NULL")}}}));
  EXPECT_TRUE(met("begins_with(t, :p)", item, {{{":p", s("he")}}}));
  EXPECT_TRUE(met("begins_with(b, :p)", item, {{{":p", Value(Binary{"by"})}}}));
  EXPECT_FALSE(met("begins_with(b, :p)", item, {{{":p", s("by")}}}));
  EXPECT_TRUE(met("contains(t, :p)", item, {{{":p", s("ell")}}}));
  EXPECT_TRUE(met("contains(ss, :p)", item, {{{":p", s("q")}}}));
  EXPECT_TRUE(met("contains(l, :p)", item, {{{":p", n("1")}}}));
  EXPECT_FALSE(met("contains(ss, :p)", item, {{{":p", n("1")}}}));
  EXPECT_TRUE(met("size(t) = :p AND (size(l)) < :p", item, {{{":p", n("5")}}}));
  EXPECT_FALSE(met("size(absent) = :p", item, {{{":p", n("0")}}}));
}

TEST(Condition, PlaceholdersStandForNames) {
  const Item item = item_of({{"a.b", m({{"c", l({n("7")})}})}});
  EXPECT_TRUE(met("#n.#c[0] = :v", item, {{{":v", n("7")}}, {{"#n", "a.b"}, {"#c", "c"}}}));
}

TEST(Condition, SyntaxErrorsNameTheTokenAndItsSurroundings) {
  const std::string start = "Invalid ConditionExpression: ";
  EXPECT_EQ(condition_error(""), start + "The expression can not be empty;");
  EXPECT_EQ(condition_error("a-b"), start + "Syntax error; token: \"-\", near: \"a-b\"");
  EXPECT_EQ(condition_error("a = "), start + "Syntax error; token: \"<EOF>\", near: \"=\"");
  EXPECT_EQ(condition_error("a"), start + "Syntax error; token: \"<EOF>\", near: \"a\"");
  EXPECT_EQ(condition_error("(a = :v", kOne),
            start + "Syntax error; token: \"<EOF>\", near: \":v\"");
  EXPECT_EQ(condition_error("a = :v b", kOne),
            start + "Syntax error; token: \"b\", near: \":v b\"");
  EXPECT_EQ(condition_error("a = # x"), start + "Syntax error; token: \"#\", near: \"= # x\"");
  EXPECT_EQ(condition_error("a IN ()"), start + "Syntax error; token: \")\", near: \"()\"");
  EXPECT_EQ(condition_error("a AND b"), start + "Syntax error; token: \"AND\", near: \"a AND b\"");
}

TEST(Condition, ErrorsOfMeaning) {
  const std::string start = "Invalid ConditionExpression: ";
  EXPECT_EQ(
      condition_error("a = :x"),
      start +
          "An expression attribute value used in expression is not defined; attribute value: :x");
  EXPECT_EQ(condition_error("#x = :v", kOne),
            start +
                "An expression attribute name used in the document path is not defined; attribute "
                "name: #x");
  EXPECT_EQ(condition_error("name = :v", kOne),
            start + "Attribute name is a reserved keyword; reserved keyword: name");
  EXPECT_EQ(condition_error("a.Status = :v", kOne),
            start + "Attribute name is a reserved keyword; reserved keyword: Status");
  EXPECT_EQ(condition_error("foo(a)"), start + "Invalid function name; function: foo");
  EXPECT_EQ(
      condition_error("if_not_exists(a, b)"),
      start + "The function is not allowed in a condition expression; function: if_not_exists");
  EXPECT_EQ(
      condition_error("size(a)"),
      start + "The function is not allowed to be used this way in an expression; function: size");
  EXPECT_EQ(
      condition_error("size(a, b) = :v", kOne),
      start +
          "Incorrect number of operands for operator or function; operator or function: size, "
          "number of operands: 2");
  EXPECT_EQ(condition_error("attribute_exists(:v)", kOne),
            start +
                "Operator or function requires a document path; operator or function: "
                "attribute_exists");
  EXPECT_EQ(
      condition_error("begins_with(a, :v)", kOne),
      start +
          "Incorrect operand type for operator or function; operator or function: begins_with, "
          "operand type: N");
  EXPECT_EQ(condition_error("a < :v", {{{":v", Value(true)}}}),
            start +
                "Incorrect operand type for operator or function; operator or function: <, operand "
                "type: BOOL");
  EXPECT_EQ(condition_error("attribute_type(a, :v)", {{{":v", s("X")}}}),
            start +
                "Invalid attribute type name found; type: X, valid types: "
                "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
  EXPECT_EQ(condition_error("((a = :v))", kOne),
            start + "The expression has redundant parentheses;");
  EXPECT_EQ(
      condition_error("a.b = a.b"),
      start +
          "The first operand must be distinct from the remaining operands for this operator or "
          "function; operator: =, first operand: [a, b]");
  EXPECT_EQ(
      condition_error("a BETWEEN :h AND :l", {{{":l", n("1")}, {":h", n("2")}}}),
      start +
          "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
          "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: "
          "{N:1}");
}

// Syntax is reported before meaning, wherever it stands.
TEST(Condition, SyntaxComesFirst) {
  EXPECT_EQ(condition_error("name = :undefined AND"),
            "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"AND\"");
}

TEST(Condition, IsBounded) {
  EXPECT_EQ(condition_error(std::string(4097, 'a')),
            "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; "
            "expression size: 4097");
  EXPECT_NE(condition_error(std::string(4096, '(')), "no error");
  std::string nots;
  while (nots.size() < 4000) nots += "NOT ";
  EXPECT_NE(condition_error(nots), "no error");
  std::string many = "a = :v";
  for (int i = 0; i < 200; ++i) many += " OR a = :v";
  EXPECT_EQ(condition_error(many, kOne),
            "Invalid ConditionExpression: The expression contains too many operators; operator "
            "count: 401");
}

TEST(Placeholders, MustBeUsedAndWellFormed) {
  Request request{{{":v", n("1")}, {":w", n("1")}}, {{"#a", "a"}}};
  ASSERT_TRUE(parse_condition(ExpressionKind::filter, "#a = :v", request.placeholders).has_value());
  EXPECT_EQ(request.placeholders.all_used().error().message,
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}");
  Request names{{}, {{"#a", "a"}, {"#b", "b"}}};
  EXPECT_EQ(names.placeholders.all_used().error().message,
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}");
  Placeholders placeholders;
  EXPECT_EQ(placeholders.add_value("v", n("1")).error().message,
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"v\"");
}

TEST(Update, SetsAndComputes) {
  const Item item = item_of({{"a", n("1")}, {"l", l({n("1")})}, {"m", m({})}});
  const Item after =
      updated("SET a = a + :one, b = if_not_exists(b, :one), l = list_append(:l, l), m.x = a", item,
              {{{":one", n("1")}, {":l", l({n("0")})}}});
  EXPECT_EQ(
      after,
      item_of(
          {{"a", n("2")}, {"b", n("1")}, {"l", l({n("0"), n("1")})}, {"m", m({{"x", n("1")}})}}));
}

TEST(Update, EveryRightSideSeesTheOldItem) {
  const Item item = item_of({{"a", n("1")}, {"b", n("2")}});
  EXPECT_EQ(updated("SET a = b, b = a", item), item_of({{"a", n("2")}, {"b", n("1")}}));
}

TEST(Update, ListIndexesMeanTheOldList) {
  const Item item = item_of({{"l", l({n("0"), n("1"), n("2"), n("3")})}});
  EXPECT_EQ(updated("REMOVE l[0], l[2]", item), item_of({{"l", l({n("1"), n("3")})}}));
  EXPECT_EQ(updated("REMOVE l[4] SET l[9] = :b, l[7] = :a, l[1] = :c", item,
                    {{{":a", s("a")}, {":b", s("b")}, {":c", s("c")}}}),
            item_of({{"l", l({n("0"), s("c"), n("2"), n("3"), s("a"), s("b")})}}));
  const Item nested = item_of({{"l", l({n("0"), m({{"x", n("1")}, {"y", n("2")}})})}});
  EXPECT_EQ(updated("REMOVE l[0], l[1].x", nested), item_of({{"l", l({m({{"y", n("2")}})})}}));
}

TEST(Update, AddsAndDeletes) {
  const Item item = item_of({{"n", n("1")}, {"ss", *Value::string_set({"a", "b"})}});
  EXPECT_EQ(
      updated("ADD n :n, fresh :n, ss :s", item,
              {{{":n", n("2")}, {":s", *Value::string_set({"c"})}}}),
      item_of({{"n", n("3")}, {"fresh", n("2")}, {"ss", *Value::string_set({"a", "b", "c"})}}));
  EXPECT_EQ(updated("DELETE ss :s", item, {{{":s", *Value::string_set({"a", "x"})}}}),
            item_of({{"n", n("1")}, {"ss", *Value::string_set({"b"})}}));
  EXPECT_EQ(updated("DELETE ss :s, gone :s", item, {{{":s", *Value::string_set({"a", "b"})}}}),
            item_of({{"n", n("1")}}));
}

TEST(Update, SyntaxErrors) {
  const std::string start = "Invalid UpdateExpression: ";
  EXPECT_EQ(update_error("INVALID SYNTAX HERE"),
            start + "Syntax error; token: \"INVALID\", near: \"INVALID SYNTAX\"");
  EXPECT_EQ(update_error("ADD hits : incr"),
            start + "Syntax error; token: \":\", near: \"hits : incr\"");
  EXPECT_EQ(update_error("SET"), start + "Syntax error; token: \"<EOF>\", near: \"SET\"");
  EXPECT_EQ(update_error("SET a = :v,", kOne),
            start + "Syntax error; token: \"<EOF>\", near: \",\"");
  EXPECT_EQ(update_error("SET a = :v SET b = :v", kOne),
            start + "The \"SET\" section can only be used once in an update expression;");
}

TEST(Update, ErrorsOfMeaning) {
  const std::string start = "Invalid UpdateExpression: ";
  EXPECT_EQ(
      update_error("SET a = :v, a.b = :v", kOne),
      start +
          "Two document paths overlap with each other; must remove or rewrite one of these paths; "
          "path one: [a], path two: [a, b]");
  EXPECT_EQ(update_error("SET c = :v, a.b = :v REMOVE a[1]", kOne),
            start +
                "Two document paths conflict with each other; must remove or rewrite one of these "
                "paths; path one: [a, b], path two: [a, [1]]");
  EXPECT_EQ(update_error("SET a = a + :v", {{{":v", s("x")}}}),
            start +
                "Incorrect operand type for operator or function; operator or function: +, operand "
                "type: S");
  EXPECT_EQ(
      update_error("SET a = list_append(a, :v)", {{{":v", m({})}}}),
      start +
          "Incorrect operand type for operator or function; operator or function: list_append, "
          "operand type: M");
  EXPECT_EQ(
      update_error("ADD a :v", {{{":v", s("x")}}}),
      start +
          "Incorrect operand type for operator or function; operator: ADD, operand type: STRING");
  EXPECT_EQ(
      update_error("SET a = attribute_exists(b)"),
      start + "The function is not allowed in an update expression; function: attribute_exists");
}

TEST(Update, ErrorsOfTheItem) {
  const Item item = item_of({{"t", s("x")}, {"n", n("1")}});
  EXPECT_EQ(apply_error("SET a = absent", item),
            "The provided expression refers to an attribute that does not exist in the item");
  EXPECT_EQ(apply_error("SET a.b = :v", item, kOne),
            "The document path provided in the update expression is invalid for update");
  EXPECT_EQ(apply_error("REMOVE t.b", item),
            "The document path provided in the update expression is invalid for update");
  EXPECT_EQ(apply_error("SET n = t + :v", item, kOne),
            "An operand in the update expression has an incorrect data type");
  EXPECT_EQ(apply_error("ADD t :v", item, kOne),
            "An operand in the update expression has an incorrect data type");
}

TEST(Projection, SelectsParts) {
  const Item item = item_of({{"a", n("1")},
                             {"m", m({{"x", n("1")}, {"y", n("2")}})},
                             {"l", l({n("0"), m({{"k", s("v")}}), n("2")})}});
  const auto projected = [&](std::string_view text) {
    Request request;
    auto parsed = parse_projection(text, request.placeholders);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed ? project(*parsed, item) : Item{};
  };
  EXPECT_EQ(projected("a, absent"), item_of({{"a", n("1")}}));
  EXPECT_EQ(projected("m.y"), item_of({{"m", m({{"y", n("2")}})}}));
  EXPECT_EQ(projected("l[2], l[0], l[7]"), item_of({{"l", l({n("0"), n("2")})}}));
  EXPECT_EQ(projected("l[1].k, m.zzz"), item_of({{"l", l({m({{"k", s("v")}})})}}));
  Request request;
  EXPECT_EQ(
      parse_projection("a.b, a", request.placeholders).error().message,
      "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or "
      "rewrite one of these paths; path one: [a, b], path two: [a]");
}

TEST(ReservedWords, AreFoundInAnyCase) {
  EXPECT_TRUE(is_reserved_word("ABORT"));
  EXPECT_TRUE(is_reserved_word("zone"));
  EXPECT_TRUE(is_reserved_word("Timestamp"));
  EXPECT_FALSE(is_reserved_word("orderId"));
  EXPECT_FALSE(is_reserved_word(std::string(100, 'A')));
}

}  // namespace
}  // namespace mayfly::dynamodb
