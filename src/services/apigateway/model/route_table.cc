#include "services/apigateway/model/route_table.h"

#include <algorithm>

#include "base/strings.h"
#include "gateway/text.h"

namespace mayfly::apigateway {

struct RouteTable::Search {
  std::string_view method;
  std::vector<std::string_view> parts;  // raw
  std::vector<std::string> decoded;
  std::vector<std::size_t> variables;  // depths at which the way so far took the variable
  std::size_t greedy_from = 0;         // where the greedy variable begins
};

RouteTable::RouteTable() : nodes_(1) {}

std::uint32_t RouteTable::child(std::uint32_t node, const RouteSegment& segment) {
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  if (segment.kind == RouteSegment::Kind::literal) {
    auto [entry, fresh] = nodes_[node].literals.try_emplace(segment.text, next);
    if (!fresh) return entry->second;
  } else {
    if (nodes_[node].variable != 0) return nodes_[node].variable;
    nodes_[node].variable = next;
  }
  nodes_.emplace_back();
  return next;
}

void RouteTable::add(const RouteKey& key, std::size_t route) {
  if (key.is_default()) {
    if (!default_) default_ = route;
    return;
  }
  Leaf leaf{key.method, route, {}};
  std::uint32_t node = 0;
  bool is_greedy = false;
  for (const RouteSegment& segment : key.segments) {
    if (segment.kind != RouteSegment::Kind::literal) leaf.names.push_back(segment.text);
    is_greedy = segment.kind == RouteSegment::Kind::greedy;
    if (!is_greedy) node = child(node, segment);
  }
  std::vector<Leaf>& leaves = is_greedy ? nodes_[node].greedy : nodes_[node].here;
  leaves.push_back(std::move(leaf));
}

const RouteTable::Leaf* RouteTable::choose(const std::vector<Leaf>& leaves,
                                           std::string_view method) {
  const Leaf* any = nullptr;
  for (const Leaf& leaf : leaves) {
    if (leaf.method == method) return &leaf;
    if (any == nullptr && leaf.method == kAnyMethod) any = &leaf;
  }
  return any;
}

const RouteTable::Leaf* RouteTable::exact(Search& search, std::uint32_t index,
                                          std::size_t depth) const {
  const Node& node = nodes_[index];
  if (depth == search.parts.size()) return choose(node.here, search.method);
  if (auto found = node.literals.find(search.decoded[depth]); found != node.literals.end()) {
    if (const Leaf* leaf = exact(search, found->second, depth + 1)) return leaf;
  }
  if (node.variable == 0 || search.parts[depth].empty()) return nullptr;
  search.variables.push_back(depth);
  if (const Leaf* leaf = exact(search, node.variable, depth + 1)) return leaf;
  search.variables.pop_back();
  return nullptr;
}

const RouteTable::Leaf* RouteTable::greedy(Search& search, std::uint32_t index,
                                           std::size_t depth) const {
  if (depth == search.parts.size()) return nullptr;  // a greedy variable takes at least one part
  const Node& node = nodes_[index];
  if (auto found = node.literals.find(search.decoded[depth]); found != node.literals.end()) {
    if (const Leaf* leaf = greedy(search, found->second, depth + 1)) return leaf;
  }
  if (node.variable != 0 && !search.parts[depth].empty()) {
    search.variables.push_back(depth);
    if (const Leaf* leaf = greedy(search, node.variable, depth + 1)) return leaf;
    search.variables.pop_back();
  }
  const bool rest_is_empty = depth + 1 == search.parts.size() && search.parts[depth].empty();
  const Leaf* leaf = rest_is_empty ? nullptr : choose(node.greedy, search.method);
  if (leaf != nullptr) search.greedy_from = depth;
  return leaf;
}

std::optional<RouteMatch> RouteTable::match(std::string_view method,
                                            std::string_view raw_path) const {
  Search search{method, path_segments(raw_path), {}, {}, 0};
  search.decoded.reserve(search.parts.size());
  for (std::string_view part : search.parts) search.decoded.push_back(gateway::decode_path(part));

  bool is_greedy = false;
  const Leaf* leaf = exact(search, 0, 0);
  if (leaf == nullptr) {
    search.variables.clear();
    leaf = greedy(search, 0, 0);
    is_greedy = true;
  }
  if (leaf == nullptr) {
    if (!default_) return std::nullopt;
    return RouteMatch{*default_, {}};
  }
  RouteMatch match{leaf->route, {}};
  for (std::size_t i = 0; i < search.variables.size(); ++i) {
    match.parameters.emplace_back(leaf->names[i], search.decoded[search.variables[i]]);
  }
  if (is_greedy) {
    // The rest of the path, its slashes included, without the one it starts with.
    const char* begin = search.parts[search.greedy_from].data();
    const std::string_view rest(begin, raw_path.data() + raw_path.size() - begin);
    match.parameters.emplace_back(leaf->names.back(), gateway::decode_path(rest));
  }
  return match;
}

}  // namespace mayfly::apigateway
