// Value: an attribute value of DynamoDB (S N B BOOL NULL M L SS NS BS), and Map: an item or a
// nested map.
//
// Value types; copying copies all of it. Maps and sets keep their members sorted, so equality is
// plain comparison, stored bytes are the same for equal values, and lookup is a binary search.
// Invariants that a Value holds: set members are sorted and distinct, a set is not empty. Nesting
// is bounded where values enter (convert.h, codec.h), so recursion over a Value is too.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/dynamodb/model/error.h"
#include "services/dynamodb/model/number.h"

namespace mayfly::dynamodb {

// Limits of DynamoDB that the model enforces.
inline constexpr std::size_t kMaxItemSize = 400 * 1024;
inline constexpr int kMaxNesting = 32;
inline constexpr std::size_t kMaxPartitionKeySize = 2048;
inline constexpr std::size_t kMaxSortKeySize = 1024;

class Value;

// Attributes by name, sorted by its bytes.
class Map {
 public:
  struct Entry;
  using Entries = std::vector<Entry>;

  Map() noexcept;
  Map(const Map& other);
  Map(Map&& other) noexcept;
  Map& operator=(const Map& other);
  Map& operator=(Map&& other) noexcept;
  ~Map();
  // Sorts; of equal names (readers of requests let none through) one stays.
  static Map from(Entries entries);

  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  Value& set(std::string_view name, Value value);
  bool erase(std::string_view name);
  void append_sorted(std::string name, Value value);  // name is greater than all that are there

  std::size_t size() const;
  bool empty() const;
  Entries::const_iterator begin() const;
  Entries::const_iterator end() const;
  Entries::iterator begin();
  Entries::iterator end();
  bool operator==(const Map& other) const;

 private:
  Entries entries_;
};
using Item = Map;

enum class Type : std::uint8_t { s, n, b, boolean, null, map, list, ss, ns, bs };

std::string_view type_name(Type type);       // "S", "BOOL", ...
std::string_view type_long_name(Type type);  // "STRING", "BOOLEAN": some messages use these
std::optional<Type> type_from_name(std::string_view name);

struct Null {
  bool operator==(const Null&) const = default;
};
struct Binary {
  std::string bytes;
  auto operator<=>(const Binary&) const = default;
};
using List = std::vector<Value>;
using StringSet = std::vector<std::string>;
using NumberSet = std::vector<Number>;
using BinarySet = std::vector<Binary>;

class Value {
 public:
  // In the order of Type.
  using Variant = std::variant<std::string, Number, Binary, bool, Null, Map, List, StringSet,
                               NumberSet, BinarySet>;

  Value() : value_(Null{}) {}
  Value(std::string text) : value_(std::move(text)) {}
  Value(Number number) : value_(number) {}
  Value(Binary binary) : value_(std::move(binary)) {}
  explicit Value(bool flag) : value_(flag) {}
  Value(Null) : value_(Null{}) {}
  Value(Map map) : value_(std::move(map)) {}
  Value(List list) : value_(std::move(list)) {}

  // Sorts; nullopt for an empty set or one with a member twice.
  static std::optional<Value> string_set(StringSet members);
  static std::optional<Value> number_set(NumberSet members);
  static std::optional<Value> binary_set(BinarySet members);

  Type type() const { return static_cast<Type>(value_.index()); }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&value_);
  }
  const Variant& variant() const { return value_; }
  bool is_scalar_key() const { return type() <= Type::b; }  // S, N, B
  bool operator==(const Value& other) const;

 private:
  template <class Set>
  static std::optional<Value> make_set(Set members);
  Variant value_;
};

struct Map::Entry {
  std::string name;
  Value value;
  bool operator==(const Entry&) const = default;
};

inline Map::Map() noexcept = default;
inline Map::Map(const Map& other) = default;
inline Map::Map(Map&& other) noexcept = default;
inline Map& Map::operator=(const Map& other) = default;
inline Map& Map::operator=(Map&& other) noexcept = default;
inline Map::~Map() = default;
inline std::size_t Map::size() const { return entries_.size(); }
inline bool Map::empty() const { return entries_.empty(); }
inline Map::Entries::const_iterator Map::begin() const { return entries_.begin(); }
inline Map::Entries::const_iterator Map::end() const { return entries_.end(); }
inline Map::Entries::iterator Map::begin() { return entries_.begin(); }
inline Map::Entries::iterator Map::end() { return entries_.end(); }
inline bool Map::operator==(const Map& other) const { return entries_ == other.entries_; }
inline bool Value::operator==(const Value& other) const { return value_ == other.value_; }

// Order of two S, two N or two B; nullopt for anything else.
std::optional<std::strong_ordering> compare(const Value& a, const Value& b);

// Bytes as DynamoDB counts them: names and values, one more for each nested element, three for a
// list or map.
std::size_t size_of(const Value& value);
std::size_t size_of(const Map& item);

// How many maps and lists lie in one another: 0 for a scalar.
int depth_of(const Value& value);
inline constexpr std::string_view kNestedTooDeep =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels "
    "beyond supported limit";

// Set algebra for ADD and DELETE; nullopt where the types differ or are no sets. A difference may
// be empty.
struct SetDifference {
  std::optional<Value> rest;  // unset: nothing was left
};
std::optional<Value> set_union(const Value& a, const Value& b);
std::optional<SetDifference> set_difference(const Value& a, const Value& b);

// "{S:abc}": how DynamoDB shows a value inside some messages.
std::string describe(const Value& value);

}  // namespace mayfly::dynamodb
