// A database as one would write it in an afternoon: std::map, no keys, no codecs, no parser. The
// differential test holds the service against it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mayfly::dynamodb::plain {

struct Value {
  enum class Kind { number, text, list, map, set } kind = Kind::number;
  int number = 0;
  std::string text;
  std::vector<Value> list;
  std::map<std::string, Value> map;
  std::set<int> set;
  bool operator==(const Value&) const = default;

  static Value of(int number) { return {Kind::number, number, {}, {}, {}, {}}; }
  static Value of(std::string text) { return {Kind::text, 0, std::move(text), {}, {}, {}}; }
  static Value list_of(std::vector<Value> list) {
    return {Kind::list, 0, {}, std::move(list), {}, {}};
  }
  static Value map_of(std::map<std::string, Value> map) {
    return {Kind::map, 0, {}, {}, std::move(map), {}};
  }
  static Value set_of(std::set<int> set) { return {Kind::set, 0, {}, {}, {}, std::move(set)}; }

  // {"N":"1"}
  std::string json() const;
  // 1, 'x', [1], {'a': 1}, <<1>>
  std::string partiql() const;
};

using Item = std::map<std::string, Value>;
using Key = std::pair<std::string, int>;  // id, sk
using Table = std::map<Key, Item>;

// A condition in both languages, and what it says of an item.
struct Condition {
  std::string expression;  // with its values as placeholders (see Values)
  std::string partiql;
  bool (*test)(const Item&, int argument) = nullptr;
  int argument = 0;
  enum class Kind { leaf, negation, both, either } kind = Kind::leaf;
  std::vector<Condition> parts;

  bool holds(const Item& item) const;
};

// One change of one attribute, in both languages; `change` is false where DynamoDB refuses.
struct Change {
  enum class Section { set, remove, add, erase } section = Section::set;
  std::string expression;  // behind the section's word
  std::string partiql;     // with its SET or REMOVE
  bool (*change)(Item& after, const Item& before, int argument) = nullptr;
  int argument = 0;
};

std::string item_json(const Item& item);

inline std::string Value::json() const {
  std::string out;
  switch (kind) {
    case Kind::number:
      return R"({"N":")" + std::to_string(number) + "\"}";
    case Kind::text:
      return R"({"S":")" + text + "\"}";
    case Kind::list:
      for (const Value& element : list) out += (out.empty() ? "" : ",") + element.json();
      return R"({"L":[)" + out + "]}";
    case Kind::map:
      return R"({"M":)" + item_json(map) + "}";
    case Kind::set:
      for (const int member : set) {
        out += (out.empty() ? "\"" : ",\"") + std::to_string(member) + "\"";
      }
      return R"({"NS":[)" + out + "]}";
  }
  return out;
}

inline std::string Value::partiql() const {
  std::string out;
  switch (kind) {
    case Kind::number:
      return std::to_string(number);
    case Kind::text:
      return "'" + text + "'";
    case Kind::list:
      for (const Value& element : list) out += (out.empty() ? "" : ", ") + element.partiql();
      return "[" + out + "]";
    case Kind::map:
      for (const auto& [name, member] : map) {
        out += (out.empty() ? "'" : ", '") + name + "': " + member.partiql();
      }
      return "{" + out + "}";
    case Kind::set:
      for (const int member : set) out += (out.empty() ? "" : ", ") + std::to_string(member);
      return "<<" + out + ">>";
  }
  return out;
}

inline std::string item_json(const Item& item) {
  std::string out;
  for (const auto& [name, value] : item) {
    out += (out.empty() ? "\"" : ",\"") + name + "\":" + value.json();
  }
  return "{" + out + "}";
}

inline bool Condition::holds(const Item& item) const {
  switch (kind) {
    case Kind::leaf:
      return test(item, argument);
    case Kind::negation:
      return !parts[0].holds(item);
    case Kind::both:
      return parts[0].holds(item) && parts[1].holds(item);
    case Kind::either:
      return parts[0].holds(item) || parts[1].holds(item);
  }
  return false;
}

}  // namespace mayfly::dynamodb::plain
