#include "wire/uri.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "base/strings.h"

namespace mayfly::wire {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return {};
  return base::split(path, '/');
}

bool has_pair(std::string_view raw_query, std::string_view name, std::string_view value) {
  for (std::string_view pair : base::split(raw_query, '&')) {
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    if ((equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1)) == value)
      return true;
  }
  return false;
}

}  // namespace

void RouteTable::add(std::string_view method, std::string_view uri, std::size_t id) {
  Route route{method, {}, {}, id};
  const std::size_t question = uri.find('?');
  if (question != std::string_view::npos) {
    for (std::string_view pair : base::split(uri.substr(question + 1), '&')) {
      const std::size_t equals = pair.find('=');
      route.query.emplace_back(pair.substr(0, equals), equals == std::string_view::npos
                                                           ? std::string_view()
                                                           : pair.substr(equals + 1));
    }
  }
  for (std::string_view text : segments_of(uri.substr(0, question))) {
    if (!text.starts_with('{')) {
      route.segments.push_back({Segment::Kind::literal, text});
      continue;
    }
    if (!text.ends_with('}') || text.size() < 3) {
      throw std::logic_error("broken URI template: " + std::string(uri));
    }
    text = text.substr(1, text.size() - 2);
    const bool greedy = text.ends_with('+');
    if (greedy) text.remove_suffix(1);
    route.segments.push_back({greedy ? Segment::Kind::greedy : Segment::Kind::label, text});
  }
  const auto greedy_count =
      std::ranges::count(route.segments, Segment::Kind::greedy, &Segment::kind);
  if (greedy_count > 1) throw std::logic_error("two greedy labels: " + std::string(uri));
  std::string_view bucket;
  if (!route.segments.empty() && route.segments[0].kind == Segment::Kind::literal)
    bucket = route.segments[0].text;
  auto& routes = routes_[bucket];
  routes.insert(std::ranges::upper_bound(routes, route, better), std::move(route));
}

bool RouteTable::better(const Route& a, const Route& b) {
  const std::size_t common = std::min(a.segments.size(), b.segments.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a.segments[i].kind != b.segments[i].kind) return a.segments[i].kind < b.segments[i].kind;
  }
  if (a.segments.size() != b.segments.size()) return a.segments.size() > b.segments.size();
  return a.query.size() > b.query.size();
}

bool RouteTable::fits(const Route& route, const std::vector<std::string_view>& segments) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    const std::size_t left = route.segments.size() - i - 1;
    if (segments.size() < at + 1 + left) return false;
    if (segment.kind == Segment::Kind::greedy) {
      at = segments.size() - left;
      continue;
    }
    if (segment.kind == Segment::Kind::literal ? segments[at] != segment.text
                                               : segments[at].empty())
      return false;
    ++at;
  }
  return at == segments.size();
}

RouteTable::Match RouteTable::labels_of(const Route& route,
                                        const std::vector<std::string_view>& segments) {
  Match match{Outcome::found, route.id, {}};
  std::size_t at = 0;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    std::size_t next = at + 1;
    if (segment.kind == Segment::Kind::greedy)
      next = segments.size() - (route.segments.size() - i - 1);
    if (segment.kind != Segment::Kind::literal) {
      const char* begin = segments[at].data();
      const char* end = segments[next - 1].data() + segments[next - 1].size();
      auto value = base::percent_decode(std::string_view(begin, end));
      if (!value) return {Outcome::malformed, route.id, {}};
      match.labels.push_back({segment.text, std::move(*value)});
    }
    at = next;
  }
  return match;
}

RouteTable::Match RouteTable::match(std::string_view method, std::string_view raw_path,
                                    std::string_view raw_query) const {
  const std::vector<std::string_view> segments = segments_of(raw_path);
  bool other_method = false;
  auto look_in = [&](std::string_view bucket) -> std::optional<Match> {
    auto found = routes_.find(bucket);
    if (found == routes_.end()) return std::nullopt;
    for (const Route& route : found->second) {
      if (!fits(route, segments)) continue;
      if (route.method != method) {
        other_method = true;
        continue;
      }
      if (!std::ranges::all_of(route.query, [&](const auto& pair) {
            return has_pair(raw_query, pair.first, pair.second);
          })) {
        continue;
      }
      return labels_of(route, segments);
    }
    return std::nullopt;
  };
  if (!segments.empty() && !segments[0].empty()) {
    if (auto match = look_in(segments[0])) return std::move(*match);
  }
  if (auto match = look_in("")) return std::move(*match);
  return {other_method ? Outcome::wrong_method : Outcome::no_such_path, 0, {}};
}

}  // namespace mayfly::wire
