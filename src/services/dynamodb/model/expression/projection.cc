#include <algorithm>

#include "services/dynamodb/model/expression/evaluate.h"

namespace mayfly::dynamodb {
namespace {

// Paths that share their first `depth` elements, as a range of a sorted vector.
using PathIterator = std::vector<const Path*>::const_iterator;

Value select(const Value& value, PathIterator begin, PathIterator end, std::size_t depth,
             bool& found);

// Calls `part(element, first, last)` for each run of paths with the same element at `depth`.
template <class Part>
void for_each_run(PathIterator begin, PathIterator end, std::size_t depth, Part part) {
  while (begin != end) {
    const PathElement& element = (*begin)->elements[depth];
    const PathIterator next = std::find_if(
        begin, end, [&](const Path* path) { return path->elements[depth] != element; });
    part(element, begin, next);
    begin = next;
  }
}

Map select_from(const Map& map, PathIterator begin, PathIterator end, std::size_t depth) {
  Map out;
  for_each_run(begin, end, depth,
               [&](const PathElement& element, PathIterator first, PathIterator last) {
                 if (element.kind != PathElement::Kind::name) return;
                 const Value* child = map.find(element.name);
                 if (child == nullptr) return;
                 bool found = false;
                 Value selected = select(*child, first, last, depth + 1, found);
                 if (found) out.set(element.name, std::move(selected));
               });
  return out;
}

Value select(const Value& value, PathIterator begin, PathIterator end, std::size_t depth,
             bool& found) {
  if ((*begin)->elements.size() == depth) {
    found = true;
    return value;
  }
  if (const Map* map = value.as<Map>()) {
    Map out = select_from(*map, begin, end, depth);
    found = !out.empty();
    return Value(std::move(out));
  }
  List out;
  if (const List* list = value.as<List>()) {
    for_each_run(
        begin, end, depth, [&](const PathElement& element, PathIterator first, PathIterator last) {
          if (element.kind != PathElement::Kind::index || element.index >= list->size()) return;
          bool child_found = false;
          Value selected = select((*list)[element.index], first, last, depth + 1, child_found);
          if (child_found) out.push_back(std::move(selected));
        });
  }
  found = !out.empty();
  return Value(std::move(out));
}

}  // namespace

Item project(const std::vector<const Path*>& paths, const Item& item) {
  if (std::ranges::all_of(paths, [](const Path* path) { return path->is_top_level(); })) {
    Item out;
    for (const Path* path : paths) {
      if (const Value* value = item.find(path->attribute())) out.set(path->attribute(), *value);
    }
    return out;
  }
  std::vector<const Path*> sorted = paths;
  std::sort(sorted.begin(), sorted.end(),
            [](const Path* a, const Path* b) { return sorts_before(*a, *b); });
  return select_from(item, sorted.begin(), sorted.end(), 0);
}

Item project(const Projection& projection, const Item& item) {
  std::vector<const Path*> paths;
  paths.reserve(projection.size());
  for (const Path& path : projection) paths.push_back(&path);
  return project(paths, item);
}

Item select_columns(const Projection& projection, const Item& item) {
  Item out;
  for (std::size_t i = 0; i < projection.size(); ++i) {
    const Value* value = find(item, projection[i]);
    if (value == nullptr) continue;
    const PathElement& last = projection[i].elements.back();
    out.set(last.kind == PathElement::Kind::name ? last.name : "_" + std::to_string(i + 1), *value);
  }
  return out;
}

}  // namespace mayfly::dynamodb
