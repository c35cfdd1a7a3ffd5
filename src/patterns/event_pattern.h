// EventPattern: whether a JSON event has what a pattern asks for, in EventBridge's language:
//
//   {"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}], "state": [{"prefix": "N"}]}}
//
// Keys are joined by "and", the matchers of a list by "or", the patterns of "$or" too. Matchers:
// text, number, true, false, null; prefix, suffix (both also with equals-ignore-case),
// equals-ignore-case, anything-but (values, prefix, suffix, wildcard, equals-ignore-case), numeric,
// exists, wildcard. A list in the event matches where one of its elements does. `exists` is of
// leaves: an object is not there. (cidr is not there.)
//
// A value; matching changes nothing, so any threads may share one.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "wire/document.h"

namespace mayfly::patterns {

class EventPattern {
 public:
  // The error says what is wrong with the pattern.
  static std::expected<EventPattern, std::string> parse(std::string_view json);
  bool matches(const wire::Document& event) const;

 private:
  struct Node;
  explicit EventPattern(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  friend class PatternParser;
  std::shared_ptr<const Node> root_;
};

}  // namespace mayfly::patterns
