#include <algorithm>
#include <optional>

#include "services/dynamodb/model/expression/evaluate.h"

namespace mayfly::dynamodb {
namespace {

std::optional<std::size_t> element_count(const Value& value) {
  switch (value.type()) {
    case Type::s:
      return value.as<std::string>()->size();
    case Type::b:
      return value.as<Binary>()->bytes.size();
    case Type::map:
      return value.as<Map>()->size();
    case Type::list:
      return value.as<List>()->size();
    case Type::ss:
      return value.as<StringSet>()->size();
    case Type::ns:
      return value.as<NumberSet>()->size();
    case Type::bs:
      return value.as<BinarySet>()->size();
    case Type::n:
    case Type::boolean:
    case Type::null:
      return std::nullopt;
  }
  return std::nullopt;
}

// An operand's value for one item. size() makes a value of its own, held here.
class Resolved {
 public:
  Resolved(const Operand& operand, const Item& item) {
    if (const Path* path = std::get_if<Path>(&operand)) {
      value_ = find(item, *path);
    } else if (const auto* constant = std::get_if<const Value*>(&operand)) {
      value_ = *constant;
    } else if (const Value* measured = find(item, std::get<SizeOf>(operand).path)) {
      if (const auto count = element_count(*measured)) {
        size_ = Value(Number::of(static_cast<std::int64_t>(*count)));
        value_ = &size_;
      }
    }
  }
  Resolved(const Resolved&) = delete;
  Resolved& operator=(const Resolved&) = delete;
  const Value* get() const { return value_; }

 private:
  const Value* value_ = nullptr;
  Value size_;
};

bool compare_as(Comparator comparator, const Value* left, const Value* right) {
  if (comparator == Comparator::ne) return left == nullptr || right == nullptr || *left != *right;
  if (left == nullptr || right == nullptr) return false;
  if (comparator == Comparator::eq) return *left == *right;
  const auto order = compare(*left, *right);
  if (!order) return false;
  switch (comparator) {
    case Comparator::lt:
      return *order < 0;
    case Comparator::le:
      return *order <= 0;
    case Comparator::gt:
      return *order > 0;
    case Comparator::ge:
      return *order >= 0;
    case Comparator::eq:
    case Comparator::ne:
      break;
  }
  return false;
}

bool begins_with(const Value& value, const Value& prefix) {
  if (const auto* text = value.as<std::string>()) {
    const auto* start = prefix.as<std::string>();
    return start != nullptr && text->starts_with(*start);
  }
  if (const auto* binary = value.as<Binary>()) {
    const auto* start = prefix.as<Binary>();
    return start != nullptr && binary->bytes.starts_with(start->bytes);
  }
  return false;
}

bool contains(const Value& whole, const Value& part) {
  if (const auto* text = whole.as<std::string>()) {
    const auto* piece = part.as<std::string>();
    return piece != nullptr && text->find(*piece) != std::string::npos;
  }
  if (const auto* binary = whole.as<Binary>()) {
    const auto* piece = part.as<Binary>();
    return piece != nullptr && binary->bytes.find(piece->bytes) != std::string::npos;
  }
  const auto has = [](const auto& set, const auto* member) {
    return member != nullptr && std::binary_search(set.begin(), set.end(), *member);
  };
  if (const auto* set = whole.as<StringSet>()) return has(*set, part.as<std::string>());
  if (const auto* set = whole.as<NumberSet>()) return has(*set, part.as<Number>());
  if (const auto* set = whole.as<BinarySet>()) return has(*set, part.as<Binary>());
  if (const auto* list = whole.as<List>()) return std::ranges::find(*list, part) != list->end();
  return false;
}

bool leaf_holds(const Condition& condition, const Item& item) {
  const Resolved subject(condition.operands[0], item);
  const Value* value = subject.get();
  if (condition.kind == Condition::Kind::exists) return value != nullptr;
  if (condition.kind == Condition::Kind::not_exists) return value == nullptr;
  const Resolved second(condition.operands[1], item);
  const Value* other = second.get();
  if (condition.kind == Condition::Kind::compare)
    return compare_as(condition.comparator, value, other);
  if (value == nullptr) return false;
  switch (condition.kind) {
    case Condition::Kind::between: {
      const Resolved high(condition.operands[2], item);
      return compare_as(Comparator::ge, value, other) &&
             compare_as(Comparator::le, value, high.get());
    }
    case Condition::Kind::in:
      return std::any_of(
          condition.operands.begin() + 1, condition.operands.end(), [&](const Operand& candidate) {
            return compare_as(Comparator::eq, value, Resolved(candidate, item).get());
          });
    case Condition::Kind::has_type: {
      const auto* name = other == nullptr ? nullptr : other->as<std::string>();
      return name != nullptr && type_name(value->type()) == *name;
    }
    case Condition::Kind::begins_with:
      return other != nullptr && begins_with(*value, *other);
    case Condition::Kind::contains:
      return other != nullptr && contains(*value, *other);
    default:
      return false;
  }
}

}  // namespace

const Value* find(const Item& item, const Path& path) {
  const Value* value = item.find(path.attribute());
  for (std::size_t i = 1; value != nullptr && i < path.elements.size(); ++i) {
    const PathElement& element = path.elements[i];
    if (element.kind == PathElement::Kind::name) {
      const Map* map = value->as<Map>();
      value = map == nullptr ? nullptr : map->find(element.name);
    } else {
      const List* list = value->as<List>();
      value = list == nullptr || element.index >= list->size() ? nullptr : &(*list)[element.index];
    }
  }
  return value;
}

bool holds(const Condition& condition, const Item& item) {
  const auto child_holds = [&](const Condition& child) { return holds(child, item); };
  switch (condition.kind) {
    case Condition::Kind::all_of:
      return std::ranges::all_of(condition.children, child_holds);
    case Condition::Kind::any_of:
      return std::ranges::any_of(condition.children, child_holds);
    case Condition::Kind::negation:
      return !holds(condition.children.front(), item);
    case Condition::Kind::never:
      return false;
    default:
      return leaf_holds(condition, item);
  }
}

}  // namespace mayfly::dynamodb
