#include "services/dynamodb/model/legacy.h"

#include <array>

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kAnyNumber = 0;

struct Comparison {
  std::string_view name;
  std::size_t arguments;  // kAnyNumber: at least one
  Condition::Kind kind;
  Comparator comparator = Comparator::eq;
};
constexpr std::array kComparisons{
    Comparison{"EQ", 1, Condition::Kind::compare, Comparator::eq},
    Comparison{"NE", 1, Condition::Kind::compare, Comparator::ne},
    Comparison{"LE", 1, Condition::Kind::compare, Comparator::le},
    Comparison{"LT", 1, Condition::Kind::compare, Comparator::lt},
    Comparison{"GE", 1, Condition::Kind::compare, Comparator::ge},
    Comparison{"GT", 1, Condition::Kind::compare, Comparator::gt},
    Comparison{"BETWEEN", 2, Condition::Kind::between},
    Comparison{"IN", kAnyNumber, Condition::Kind::in},
    Comparison{"BEGINS_WITH", 1, Condition::Kind::begins_with},
    Comparison{"CONTAINS", 1, Condition::Kind::contains},
};

Condition leaf(Condition::Kind kind, const std::string& attribute) {
  Condition condition;
  condition.kind = kind;
  condition.operands.emplace_back(path_of(attribute));
  return condition;
}

std::unexpected<Invalid> wrong_count(const std::string& comparison) {
  return invalid(
      "One or more parameter values were invalid: Invalid number of argument(s) for the " +
      comparison + " ComparisonOperator");
}

// Which types a comparison takes; the others can be compared for equality only.
bool takes(const Comparison& comparison, Type type) {
  switch (comparison.kind) {
    case Condition::Kind::begins_with:
      return type == Type::s || type == Type::b;
    case Condition::Kind::contains:
    case Condition::Kind::between:
    case Condition::Kind::in:
      return type <= Type::b;
    case Condition::Kind::compare:
      return comparison.comparator == Comparator::eq || comparison.comparator == Comparator::ne ||
             type <= Type::b;
    default:
      return true;
  }
}

Checked<Condition> translate(const LegacyCondition& given) {
  if (given.comparison == "NULL" || given.comparison == "NOT_NULL") {
    if (!given.values.empty()) return wrong_count(given.comparison);
    return leaf(given.comparison == "NULL" ? Condition::Kind::not_exists : Condition::Kind::exists,
                given.attribute);
  }
  if (given.comparison == "NOT_CONTAINS") {
    // An attribute that is not there contains nothing, yet does not meet this either.
    if (given.values.size() != 1) return wrong_count(given.comparison);
    Condition inner = leaf(Condition::Kind::contains, given.attribute);
    inner.operands.emplace_back(&given.values[0]);
    Condition negated;
    negated.kind = Condition::Kind::negation;
    negated.children.push_back(std::move(inner));
    Condition both;
    both.kind = Condition::Kind::all_of;
    both.children.push_back(leaf(Condition::Kind::exists, given.attribute));
    both.children.push_back(std::move(negated));
    return both;
  }
  for (const Comparison& comparison : kComparisons) {
    if (comparison.name != given.comparison) continue;
    const std::size_t count = given.values.size();
    if (comparison.arguments == kAnyNumber ? count == 0 : count != comparison.arguments) {
      return wrong_count(given.comparison);
    }
    Condition condition = leaf(comparison.kind, given.attribute);
    condition.comparator = comparison.comparator;
    for (const Value& value : given.values) {
      if (!takes(comparison, value.type())) {
        return invalid("One or more parameter values were invalid: ComparisonOperator " +
                       given.comparison + " is not valid for " +
                       std::string(type_name(value.type())) + " AttributeValue type");
      }
      condition.operands.emplace_back(&value);
    }
    if (comparison.kind == Condition::Kind::between) {
      const auto order = compare(given.values[0], given.values[1]);
      if (!order) {
        return invalid(
            "One or more parameter values were invalid: AttributeValues inside AttributeValueList "
            "must be "
            "of same type");
      }
      if (*order > 0) {
        return invalid(
            "The BETWEEN condition was provided a range where the lower bound is greater than the "
            "upper "
            "bound");
      }
    }
    return condition;
  }
  return invalid("One or more parameter values were invalid: Unknown ComparisonOperator: " +
                 given.comparison);
}

}  // namespace

Checked<Condition> condition_of(const std::vector<LegacyCondition>& conditions,
                                ConditionalOperator join) {
  Condition all;
  all.kind = join == ConditionalOperator::all ? Condition::Kind::all_of : Condition::Kind::any_of;
  for (const LegacyCondition& given : conditions) {
    auto condition = translate(given);
    if (!condition) return condition;
    all.children.push_back(std::move(*condition));
  }
  return all;
}

Checked<Update> update_of(const std::vector<LegacyUpdate>& updates) {
  Update result;
  result.add_to_lists = Update::Lists::append;
  for (const LegacyUpdate& update : updates) {
    const Value* value = update.value ? &*update.value : nullptr;
    if (value == nullptr && update.action != "DELETE") {
      return invalid(
          "One or more parameter values were invalid: Only DELETE action is allowed when no "
          "attribute value "
          "is specified");
    }
    if (update.action == "PUT") {
      UpdateTerm term;
      term.value = value;
      result.sets.push_back({path_of(update.attribute), std::move(term)});
    } else if (update.action == "ADD") {
      const Type type = value->type();
      if (type != Type::n && type != Type::list && type < Type::ss) {
        return invalid(
            "One or more parameter values were invalid: ADD action is not supported for the type " +
            std::string(type_name(type)));
      }
      result.adds.push_back({path_of(update.attribute), value});
    } else if (value == nullptr) {
      result.removes.push_back(path_of(update.attribute));
    } else {
      if (value->type() < Type::ss) {
        return invalid(
            "One or more parameter values were invalid: DELETE action with value is not supported "
            "for the "
            "type " +
            std::string(type_name(value->type())));
      }
      result.deletes.push_back({path_of(update.attribute), value});
    }
  }
  return result;
}

}  // namespace mayfly::dynamodb
