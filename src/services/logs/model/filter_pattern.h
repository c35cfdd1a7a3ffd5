// FilterPattern: the filter language of CloudWatch Logs.
//
//   (empty)                     everything
//   ERROR "disk full" -retry    all terms occur, the excluded ones do not
//   ?ERROR ?WARN                any of them
//   { $.level = "ERR*" && ($.ms > 100 || $.user.name NOT EXISTS) }    over messages that are JSON
//   objects
// Terms are compared with case, anywhere in the message. AWS ignores the '?' of terms that stand
// beside others, and so do we. Space-delimited and regular-expression patterns are refused by name.
// Threads: a parsed pattern is immutable.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::logs {

namespace filter {
struct Node;
}

class FilterPattern {
 public:
  static std::expected<FilterPattern, std::string> parse(std::string_view text);
  FilterPattern(FilterPattern&&) noexcept;
  FilterPattern& operator=(FilterPattern&&) noexcept;
  ~FilterPattern();

  bool matches(std::string_view message) const;

 private:
  FilterPattern();

  std::vector<std::string> required_, excluded_, optional_;
  std::unique_ptr<filter::Node> json_;  // where set, nothing else is
};

}  // namespace mayfly::logs
