#include "services/logs/model/filter_pattern.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <variant>

#include "base/strings.h"
#include "wire/document.h"
#include "wire/json.h"

namespace mayfly::logs {

namespace filter {

enum class Operator {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  is_true,
  is_false,
  is_null,
  not_exists
};

struct Comparison {
  std::vector<std::variant<std::string, std::size_t>> selector;
  Operator op = Operator::equal;
  std::string text;              // with '*' wildcards
  std::optional<double> number;  // where the literal is one
};

struct Node {
  enum class Kind { comparison, all, any } kind = Kind::comparison;
  Comparison comparison;
  std::vector<std::unique_ptr<Node>> children;
};

}  // namespace filter

namespace {

using filter::Comparison;
using filter::Node;
using filter::Operator;

constexpr int kMaxDepth = 32;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// '*' stands for any text. Linear but for the one retry point, as usual for this matcher.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<double> to_number(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Recursive descent over the text between the braces. The first error wins and ends everything.
class JsonPatternParser {
 public:
  explicit JsonPatternParser(std::string_view text) : text_(text) {}

  std::expected<std::unique_ptr<Node>, std::string> parse() {
    std::unique_ptr<Node> node = any_of(0);
    skip_space();
    if (error_.empty() && at_ != text_.size()) fail("unexpected text");
    if (!error_.empty()) return std::unexpected(error_);
    return node;
  }

 private:
  void fail(std::string_view what) {
    if (error_.empty())
      error_ = fmt::format("Invalid filter pattern: {} at character {}", what, at_ + 1);
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word) || (rest.size() > word.size() && is_word(rest[word.size()])))
      return false;
    at_ += word.size();
    return true;
  }

  std::unique_ptr<Node> any_of(int depth) { return chain(Node::Kind::any, "||", depth); }
  std::unique_ptr<Node> chain(Node::Kind kind, std::string_view separator, int depth) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    do {
      node->children.push_back(kind == Node::Kind::any ? chain(Node::Kind::all, "&&", depth)
                                                       : operand(depth));
    } while (error_.empty() && take(separator));
    return node;
  }

  std::unique_ptr<Node> operand(int depth) {
    if (depth > kMaxDepth) {
      fail("too many parentheses");
      return nullptr;
    }
    if (take("(")) {
      std::unique_ptr<Node> inner = any_of(depth + 1);
      if (!take(")")) fail("a parenthesis is not closed");
      return inner;
    }
    auto node = std::make_unique<Node>();
    selector(node->comparison);
    if (error_.empty()) condition(node->comparison);
    return node;
  }

  void selector(Comparison& comparison) {
    if (!take("$")) return fail("a selector ($.name) is expected");
    while (at_ < text_.size() && error_.empty()) {
      if (text_[at_] == '.') {
        ++at_;
        const std::size_t begin = at_;
        while (at_ < text_.size() &&
               (is_word(text_[at_]) || text_[at_] == '-' || text_[at_] == '@'))
          ++at_;
        if (at_ == begin) return fail("a name is expected");
        comparison.selector.emplace_back(std::string(text_.substr(begin, at_ - begin)));
      } else if (text_[at_] == '[') {
        ++at_;
        subscript(comparison);
      } else {
        break;
      }
    }
    if (comparison.selector.empty()) fail("a selector ($.name) is expected");
  }

  void subscript(Comparison& comparison) {
    const std::size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) return fail("a bracket is not closed");
    std::string_view inner = base::trim(text_.substr(at_, end - at_));
    at_ = end + 1;
    if (inner.size() >= 2 && (inner.front() == '\'' || inner.front() == '"') &&
        inner.back() == inner.front()) {
      comparison.selector.emplace_back(std::string(inner.substr(1, inner.size() - 2)));
      return;
    }
    const std::optional<std::int64_t> index = base::parse_int(inner);
    if (!index || *index < 0) return fail("an index is expected");
    comparison.selector.emplace_back(static_cast<std::size_t>(*index));
  }

  void condition(Comparison& comparison) {
    if (take_word("IS")) {
      if (take_word("TRUE")) return void(comparison.op = Operator::is_true);
      if (take_word("FALSE")) return void(comparison.op = Operator::is_false);
      if (take_word("NULL")) return void(comparison.op = Operator::is_null);
      return fail("TRUE, FALSE or NULL is expected");
    }
    if (take_word("NOT")) {
      if (take_word("EXISTS")) return void(comparison.op = Operator::not_exists);
      return fail("EXISTS is expected");
    }
    if (take("!="))
      comparison.op = Operator::not_equal;
    else if (take("<="))
      comparison.op = Operator::less_equal;
    else if (take(">="))
      comparison.op = Operator::greater_equal;
    else if (take("<"))
      comparison.op = Operator::less;
    else if (take(">"))
      comparison.op = Operator::greater;
    else if (take("="))
      comparison.op = Operator::equal;
    else
      return fail("a comparison is expected");
    literal(comparison);
  }

  void literal(Comparison& comparison) {
    skip_space();
    if (at_ >= text_.size()) return fail("a value is expected");
    if (text_[at_] == '%') return fail("regular expressions are not supported by Mayfly yet;");
    if (text_[at_] == '"') {
      ++at_;
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        comparison.text.push_back(text_[at_++]);
      }
      if (at_ >= text_.size()) return fail("a quotation is not closed");
      ++at_;
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && !is_space(text_[at_]) &&
             std::string_view("()&|=<>!").find(text_[at_]) == std::string_view::npos)
        ++at_;
      if (at_ == begin) return fail("a value is expected");
      comparison.text = std::string(text_.substr(begin, at_ - begin));
      comparison.number = to_number(comparison.text);
    }
    const bool ordered = comparison.op != Operator::equal && comparison.op != Operator::not_equal;
    if (ordered && !comparison.number) fail("a number is expected");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

bool equal(const Comparison& comparison, const wire::Document& value) {
  if (const std::optional<double> number = value.as_double(); number && !value.is_string()) {
    return comparison.number ? *number == *comparison.number
                             : glob(comparison.text, wire::to_json(value));
  }
  if (const std::string* text = value.as_string()) return glob(comparison.text, *text);
  return false;
}

bool holds(const Comparison& comparison, const wire::Document& message) {
  const wire::Document* value = &message;
  for (const auto& step : comparison.selector) {
    if (const std::string* name = std::get_if<std::string>(&step)) {
      value = value->find(*name);
    } else {
      const wire::DocumentList* list = value->as_list();
      const std::size_t index = std::get<std::size_t>(step);
      value = list != nullptr && index < list->size() ? &(*list)[index] : nullptr;
    }
    if (value == nullptr) return comparison.op == Operator::not_exists;
  }
  const auto number = [&] { return value->is_string() ? std::nullopt : value->as_double(); };
  switch (comparison.op) {
    case Operator::not_exists:
      return false;
    case Operator::is_null:
      return value->is_null();
    case Operator::is_true:
      return value->as_bool() == true;
    case Operator::is_false:
      return value->as_bool() == false;
    case Operator::equal:
      return equal(comparison, *value);
    case Operator::not_equal:
      return !equal(comparison, *value);
    case Operator::less:
      return number() && *number() < *comparison.number;
    case Operator::less_equal:
      return number() && *number() <= *comparison.number;
    case Operator::greater:
      return number() && *number() > *comparison.number;
    case Operator::greater_equal:
      return number() && *number() >= *comparison.number;
  }
  return false;
}

bool holds(const Node& node, const wire::Document& message) {
  if (node.kind == Node::Kind::comparison) return holds(node.comparison, message);
  const bool wanted = node.kind == Node::Kind::any;
  for (const std::unique_ptr<Node>& child : node.children) {
    if (holds(*child, message) == wanted) return wanted;
  }
  return !wanted;
}

bool contains(std::string_view message, const std::string& term) {
  return message.find(term) != std::string_view::npos;
}

}  // namespace

FilterPattern::FilterPattern() = default;
FilterPattern::FilterPattern(FilterPattern&&) noexcept = default;
FilterPattern& FilterPattern::operator=(FilterPattern&&) noexcept = default;
FilterPattern::~FilterPattern() = default;

std::expected<FilterPattern, std::string> FilterPattern::parse(std::string_view text) {
  FilterPattern pattern;
  text = base::trim(text);
  if (text.starts_with('[')) {
    return std::unexpected(
        "Invalid filter pattern: space-delimited patterns ([a, b]) are not supported by Mayfly "
        "yet");
  }
  if (text.starts_with('{')) {
    if (!text.ends_with('}'))
      return std::unexpected("Invalid filter pattern: the brace is not closed");
    auto json = JsonPatternParser(text.substr(1, text.size() - 2)).parse();
    if (!json) return std::unexpected(json.error());
    pattern.json_ = std::move(*json);
    return pattern;
  }
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    std::vector<std::string>* terms = &pattern.required_;
    if (text[at] == '?' || text[at] == '-') {
      terms = text[at] == '?' ? &pattern.optional_ : &pattern.excluded_;
      ++at;
    }
    std::string term;
    if (at < text.size() && text[at] == '"') {
      ++at;
      while (at < text.size() && text[at] != '"') {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        term.push_back(text[at++]);
      }
      if (at >= text.size())
        return std::unexpected("Invalid filter pattern: a quotation is not closed");
      ++at;
    } else {
      const std::size_t begin = at;
      while (at < text.size() && !is_space(text[at])) ++at;
      term = std::string(text.substr(begin, at - begin));
      if (term.starts_with('%')) {
        return std::unexpected(
            "Invalid filter pattern: regular expressions (%...%) are not supported by Mayfly yet");
      }
      for (char c : term) {
        if (!is_word(c))
          return std::unexpected(fmt::format("Invalid character(s) in term '{}'", term));
      }
    }
    if (term.empty()) return std::unexpected("Invalid filter pattern: an empty term");
    terms->push_back(std::move(term));
  }
  return pattern;
}

bool FilterPattern::matches(std::string_view message) const {
  if (json_) {
    const std::string_view trimmed = base::trim(message);
    if (!trimmed.starts_with('{')) return false;
    const auto document = wire::parse_json(trimmed);
    return document && holds(*json_, *document);
  }
  for (const std::string& term : required_) {
    if (!contains(message, term)) return false;
  }
  for (const std::string& term : excluded_) {
    if (contains(message, term)) return false;
  }
  if (!required_.empty() || !excluded_.empty() || optional_.empty()) return true;
  for (const std::string& term : optional_) {
    if (contains(message, term)) return true;
  }
  return false;
}

}  // namespace mayfly::logs
