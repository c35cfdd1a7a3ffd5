#include "services/dynamodb/model/key_condition.h"

#include <algorithm>
#include <optional>

#include "services/dynamodb/model/expression/parser.h"

namespace mayfly::dynamodb {
namespace {

std::unexpected<Invalid> refuse(std::string_view message) {
  return std::unexpected(invalid_expression(ExpressionKind::key_condition, message));
}

std::unexpected<Invalid> wrong_operator(std::string_view name) {
  return refuse("Invalid operator used in KeyConditionExpression: " + std::string(name));
}

// One comparison of one attribute with constants.
struct Part {
  const std::string* attribute = nullptr;
  KeyCondition::Sort sort = KeyCondition::Sort::any;
  const Value* first = nullptr;
  const Value* second = nullptr;
};

const Value* constant(const Operand& operand) {
  const auto* value = std::get_if<const Value*>(&operand);
  return value == nullptr ? nullptr : *value;
}

KeyCondition::Sort sort_of(Comparator comparator, bool flipped) {
  using Sort = KeyCondition::Sort;
  switch (comparator) {
    case Comparator::lt:
      return flipped ? Sort::gt : Sort::lt;
    case Comparator::le:
      return flipped ? Sort::ge : Sort::le;
    case Comparator::gt:
      return flipped ? Sort::lt : Sort::gt;
    case Comparator::ge:
      return flipped ? Sort::le : Sort::ge;
    default:
      return Sort::eq;
  }
}

Checked<Part> part_of(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::any_of:
      return wrong_operator("OR");
    case Condition::Kind::negation:
      return wrong_operator("NOT");
    case Condition::Kind::in:
      return wrong_operator("IN");
    case Condition::Kind::exists:
      return wrong_operator("attribute_exists");
    case Condition::Kind::not_exists:
      return wrong_operator("attribute_not_exists");
    case Condition::Kind::has_type:
      return wrong_operator("attribute_type");
    case Condition::Kind::contains:
      return wrong_operator("contains");
    case Condition::Kind::never:
    case Condition::Kind::all_of:
      return invalid("Query key condition not supported");
    default:
      break;
  }
  if (condition.kind == Condition::Kind::compare && condition.comparator == Comparator::ne) {
    return wrong_operator("<>");
  }
  Part part;
  const Path* path = nullptr;
  std::size_t constants = 0;
  bool flipped = false;
  for (std::size_t i = 0; i < condition.operands.size(); ++i) {
    const Operand& operand = condition.operands[i];
    if (std::holds_alternative<SizeOf>(operand)) return wrong_operator("size");
    if (const Path* found = std::get_if<Path>(&operand)) {
      if (path != nullptr) {
        return refuse(
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
            "condition");
      }
      path = found;
      flipped = i > 0;
    } else {
      (constants++ == 0 ? part.first : part.second) = constant(operand);
    }
  }
  if (path == nullptr) {
    return refuse("Invalid condition in KeyConditionExpression: No key attribute specified");
  }
  if (!path->is_top_level()) {
    return refuse("KeyConditionExpressions cannot have conditions on nested attributes");
  }
  if (condition.kind != Condition::Kind::compare && flipped) {
    return invalid("Query key condition not supported");
  }
  part.attribute = &path->attribute();
  if (condition.kind == Condition::Kind::between) {
    part.sort = KeyCondition::Sort::between;
  } else if (condition.kind == Condition::Kind::begins_with) {
    part.sort = KeyCondition::Sort::begins_with;
  } else {
    part.sort = sort_of(condition.comparator, flipped);
  }
  return part;
}

Checked<void> collect(const Condition& condition, std::vector<Part>& out) {
  if (condition.kind == Condition::Kind::all_of) {
    for (const Condition& child : condition.children) {
      if (auto done = collect(child, out); !done) return done;
    }
    return {};
  }
  auto part = part_of(condition);
  if (!part) return std::unexpected(std::move(part).error());
  out.push_back(*part);
  return {};
}

Checked<void> check_type(const KeyAttribute& attribute, const Value* value) {
  if (value == nullptr) return {};
  if (value->type() != attribute.type) {
    return invalid(
        "One or more parameter values were invalid: Condition parameter type does not match schema "
        "type");
  }
  const auto* text = value->as<std::string>();
  const auto* binary = value->as<Binary>();
  if ((text != nullptr && text->empty()) || (binary != nullptr && binary->bytes.empty())) {
    return invalid(
        "One or more parameter values are not valid. The AttributeValue for a key attribute "
        "cannot contain an empty " +
        std::string(text != nullptr ? "string" : "binary") + " value. Key: " + attribute.name);
  }
  return {};
}

}  // namespace

Checked<KeyCondition> key_condition_of(const Condition& condition, const KeySchema& schema,
                                       KeyConditionSource source) {
  std::vector<Part> parts;
  if (auto collected = collect(condition, parts); !collected) {
    return std::unexpected(std::move(collected).error());
  }
  const Part* partition = nullptr;
  const Part* sort = nullptr;
  const std::string* stranger = nullptr;
  for (const Part& part : parts) {
    const Part** slot = *part.attribute == schema.partition.name              ? &partition
                        : schema.sort && *part.attribute == schema.sort->name ? &sort
                                                                              : nullptr;
    if (slot == nullptr) {
      stranger = part.attribute;
      continue;
    }
    if (*slot != nullptr) {
      return refuse("KeyConditionExpressions must only contain one condition per key");
    }
    *slot = &part;
  }
  if (partition == nullptr) {
    return invalid("Query condition missed key schema element: " + schema.partition.name);
  }
  if (stranger != nullptr) {
    if (schema.sort && sort == nullptr) {
      return invalid("Query condition missed key schema element: " + schema.sort->name);
    }
    return invalid("Query key condition not supported");
  }
  if (partition->sort != KeyCondition::Sort::eq)
    return invalid("Query key condition not supported");
  if (auto checked = check_type(schema.partition, partition->first); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  KeyCondition result;
  result.partition = partition->first;
  if (sort == nullptr) return result;
  for (const Value* value : {sort->first, sort->second}) {
    if (auto checked = check_type(*schema.sort, value); !checked) {
      return std::unexpected(std::move(checked).error());
    }
  }
  if (sort->sort == KeyCondition::Sort::begins_with && schema.sort->type == Type::n) {
    return source == KeyConditionSource::expression
               ? refuse(
                     "Incorrect operand type for operator or function; operator or function: "
                     "begins_with, operand type: N")
               : invalid(
                     "One or more parameter values were invalid: ComparisonOperator BEGINS_WITH is "
                     "not valid for N AttributeValue type");
  }
  result.sort = sort->sort;
  result.first = sort->first;
  result.second = sort->second;
  return result;
}

const std::string* find_key_attribute(const Condition& filter, const KeySchema& schema) {
  for (const Operand& operand : filter.operands) {
    const Path* path = std::get_if<Path>(&operand);
    if (const auto* size = std::get_if<SizeOf>(&operand)) path = &size->path;
    if (path != nullptr && schema.contains(path->attribute())) return &path->attribute();
  }
  for (const Condition& child : filter.children) {
    if (const std::string* found = find_key_attribute(child, schema)) return found;
  }
  return nullptr;
}

}  // namespace mayfly::dynamodb
