// URI templates of REST operations, and the table that finds the operation of a request.
//
// Matching is on the raw path: ARNs arrive percent-encoded inside one segment, so a label is
// decoded only after it has been cut out. A trailing slash makes no difference. Where several
// templates match, literals win over labels, labels over a greedy label ("{Proxy+}"), and a
// template with a literal query ("?List=ALL") over one without.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/codec.h"

namespace mayfly::wire {

class RouteTable {
 public:
  enum class Outcome { found, no_such_path, wrong_method, malformed };
  struct Match {
    Outcome outcome = Outcome::no_such_path;
    std::size_t id = 0;
    std::vector<PathLabel> labels;  // views of the template's text
  };

  // `uri` has static storage. Throws std::logic_error for a broken template: a bug of our tables.
  void add(std::string_view method, std::string_view uri, std::size_t id);
  Match match(std::string_view method, std::string_view raw_path, std::string_view raw_query) const;

 private:
  struct Segment {
    enum class Kind { literal, label, greedy };
    Kind kind;
    std::string_view text;
    bool operator==(const Segment&) const = default;
  };
  struct Route {
    std::string_view method;
    std::vector<Segment> segments;
    std::vector<std::pair<std::string_view, std::string_view>>
        query;  // literals that must be there
    std::size_t id;
  };
  static bool better(const Route& a, const Route& b);
  static bool fits(const Route& route, const std::vector<std::string_view>& segments);
  static Match labels_of(const Route& route, const std::vector<std::string_view>& segments);

  // By the first segment where it is a literal, under "" otherwise; each list sorted best first.
  std::map<std::string_view, std::vector<Route>, std::less<>> routes_;
};

}  // namespace mayfly::wire
