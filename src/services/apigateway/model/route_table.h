// RouteTable: finds the route of a request, in the order that AWS documents for HTTP APIs:
//   1. a route whose whole path and method fit, literal parts before {variables}, from the left;
//   2. a route with a greedy variable, the longest literal beginning first;
//   3. $default.
// At each step the request's own method comes before ANY. A path that fits with a method that does
// not is no fit.
//
// Immutable once built, so any number of threads may match. A trie by path part: a request visits a
// node at most once a pass, whatever the path holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/apigateway/model/route_key.h"

namespace mayfly::apigateway {

struct RouteMatch {
  std::size_t route = 0;                                        // as given to add()
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in the path's order
};

class RouteTable {
 public:
  RouteTable();
  // Where two keys match the same requests, the first one added wins.
  void add(const RouteKey& key, std::size_t route);
  // `raw_path` is as the client sent it: parts are decoded after they were split, so an encoded
  // slash stays in its part.
  std::optional<RouteMatch> match(std::string_view method, std::string_view raw_path) const;

 private:
  struct Leaf {
    std::string method;
    std::size_t route;
    std::vector<std::string> names;  // of the path variables on the way, greedy last
  };
  struct Node {
    std::map<std::string, std::uint32_t, std::less<>> literals;
    std::uint32_t variable = 0;  // 0: none, as the root is nobody's child
    std::vector<Leaf> here, greedy;
  };
  struct Search;

  static const Leaf* choose(const std::vector<Leaf>& leaves, std::string_view method);
  const Leaf* exact(Search& search, std::uint32_t node, std::size_t depth) const;
  const Leaf* greedy(Search& search, std::uint32_t node, std::size_t depth) const;
  std::uint32_t child(std::uint32_t node, const RouteSegment& segment);

  std::vector<Node> nodes_;
  std::optional<std::size_t> default_;
};

}  // namespace mayfly::apigateway
