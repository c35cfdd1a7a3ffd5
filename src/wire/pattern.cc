#include "wire/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <stdexcept>
#include <vector>

namespace mayfly::wire {
namespace {

constexpr int kMaxRepeat = 1000;  // RE2's own limit

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// `{1,2048}` -> `{1,}`; returns the number of characters read, 0 where this is no repetition with a
// big bound.
std::size_t big_repetition(std::string_view at, std::string& out) {
  const std::size_t close = at.find('}');
  if (close == std::string_view::npos || close < 2) return 0;
  std::string_view inside = at.substr(1, close - 1);
  const std::size_t comma = inside.find(',');
  std::string_view low_text = inside.substr(0, comma);
  std::string_view high_text =
      comma == std::string_view::npos ? low_text : inside.substr(comma + 1);
  auto number = [](std::string_view text) {
    int value = -1;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : -1;
  };
  const int low = number(low_text);
  const int high = number(high_text);
  if (low < 0 || high <= kMaxRepeat) return 0;
  out += fmt::format("{{{},}}", std::min(low, kMaxRepeat));
  return close + 1;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// The leading "(?!X)" of an expression, and what is left without it.
struct Split {
  std::string forbidden;
  std::string rest;
};

Split split_lookahead(std::string_view text) {
  std::size_t at = text.find_first_not_of("(^");
  // find_first_not_of has also skipped the "(" of "(?!".
  if (at == std::string_view::npos || at == 0 || text.substr(at - 1, 3) != "(?!") {
    return {{}, std::string(text)};
  }
  int depth = 0;
  for (std::size_t i = at - 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth == 0) {
      return {std::string(text.substr(at + 2, i - at - 2)),
              std::string(text.substr(0, at - 1)) + std::string(text.substr(i + 1))};
    }
  }
  return {{}, std::string(text)};
}

std::unique_ptr<re2::RE2> compile_text(std::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(1 << 20);
  auto compiled = std::make_unique<re2::RE2>(to_re2(text), options);
  if (!compiled->ok()) {
    throw std::logic_error(fmt::format("pattern {}: {}", text, compiled->error()));
  }
  return compiled;
}

}  // namespace

std::string to_re2(std::string_view pattern) {
  // Java's spelling of the supplementary planes, in two variants that the models have.
  std::string text =
      replace_all(std::string(pattern), "\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\x{10000}-\\x{10FFFF}");
  text = replace_all(std::move(text), "\\u10000-\\u10FFFF", "\\x{10000}-\\x{10FFFF}");
  text = replace_all(std::move(text), "\\p{Print}", "[[:print:]]");
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.starts_with("\\u") && rest.size() >= 6 && is_hex(rest.substr(2, 4))) {
      out += "\\x{";
      out += rest.substr(2, 4);
      out += '}';
      rest.remove_prefix(6);
    } else if (std::size_t close = rest.find('}');
               (rest.starts_with("\\x{") || rest.starts_with("\\p{")) &&
               close != std::string_view::npos) {
      out += rest.substr(0, close + 1);  // no repetition
      rest.remove_prefix(close + 1);
    } else if (rest[0] == '\\' && rest.size() >= 2) {
      out += rest.substr(0, 2);
      rest.remove_prefix(2);
    } else if (std::size_t used = rest[0] == '{' ? big_repetition(rest, out) : 0; used > 0) {
      rest.remove_prefix(used);
    } else {
      out += rest[0];
      rest.remove_prefix(1);
    }
  }
  return out;
}

Pattern::Pattern(std::string_view text) : text_(text) {}
Pattern::~Pattern() = default;

void Pattern::compile() const {
  std::call_once(once_, [this] {
    Split split = split_lookahead(text_);
    if (!split.forbidden.empty()) forbidden_ = compile_text(split.forbidden);
    compiled_ = compile_text(split.rest);
  });
}

bool Pattern::matches(std::string_view value) const {
  compile();
  const re2::StringPiece piece(value.data(), value.size());
  if (forbidden_ != nullptr &&
      forbidden_->Match(piece, 0, value.size(), re2::RE2::ANCHOR_START, nullptr, 0)) {
    return false;
  }
  return re2::RE2::FullMatch(piece, *compiled_);
}

}  // namespace mayfly::wire
