#include <algorithm>
#include <optional>
#include <utility>

#include "services/dynamodb/model/expression/evaluate.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::string_view kNoSuchAttribute =
    "The provided expression refers to an attribute that does not exist in the item";
constexpr std::string_view kBadPath =
    "The document path provided in the update expression is invalid for update";
constexpr std::string_view kWrongType =
    "An operand in the update expression has an incorrect data type";
std::unexpected<Invalid> fail(std::string_view message) { return invalid(std::string(message)); }

Checked<Value> evaluate(const UpdateTerm& term, const Item& item);

Checked<Value> evaluate_sum(const UpdateTerm& term, const Item& item) {
  auto left = evaluate(term.arguments[0], item);
  if (!left) return left;
  auto right = evaluate(term.arguments[1], item);
  if (!right) return right;
  const Number* a = left->as<Number>();
  const Number* b = right->as<Number>();
  if (a == nullptr || b == nullptr) return fail(kWrongType);
  auto sum = term.kind == UpdateTerm::Kind::plus ? Number::add(*a, *b) : Number::subtract(*a, *b);
  if (!sum) return std::unexpected(std::move(sum).error());
  return Value(*sum);
}

Checked<Value> evaluate_append(const UpdateTerm& term, const Item& item) {
  auto left = evaluate(term.arguments[0], item);
  if (!left) return left;
  auto right = evaluate(term.arguments[1], item);
  if (!right) return right;
  List* a = left->as<List>();
  List* b = right->as<List>();
  if (a == nullptr || b == nullptr) return fail(kWrongType);
  a->insert(a->end(), std::make_move_iterator(b->begin()), std::make_move_iterator(b->end()));
  return left;
}

Checked<Value> evaluate(const UpdateTerm& term, const Item& item) {
  switch (term.kind) {
    case UpdateTerm::Kind::value:
      return *term.value;
    case UpdateTerm::Kind::path: {
      const Value* found = find(item, term.path);
      if (found == nullptr) return fail(kNoSuchAttribute);
      return *found;
    }
    case UpdateTerm::Kind::if_not_exists: {
      if (const Value* found = find(item, term.path)) return *found;
      return evaluate(term.arguments[0], item);
    }
    case UpdateTerm::Kind::list_append:
      return evaluate_append(term, item);
    case UpdateTerm::Kind::plus:
    case UpdateTerm::Kind::minus:
      return evaluate_sum(term, item);
  }
  return fail(kWrongType);
}

// The value that holds the path's last element: a map or list inside `item`. Null where the way
// does not exist or the last element does not fit it. Not for top-level paths.
Value* parent_of(Item& item, const Path& path) {
  Value* value = item.find(path.attribute());
  for (std::size_t i = 1; value != nullptr && i + 1 < path.elements.size(); ++i) {
    const PathElement& element = path.elements[i];
    if (element.kind == PathElement::Kind::name) {
      Map* map = value->as<Map>();
      value = map == nullptr ? nullptr : map->find(element.name);
    } else {
      List* list = value->as<List>();
      value = list == nullptr || element.index >= list->size() ? nullptr : &(*list)[element.index];
    }
  }
  if (value == nullptr) return nullptr;
  const bool fits = path.elements.back().kind == PathElement::Kind::name
                        ? value->as<Map>() != nullptr
                        : value->as<List>() != nullptr;
  return fits ? value : nullptr;
}

Checked<void> put(Item& item, const Path& path, Value value) {
  if (path.is_top_level()) {
    item.set(path.attribute(), std::move(value));
    return {};
  }
  Value* parent = parent_of(item, path);
  if (parent == nullptr) return fail(kBadPath);
  const PathElement& last = path.elements.back();
  if (last.kind == PathElement::Kind::name) {
    parent->as<Map>()->set(last.name, std::move(value));
    return {};
  }
  List& list = *parent->as<List>();
  if (last.index < list.size()) {
    list[last.index] = std::move(value);
  } else {
    list.push_back(std::move(value));  // past the end: appended, whatever the index
  }
  return {};
}

void remove(Item& item, const Path& path) {
  if (path.is_top_level()) {
    item.erase(path.attribute());
    return;
  }
  Value* parent = parent_of(item, path);
  if (parent == nullptr) return;
  const PathElement& last = path.elements.back();
  if (last.kind == PathElement::Kind::name) {
    parent->as<Map>()->erase(last.name);
  } else if (List& list = *parent->as<List>(); last.index < list.size()) {
    list.erase(list.begin() + last.index);
  }
}

Checked<Value> added(const Value* before, const Value& operand, Update::Lists lists) {
  if (before == nullptr) return operand;
  if (const Number* number = before->as<Number>()) {
    const Number* more = operand.as<Number>();
    if (more == nullptr) return fail(kWrongType);
    auto sum = Number::add(*number, *more);
    if (!sum) return std::unexpected(std::move(sum).error());
    return Value(*sum);
  }
  if (lists == Update::Lists::append && before->as<List>() != nullptr) {
    const List* more = operand.as<List>();
    if (more == nullptr) return fail(kWrongType);
    Value result = *before;
    result.as<List>()->insert(result.as<List>()->end(), more->begin(), more->end());
    return result;
  }
  auto both = set_union(*before, operand);
  if (!both) return fail(kWrongType);
  return std::move(*both);
}

// All changes of one update, worked out against the item as it was, then made in an order that
// keeps list indexes meaning what they meant: replacements first, then appends by index, then
// removals from the back.
class Changes {
 public:
  explicit Changes(const Item& before) : before_(before) {}

  Checked<void> plan(const Update& update) {
    for (const Update::Set& set : update.sets) {
      auto value = evaluate(set.term, before_);
      if (!value) return std::unexpected(std::move(value).error());
      const int above = static_cast<int>(set.path.elements.size()) - 1;
      if (above + depth_of(*value) > kMaxNesting) return fail(kNestedTooDeep);
      puts_.emplace_back(&set.path, std::move(*value));
    }
    for (const Update::WithValue& add : update.adds) {
      auto value = added(find(before_, add.path), *add.value, update.add_to_lists);
      if (!value) return std::unexpected(std::move(value).error());
      puts_.emplace_back(&add.path, std::move(*value));
    }
    for (const Update::WithValue& gone : update.deletes) {
      const Value* old = find(before_, gone.path);
      if (old == nullptr) {
        if (auto checked = check_parent(gone.path); !checked) return checked;
        continue;
      }
      auto difference = set_difference(*old, *gone.value);
      if (!difference) return fail(kWrongType);
      if (difference->rest) {
        puts_.emplace_back(&gone.path, std::move(*difference->rest));
      } else {
        removes_.push_back(&gone.path);
      }
    }
    for (const Path& path : update.removes) {
      if (auto checked = check_parent(path); !checked) return checked;
      if (find(before_, path) != nullptr) removes_.push_back(&path);
    }
    return {};
  }

  Checked<Item> make() {
    Item item = before_;
    const auto appends = [&](const Put& put) {
      return !put.first->is_top_level() &&
             put.first->elements.back().kind == PathElement::Kind::index &&
             find(before_, *put.first) == nullptr;
    };
    // Paths of one update never meet, so only appends to one list have an order among them.
    const auto first_append =
        std::partition(puts_.begin(), puts_.end(), [&](const Put& put) { return !appends(put); });
    std::sort(first_append, puts_.end(), [](const Put& a, const Put& b) {
      return a.first->elements.back().index < b.first->elements.back().index;
    });
    for (Put& change : puts_) {
      if (auto done = put(item, *change.first, std::move(change.second)); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    // From the back: what removing a list element moves is all behind it.
    std::sort(removes_.begin(), removes_.end(),
              [](const Path* a, const Path* b) { return sorts_before(*b, *a); });
    for (const Path* path : removes_) remove(item, *path);
    return item;
  }

 private:
  using Put = std::pair<const Path*, Value>;

  Checked<void> check_parent(const Path& path) const {
    if (path.is_top_level()) return {};
    Path above = path;
    above.elements.pop_back();
    const Value* parent = find(before_, above);
    const bool fits = parent != nullptr && (path.elements.back().kind == PathElement::Kind::name
                                                ? parent->as<Map>() != nullptr
                                                : parent->as<List>() != nullptr);
    if (!fits) return fail(kBadPath);
    return {};
  }

  const Item& before_;
  std::vector<Put> puts_;
  std::vector<const Path*> removes_;
};

}  // namespace

Checked<Item> apply(const Update& update, const Item& before) {
  Changes changes(before);
  if (auto planned = changes.plan(update); !planned)
    return std::unexpected(std::move(planned).error());
  return changes.make();
}

}  // namespace mayfly::dynamodb
