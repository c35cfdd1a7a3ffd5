#include "services/dynamodb/model/expression/ast.h"

#include <algorithm>

namespace mayfly::dynamodb {

Path path_of(std::string attribute) {
  Path path;
  path.elements.push_back(PathElement{std::move(attribute), 0, PathElement::Kind::name});
  return path;
}

std::string describe(const Path& path) {
  std::string out = "[";
  for (const PathElement& element : path.elements) {
    if (out.size() > 1) out.append(", ");
    if (element.kind == PathElement::Kind::name) {
      out.append(element.name);
    } else {
      out.append("[").append(std::to_string(element.index)).append("]");
    }
  }
  out.push_back(']');
  return out;
}

bool sorts_before(const Path& a, const Path& b) {
  return std::lexicographical_compare(
      a.elements.begin(), a.elements.end(), b.elements.begin(), b.elements.end(),
      [](const PathElement& x, const PathElement& y) {
        if (x.kind != y.kind) return x.kind == PathElement::Kind::index;
        return x.kind == PathElement::Kind::index ? x.index < y.index : x.name < y.name;
      });
}

std::vector<const Path*> Update::targets() const {
  std::vector<const Path*> all;
  all.reserve(sets.size() + removes.size() + adds.size() + deletes.size());
  for (const Set& set : sets) all.push_back(&set.path);
  for (const Path& path : removes) all.push_back(&path);
  for (const WithValue& add : adds) all.push_back(&add.path);
  for (const WithValue& gone : deletes) all.push_back(&gone.path);
  return all;
}

}  // namespace mayfly::dynamodb
