// The conditions and changes that the differential test makes its requests of: each in both
// languages, with what it means to the plain model.
#pragma once

#include <string>
#include <string_view>

#include "services/dynamodb/tests/plain_model.h"

namespace mayfly::dynamodb::plain {

// The argument stands where the texts have an @.
struct ConditionForm {
  std::string_view expression;
  std::string_view partiql;
  bool (*test)(const Item&, int);
};

inline const Value* at(const Item& item, std::string_view name) {
  const auto found = item.find(std::string(name));
  return found == item.end() ? nullptr : &found->second;
}
inline const Value* member(const Item& item, std::string_view map, const std::string& name) {
  const Value* whole = at(item, map);
  if (whole == nullptr || !whole->map.contains(name)) return nullptr;
  return &whole->map.at(name);
}

inline constexpr ConditionForm kConditions[] = {
    {"n = :@", "n = @", [](const Item& i, int v) { return at(i, "n") && at(i, "n")->number == v; }},
    {"n <> :@", "n <> @",
     [](const Item& i, int v) { return !at(i, "n") || at(i, "n")->number != v; }},
    {"n < :@", "n < @", [](const Item& i, int v) { return at(i, "n") && at(i, "n")->number < v; }},
    {":@ <= n", "@ <= n",
     [](const Item& i, int v) { return at(i, "n") && at(i, "n")->number >= v; }},
    {"n BETWEEN :@ AND :5", "n BETWEEN @ AND 5",
     [](const Item& i, int v) {
       return at(i, "n") && at(i, "n")->number >= v && at(i, "n")->number <= 5;
     }},
    {"n IN (:@, :2)", "n IN [@, 2]",
     [](const Item& i, int v) {
       return at(i, "n") && (at(i, "n")->number == v || at(i, "n")->number == 2);
     }},
    {"attribute_exists(l)", "l IS NOT MISSING",
     [](const Item& i, int) { return at(i, "l") != nullptr; }},
    {"attribute_not_exists(m.a)", "m.a IS MISSING",
     [](const Item& i, int) { return member(i, "m", "a") == nullptr; }},
    {"size(l) > :@", "size(l) > @",
     [](const Item& i, int v) {
       return at(i, "l") && static_cast<int>(at(i, "l")->list.size()) > v;
     }},
    {"contains(t, :@)", "contains(t, @)",
     [](const Item& i, int v) { return at(i, "t") && at(i, "t")->set.contains(v); }},
    {"m.a = :@", "m.a = @",
     [](const Item& i, int v) { return member(i, "m", "a") && member(i, "m", "a")->number == v; }},
    {"l[0] >= :@", "l[0] >= @",
     [](const Item& i, int v) {
       return at(i, "l") && !at(i, "l")->list.empty() && at(i, "l")->list[0].number >= v;
     }},
    {"begins_with(g, :x)", "begins_with(g, 'x')",
     [](const Item& i, int) { return at(i, "g") && at(i, "g")->text.starts_with("x"); }},
    {"attribute_type(t, :NS)", "attribute_type(t, 'NS')",
     [](const Item& i, int) { return at(i, "t") != nullptr; }},
    {"m.b = n", "m.b = n",
     [](const Item& i, int) {
       return member(i, "m", "b") && at(i, "n") && *member(i, "m", "b") == *at(i, "n");
     }},
};

struct ChangeForm {
  char attribute;  // at most one change of each in an update
  Change::Section section;
  std::string_view expression;
  std::string_view partiql;
  bool (*change)(Item& after, const Item& before, int argument);
};

inline bool set_in(Item& after, std::string_view name, Value value) {
  after[std::string(name)] = std::move(value);
  return true;
}
inline bool append(Item& after, const Item& before, int v, bool create) {
  if (!at(before, "l") && !create) return false;
  after["l"].kind = Value::Kind::list;
  after["l"].list.push_back(Value::of(v));
  return true;
}
inline bool set_member(Item& after, const Item& before, const std::string& name,
                       const Value* value) {
  if (!at(before, "m") || value == nullptr) return false;
  after["m"].map[name] = *value;
  return true;
}

inline constexpr ChangeForm kChanges[] = {
    {'n', Change::Section::set, "n = :@", "SET n = @",
     [](Item& a, const Item&, int v) { return set_in(a, "n", Value::of(v)); }},
    {'n', Change::Section::set, "n = n + :@", "SET n = n + @",
     [](Item& a, const Item& b, int v) {
       return at(b, "n") && set_in(a, "n", Value::of(at(b, "n")->number + v));
     }},
    {'n', Change::Section::set, "n = if_not_exists(n, :5) - :@", "SET n = if_not_exists(n, 5) - @",
     [](Item& a, const Item& b, int v) {
       return set_in(a, "n", Value::of((at(b, "n") ? at(b, "n")->number : 5) - v));
     }},
    {'n', Change::Section::add, "n :@", "SET n = if_not_exists(n, 0) + @",
     [](Item& a, const Item& b, int v) {
       return set_in(a, "n", Value::of((at(b, "n") ? at(b, "n")->number : 0) + v));
     }},
    {'n', Change::Section::remove, "n", "REMOVE n",
     [](Item& a, const Item&, int) {
       a.erase("n");
       return true;
     }},
    {'g', Change::Section::set, "g = :x", "SET g = 'x'",
     [](Item& a, const Item&, int) { return set_in(a, "g", Value::of("x")); }},
    {'g', Change::Section::set, "g = :y", "SET g = 'y'",
     [](Item& a, const Item&, int) { return set_in(a, "g", Value::of("y")); }},
    {'g', Change::Section::remove, "g", "REMOVE g",
     [](Item& a, const Item&, int) {
       a.erase("g");
       return true;
     }},
    {'l', Change::Section::set, "l = list_append(l, :list)", "SET l = list_append(l, [7])",
     [](Item& a, const Item& b, int) { return append(a, b, 7, false); }},
    {'l', Change::Section::set, "l = list_append(if_not_exists(l, :empty), :list)",
     "SET l = list_append(if_not_exists(l, []), [7])",
     [](Item& a, const Item& b, int) { return append(a, b, 7, true); }},
    {'l', Change::Section::set, "l[1] = :@", "SET l[1] = @",
     [](Item& a, const Item& b, int v) {
       if (!at(b, "l")) return false;
       auto& list = a["l"].list;
       list.size() > 1 ? void(list[1] = Value::of(v)) : list.push_back(Value::of(v));
       return true;
     }},
    {'l', Change::Section::remove, "l[0]", "REMOVE l[0]",
     [](Item& a, const Item& b, int) {
       if (!at(b, "l")) return false;
       auto& list = a["l"].list;
       if (!list.empty()) list.erase(list.begin());
       return true;
     }},
    {'m', Change::Section::set, "m = :map", "SET m = {'a': 1}",
     [](Item& a, const Item&, int) {
       return set_in(a, "m", Value::map_of({{"a", Value::of(1)}}));
     }},
    {'m', Change::Section::set, "m.a = :@", "SET m.a = @",
     [](Item& a, const Item& b, int v) {
       const Value value = Value::of(v);
       return set_member(a, b, "a", &value);
     }},
    {'m', Change::Section::set, "m.b = n", "SET m.b = n",
     [](Item& a, const Item& b, int) { return set_member(a, b, "b", at(b, "n")); }},
    {'m', Change::Section::remove, "m.a", "REMOVE m.a",
     [](Item& a, const Item& b, int) {
       if (!at(b, "m")) return false;
       a["m"].map.erase("a");
       return true;
     }},
    {'t', Change::Section::add, "t :set@", "SET t = set_add(t, <<@>>)",
     [](Item& a, const Item&, int v) {
       a["t"].kind = Value::Kind::set;
       a["t"].set.insert(v);
       return true;
     }},
    {'t', Change::Section::erase, "t :set@", "SET t = set_delete(t, <<@>>)",
     [](Item& a, const Item&, int v) {
       if (!a.contains("t")) return true;
       a["t"].set.erase(v);
       if (a["t"].set.empty()) a.erase("t");
       return true;
     }},
};

}  // namespace mayfly::dynamodb::plain
