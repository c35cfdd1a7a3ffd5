// Shapes: how a request or response struct describes its members, once, for every codec and for
// validation.
//
//   struct GetFunctionRequest {
//     std::string function_name;
//     std::optional<std::string> qualifier;
//     static constexpr auto shape() {
//       using Self = GetFunctionRequest;
//       return std::tuple{
//           wire::field("FunctionName",
//           &Self::function_name).required().in(wire::Place::path).length(1, 140),
//           wire::field("Qualifier",
//           &Self::qualifier).in(wire::Place::query).pattern("[0-9]+|\\$LATEST")};
//     }
//   };
//
// Member types: std::string, bool, std::int32_t, std::int64_t, double, Blob, Timestamp, Document
// (free form), std::optional<T>, std::vector<T> (not of bool), std::map<std::string, T>, structs
// with shape(), and std::unique_ptr<T> (optional, for recursion). A member that is neither optional
// nor required() keeps its initial value when the client leaves it out. In responses unset
// optionals and null Documents are left out and everything else is written.
//
// The descriptions become one run-time table a struct (ShapeInfo, made at first use, never
// destroyed before exit); codecs and validation are ordinary functions over that table, so a new
// struct costs little to compile and a new protocol costs nothing per struct. Structs must be
// default-constructible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wire/document.h"
#include "wire/pattern.h"

namespace mayfly::wire {

// Where a member travels. Only REST protocols know other places than the body.
enum class Place { body, path, query, header, prefix_headers, payload, status_code };

// The text form of a Timestamp. by_protocol: epoch seconds in JSON bodies, ISO 8601 in XML, query
// strings and forms, RFC 7231 in headers.
enum class TimestampFormat { by_protocol, epoch_seconds, iso8601, http_date };

// What a value must satisfy; checked after decoding, answered in AWS's wording (validate.h).
struct Rules {
  static constexpr std::int64_t kNone = -1;
  bool required = false;
  std::int64_t min_length = kNone;  // text: UTF-16 units; blobs: bytes; lists and maps: entries
  std::int64_t max_length = kNone;
  bool has_min = false;
  bool has_max = false;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::span<const std::string_view> allowed = {};
  std::string_view pattern = {};

  constexpr bool any() const {
    return min_length != kNone || max_length != kNone || has_min || has_max || !allowed.empty() ||
           !pattern.empty();
  }
};

// Rules for the elements of a list or the keys or values of a map:
// field(...).each(rules().length(1, 128)).
class RulesBuilder {
 public:
  constexpr RulesBuilder length(std::int64_t min, std::int64_t max) const {
    RulesBuilder copy = *this;
    copy.rules_.min_length = min;
    copy.rules_.max_length = max;
    return copy;
  }
  constexpr RulesBuilder range(std::int64_t min, std::int64_t max) const {
    RulesBuilder copy = *this;
    copy.rules_.has_min = copy.rules_.has_max = true;
    copy.rules_.min = min;
    copy.rules_.max = max;
    return copy;
  }
  constexpr RulesBuilder one_of(std::span<const std::string_view> values) const {
    RulesBuilder copy = *this;
    copy.rules_.allowed = values;
    return copy;
  }
  constexpr RulesBuilder pattern(std::string_view text) const {
    RulesBuilder copy = *this;
    copy.rules_.pattern = text;
    return copy;
  }
  constexpr const Rules& get() const { return rules_; }

 private:
  Rules rules_;
};
constexpr RulesBuilder rules() { return {}; }

struct FieldSpec {
  std::string_view name;  // as in the AWS model; the JSON and Query name
  std::string_view
      location;  // name at its place: header name, query key, path label; prefix of headers
  Place place = Place::body;
  TimestampFormat timestamp = TimestampFormat::by_protocol;
  bool flattened = false;  // Query and XML: list entries without a "member" level
  Rules rules;             // of the member itself
  Rules each;              // of list elements and map values
  Rules keys;              // of map keys
};

template <class Owner, class Member>
class Field {
 public:
  constexpr Field(std::string_view name, Member Owner::* member) : member_(member) {
    spec_.name = spec_.location = name;
  }
  constexpr Field required() const {
    Field copy = *this;
    copy.spec_.rules.required = true;
    return copy;
  }
  constexpr Field in(Place place) const {
    Field copy = *this;
    copy.spec_.place = place;
    return copy;
  }
  constexpr Field in(Place place, std::string_view location) const {
    Field copy = *this;
    copy.spec_.place = place;
    copy.spec_.location = location;
    return copy;
  }
  // Text: characters (UTF-16 units, as AWS counts); blobs: bytes.
  constexpr Field length(std::int64_t min, std::int64_t max) const {
    Field copy = *this;
    copy.spec_.rules.min_length = min;
    copy.spec_.rules.max_length = max;
    return copy;
  }
  // Entries of a list or a map.
  constexpr Field items(std::int64_t min, std::int64_t max) const { return length(min, max); }
  constexpr Field range(std::int64_t min, std::int64_t max) const {
    Field copy = at_least(min);
    copy.spec_.rules.has_max = true;
    copy.spec_.rules.max = max;
    return copy;
  }
  constexpr Field at_least(std::int64_t min) const {
    Field copy = *this;
    copy.spec_.rules.has_min = true;
    copy.spec_.rules.min = min;
    return copy;
  }
  // `values` must have static storage: a constexpr array at namespace scope.
  constexpr Field one_of(std::span<const std::string_view> values) const {
    Field copy = *this;
    copy.spec_.rules.allowed = values;
    return copy;
  }
  // The regular expression of the AWS model; the whole value must match.
  constexpr Field pattern(std::string_view text) const {
    Field copy = *this;
    copy.spec_.rules.pattern = text;
    return copy;
  }
  constexpr Field each(RulesBuilder element_rules) const {
    Field copy = *this;
    copy.spec_.each = element_rules.get();
    return copy;
  }
  constexpr Field keys(RulesBuilder key_rules) const {
    Field copy = *this;
    copy.spec_.keys = key_rules.get();
    return copy;
  }
  constexpr Field timestamp(TimestampFormat format) const {
    Field copy = *this;
    copy.spec_.timestamp = format;
    return copy;
  }
  constexpr Field flattened() const {
    Field copy = *this;
    copy.spec_.flattened = true;
    return copy;
  }

  constexpr const FieldSpec& spec() const { return spec_; }
  constexpr Member Owner::* member() const { return member_; }

 private:
  FieldSpec spec_;
  Member Owner::* member_;
};

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::* member) {
  return Field<Owner, Member>(name, member);
}

// ---- the run-time tables
// ------------------------------------------------------------------------------

enum class Kind {
  string,
  boolean,
  int32,
  int64,
  float64,
  blob,
  timestamp,
  document,  // scalars and free form
  optional,  // std::optional and std::unique_ptr
  list,
  map,
  structure,
};

struct ShapeInfo;

// The operations of one C++ member type, with the type erased. `self` is the address of a value of
// that type.
struct TypeInfo {
  Kind kind;
  const TypeInfo* element = nullptr;      // of optional, list and map
  const ShapeInfo& (*shape)() = nullptr;  // of a structure
  void* (*emplace)(void* self) =
      nullptr;  // optional: a new value in it; list: a new element at its end
  void (*reserve)(void* self, std::size_t count) = nullptr;  // list
  void* (*insert)(void* self, std::string&& key) = nullptr;  // map: the value under that key
  void* (*value)(void* self) = nullptr;                      // optional: its value or null
  std::size_t (*size)(const void* self) = nullptr;           // list, map
  // list, map: calls visit for each element until it returns false; `key` is null for lists.
  void (*walk)(void* self, void* state,
               bool (*visit)(void* state, const std::string* key, void* element)) = nullptr;
};

struct FieldInfo {
  FieldSpec spec;
  const TypeInfo* type = nullptr;
  std::size_t offset = 0;
  std::unique_ptr<Pattern> pattern, each_pattern, key_pattern;  // null where there is none

  void* in(void* object) const { return static_cast<char*>(object) + offset; }
  const void* in(const void* object) const { return static_cast<const char*>(object) + offset; }
};

struct ShapeInfo {
  std::vector<FieldInfo> fields;
  bool only_body = true;               // no member has another place
  const FieldInfo* payload = nullptr;  // the member that is the whole body, if one is

  const FieldInfo* find(std::string_view name) const;
  void add(const FieldSpec& spec, const TypeInfo& type, std::size_t offset);
  void finish();
};

template <class S>
const ShapeInfo& shape_of();

template <class T>
concept Structure = requires { T::shape(); };

namespace detail {

template <class T>
struct TypeOf;

template <Kind K>
struct Scalar {
  static constexpr TypeInfo info{.kind = K};
};
template <>
struct TypeOf<std::string> : Scalar<Kind::string> {};
template <>
struct TypeOf<bool> : Scalar<Kind::boolean> {};
template <>
struct TypeOf<std::int32_t> : Scalar<Kind::int32> {};
template <>
struct TypeOf<std::int64_t> : Scalar<Kind::int64> {};
template <>
struct TypeOf<double> : Scalar<Kind::float64> {};
template <>
struct TypeOf<Blob> : Scalar<Kind::blob> {};
template <>
struct TypeOf<Timestamp> : Scalar<Kind::timestamp> {};
template <>
struct TypeOf<Document> : Scalar<Kind::document> {};

template <Structure T>
struct TypeOf<T> {
  static constexpr TypeInfo info{.kind = Kind::structure, .shape = &shape_of<T>};
};
template <class T>
struct TypeOf<std::optional<T>> {
  using Self = std::optional<T>;
  static constexpr TypeInfo info{
      .kind = Kind::optional,
      .element = &TypeOf<T>::info,
      .emplace = [](void* self) -> void* { return &static_cast<Self*>(self)->emplace(); },
      .value = [](void* self) -> void* {
        auto& optional = *static_cast<Self*>(self);
        return optional ? &*optional : nullptr;
      }};
};
template <class T>
struct TypeOf<std::unique_ptr<T>> {
  using Self = std::unique_ptr<T>;
  static constexpr TypeInfo info{
      .kind = Kind::optional,
      .element = &TypeOf<T>::info,
      .emplace = [](void* self) -> void* {
        auto& pointer = *static_cast<Self*>(self);
        pointer = std::make_unique<T>();
        return pointer.get();
      },
      .value = [](void* self) -> void* { return static_cast<Self*>(self)->get(); }};
};
template <class T>
struct TypeOf<std::vector<T>> {
  static_assert(!std::is_same_v<T, bool>, "a list of bool has no addressable elements");
  using Self = std::vector<T>;
  static constexpr TypeInfo info{
      .kind = Kind::list,
      .element = &TypeOf<T>::info,
      .emplace = [](void* self) -> void* { return &static_cast<Self*>(self)->emplace_back(); },
      .reserve = [](void* self, std::size_t count) { static_cast<Self*>(self)->reserve(count); },
      .size = [](const void* self) { return static_cast<const Self*>(self)->size(); },
      .walk =
          [](void* self, void* state, bool (*visit)(void*, const std::string*, void*)) {
            for (T& element : *static_cast<Self*>(self)) {
              if (!visit(state, nullptr, &element)) return;
            }
          }};
};
template <class T>
struct TypeOf<std::map<std::string, T>> {
  using Self = std::map<std::string, T>;
  static constexpr TypeInfo info{
      .kind = Kind::map,
      .element = &TypeOf<T>::info,
      .insert = [](void* self, std::string&& key) -> void* {
        return &(*static_cast<Self*>(self))[std::move(key)];
      },
      .size = [](const void* self) { return static_cast<const Self*>(self)->size(); },
      .walk =
          [](void* self, void* state, bool (*visit)(void*, const std::string*, void*)) {
            for (auto& [key, element] : *static_cast<Self*>(self)) {
              if (!visit(state, &key, &element)) return;
            }
          }};
};

}  // namespace detail

template <class S>
const ShapeInfo& shape_of() {
  static const ShapeInfo info = [] {
    // Offsets come from a real object: a pointer to member says nothing about its offset in
    // constant expressions.
    const S probe{};
    const char* base = reinterpret_cast<const char*>(&probe);
    ShapeInfo shape;
    std::apply(
        [&](const auto&... fields) {
          (shape.add(fields.spec(),
                     detail::TypeOf<std::remove_cvref_t<decltype(probe.*fields.member())>>::info,
                     static_cast<std::size_t>(
                         reinterpret_cast<const char*>(&(probe.*fields.member())) - base)),
           ...);
        },
        S::shape());
    shape.finish();
    return shape;
  }();
  return info;
}

// A request or a response without members.
struct Empty {
  static constexpr auto shape() { return std::tuple{}; }
};

}  // namespace mayfly::wire
