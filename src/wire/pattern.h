// Pattern: a regular expression of an AWS model, matched against a whole value in linear time.
//
// Compiled at its first use and kept. Threads: any. The expressions come from our own tables, but
// the values from clients, so the matcher must not backtrack: RE2. What RE2 does not know is
// translated: upper bounds of repetitions above 1000 are dropped (add .length()), one negative
// look-ahead at the start becomes a match of its own, \uXXXX becomes \x{XXXX}. Look-around
// elsewhere is refused: an expression that cannot be compiled is a bug of the table, matches()
// throws std::logic_error, and the test that walks every table finds it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace mayfly::wire {

class Pattern {
 public:
  explicit Pattern(std::string_view text);  // static storage
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  bool matches(std::string_view value) const;
  void compile() const;  // what the first matches() does; throws
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<re2::RE2> forbidden_;  // of a leading (?!...)
  mutable std::unique_ptr<re2::RE2> compiled_;
};

// The expression as RE2 takes it. Exposed for its test.
std::string to_re2(std::string_view pattern);

}  // namespace mayfly::wire
