#include "services/dynamodb/model/partiql/keys_in_where.h"

#include <algorithm>

namespace mayfly::dynamodb::partiql {
namespace {

bool is_attribute(const Operand& operand, const std::string& attribute) {
  const Path* path = std::get_if<Path>(&operand);
  return path != nullptr && path->is_top_level() && path->attribute() == attribute;
}

const Value* constant(const Operand& operand) {
  const auto* value = std::get_if<const Value*>(&operand);
  return value == nullptr ? nullptr : *value;
}

// The value that the attribute is compared with by =, on either side.
const Value* equal_value(const Condition& condition, const std::string& attribute) {
  if (condition.kind != Condition::Kind::compare || condition.comparator != Comparator::eq) {
    return nullptr;
  }
  for (const std::size_t side : {0U, 1U}) {
    if (is_attribute(condition.operands[side], attribute)) {
      return constant(condition.operands[1 - side]);
    }
  }
  return nullptr;
}

void add_distinct(std::vector<const Value*>& values, const Value* value) {
  if (std::ranges::none_of(values, [&](const Value* other) { return *other == *value; })) {
    values.push_back(value);
  }
}

// Whether it bounds the sort key by constants in a way that is one range.
bool is_range(const Condition& condition, const std::string& attribute) {
  const auto constants_from = [&](std::size_t first) {
    return std::all_of(condition.operands.begin() + static_cast<std::ptrdiff_t>(first),
                       condition.operands.end(),
                       [](const Operand& operand) { return constant(operand) != nullptr; });
  };
  switch (condition.kind) {
    case Condition::Kind::compare:
      if (condition.comparator == Comparator::ne) return false;
      if (is_attribute(condition.operands[1], attribute)) {
        return constant(condition.operands[0]) != nullptr;
      }
      return is_attribute(condition.operands[0], attribute) && constants_from(1);
    case Condition::Kind::between:
    case Condition::Kind::begins_with:
      return is_attribute(condition.operands[0], attribute) && constants_from(1);
    default:
      return false;
  }
}

}  // namespace

std::optional<std::vector<const Value*>> possible_values(const Condition& where,
                                                         const std::string& attribute) {
  std::vector<const Value*> values;
  switch (where.kind) {
    case Condition::Kind::compare:
      if (const Value* value = equal_value(where, attribute)) return std::vector{value};
      return std::nullopt;
    case Condition::Kind::in:
      if (!is_attribute(where.operands[0], attribute)) return std::nullopt;
      for (std::size_t i = 1; i < where.operands.size(); ++i) {
        const Value* value = constant(where.operands[i]);
        if (value == nullptr) return std::nullopt;
        add_distinct(values, value);
      }
      return values;
    case Condition::Kind::any_of:
      for (const Condition& child : where.children) {
        const auto some = possible_values(child, attribute);
        if (!some) return std::nullopt;
        for (const Value* value : *some) add_distinct(values, value);
      }
      return values;
    case Condition::Kind::all_of:
      for (const Condition& child : where.children) {
        if (auto some = possible_values(child, attribute)) return some;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

const Condition* sort_condition(const Condition& where, const std::string& attribute) {
  if (where.kind != Condition::Kind::all_of) {
    return is_range(where, attribute) ? &where : nullptr;
  }
  const Condition* found = nullptr;
  for (const Condition& child : where.children) {
    const Condition* part = sort_condition(child, attribute);
    if (part == nullptr) continue;
    if (equal_value(*part, attribute) != nullptr) return part;
    if (found == nullptr) found = part;
  }
  return found;
}

namespace {

void split(const Condition& where, const KeySchema& schema, KeyAndRest& out) {
  if (where.kind == Condition::Kind::all_of) {
    for (const Condition& child : where.children) split(child, schema, out);
    return;
  }
  const auto take = [&](const std::string& attribute) {
    const Value* value = equal_value(where, attribute);
    if (value == nullptr || out.key.find(attribute) != nullptr) return false;
    out.key.set(attribute, *value);
    return true;
  };
  if (take(schema.partition.name) || (schema.sort && take(schema.sort->name))) return;
  out.rest.push_back(where);
}

}  // namespace

std::optional<KeyAndRest> split_key(const Condition& where, const KeySchema& schema) {
  KeyAndRest out;
  split(where, schema, out);
  if (out.key.size() != schema.size()) return std::nullopt;
  return out;
}

}  // namespace mayfly::dynamodb::partiql
