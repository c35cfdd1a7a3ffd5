#include "services/dynamodb/model/value.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/strings.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::array<std::string_view, 10> kNames{"S", "N", "B",  "BOOL", "NULL",
                                                  "M", "L", "SS", "NS",   "BS"};
constexpr std::array<std::string_view, 10> kLongNames{
    "STRING", "NUMBER", "BINARY",     "BOOLEAN",    "NULL",
    "MAP",    "LIST",   "STRING_SET", "NUMBER_SET", "BINARY_SET"};

constexpr std::size_t kContainerOverhead = 3;
constexpr std::size_t kElementOverhead = 1;

template <class Entries>
auto lower_bound_by_name(Entries& entries, std::string_view name) {
  return std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const Map::Entry& entry, std::string_view key) { return entry.name < key; });
}

}  // namespace

std::string_view type_name(Type type) { return kNames[static_cast<std::size_t>(type)]; }
std::string_view type_long_name(Type type) { return kLongNames[static_cast<std::size_t>(type)]; }

std::optional<Type> type_from_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Type>(found - kNames.begin());
}

Map Map::from(Entries entries) {
  const auto by_name = [](const Entry& a, const Entry& b) { return a.name < b.name; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_name)) {
    std::sort(entries.begin(), entries.end(), by_name);
  }
  const auto same_name = [](const Entry& a, const Entry& b) { return a.name == b.name; };
  entries.erase(std::unique(entries.begin(), entries.end(), same_name), entries.end());
  Map map;
  map.entries_ = std::move(entries);
  return map;
}

const Value* Map::find(std::string_view name) const {
  const auto at = lower_bound_by_name(entries_, name);
  return at != entries_.end() && at->name == name ? &at->value : nullptr;
}

Value* Map::find(std::string_view name) {
  const auto at = lower_bound_by_name(entries_, name);
  return at != entries_.end() && at->name == name ? &at->value : nullptr;
}

Value& Map::set(std::string_view name, Value value) {
  auto at = lower_bound_by_name(entries_, name);
  if (at != entries_.end() && at->name == name) {
    at->value = std::move(value);
  } else {
    at = entries_.insert(at, Entry{std::string(name), std::move(value)});
  }
  return at->value;
}

bool Map::erase(std::string_view name) {
  const auto at = lower_bound_by_name(entries_, name);
  if (at == entries_.end() || at->name != name) return false;
  entries_.erase(at);
  return true;
}

void Map::append_sorted(std::string name, Value value) {
  entries_.push_back(Entry{std::move(name), std::move(value)});
}

template <class Set>
std::optional<Value> Value::make_set(Set members) {
  if (members.empty()) return std::nullopt;
  std::sort(members.begin(), members.end());
  if (std::adjacent_find(members.begin(), members.end()) != members.end()) return std::nullopt;
  Value value;
  value.value_ = std::move(members);
  return value;
}

std::optional<Value> Value::string_set(StringSet members) { return make_set(std::move(members)); }
std::optional<Value> Value::number_set(NumberSet members) { return make_set(std::move(members)); }
std::optional<Value> Value::binary_set(BinarySet members) { return make_set(std::move(members)); }

std::optional<std::strong_ordering> compare(const Value& a, const Value& b) {
  if (a.type() != b.type()) return std::nullopt;
  switch (a.type()) {
    case Type::s:
      return *a.as<std::string>() <=> *b.as<std::string>();
    case Type::n:
      return *a.as<Number>() <=> *b.as<Number>();
    case Type::b:
      return *a.as<Binary>() <=> *b.as<Binary>();
    default:
      return std::nullopt;
  }
}

std::size_t size_of(const Value& value) {
  struct Sizer {
    std::size_t operator()(const std::string& text) const { return text.size(); }
    std::size_t operator()(const Number& number) const { return number.stored_size(); }
    std::size_t operator()(const Binary& binary) const { return binary.bytes.size(); }
    std::size_t operator()(bool) const { return 1; }
    std::size_t operator()(Null) const { return 1; }
    std::size_t operator()(const Map& map) const {
      return kContainerOverhead + size_of(map) + map.size() * kElementOverhead;
    }
    std::size_t operator()(const List& list) const {
      std::size_t sum = kContainerOverhead;
      for (const Value& element : list) sum += size_of(element) + kElementOverhead;
      return sum;
    }
    std::size_t operator()(const StringSet& set) const {
      std::size_t sum = 0;
      for (const std::string& member : set) sum += member.size();
      return sum;
    }
    std::size_t operator()(const NumberSet& set) const {
      std::size_t sum = 0;
      for (const Number& member : set) sum += member.stored_size();
      return sum;
    }
    std::size_t operator()(const BinarySet& set) const {
      std::size_t sum = 0;
      for (const Binary& member : set) sum += member.bytes.size();
      return sum;
    }
  };
  return std::visit(Sizer{}, value.variant());
}

std::size_t size_of(const Map& item) {
  std::size_t sum = 0;
  for (const Map::Entry& entry : item) sum += entry.name.size() + size_of(entry.value);
  return sum;
}

int depth_of(const Value& value) {
  int deepest = 0;
  if (const Map* map = value.as<Map>()) {
    for (const Map::Entry& entry : *map) deepest = std::max(deepest, depth_of(entry.value));
    return deepest + 1;
  }
  if (const List* list = value.as<List>()) {
    for (const Value& element : *list) deepest = std::max(deepest, depth_of(element));
    return deepest + 1;
  }
  return 0;
}

namespace {

template <class Set>
Set united(const Set& a, const Set& b) {
  Set out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

template <class Set>
Set without(const Set& a, const Set& b) {
  Set out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

}  // namespace

std::optional<Value> set_union(const Value& a, const Value& b) {
  if (a.type() != b.type()) return std::nullopt;
  if (const auto* set = a.as<StringSet>())
    return Value::string_set(united(*set, *b.as<StringSet>()));
  if (const auto* set = a.as<NumberSet>())
    return Value::number_set(united(*set, *b.as<NumberSet>()));
  if (const auto* set = a.as<BinarySet>())
    return Value::binary_set(united(*set, *b.as<BinarySet>()));
  return std::nullopt;
}

std::optional<SetDifference> set_difference(const Value& a, const Value& b) {
  if (a.type() != b.type()) return std::nullopt;
  if (const auto* set = a.as<StringSet>()) {
    return SetDifference{Value::string_set(without(*set, *b.as<StringSet>()))};
  }
  if (const auto* set = a.as<NumberSet>()) {
    return SetDifference{Value::number_set(without(*set, *b.as<NumberSet>()))};
  }
  if (const auto* set = a.as<BinarySet>()) {
    return SetDifference{Value::binary_set(without(*set, *b.as<BinarySet>()))};
  }
  return std::nullopt;
}

std::string describe(const Value& value) {
  std::string out = "{";
  out.append(type_name(value.type())).push_back(':');
  if (const auto* text = value.as<std::string>()) out.append(*text);
  if (const auto* number = value.as<Number>()) number->append_text(out);
  if (const auto* binary = value.as<Binary>()) out.append(base::to_base64(binary->bytes));
  if (const auto* flag = value.as<bool>()) out.append(*flag ? "true" : "false");
  if (value.as<Null>() != nullptr) out.append("true");
  out.push_back('}');
  return out;
}

}  // namespace mayfly::dynamodb
