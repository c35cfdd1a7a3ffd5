#include "patterns/event_pattern.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "wire/json.h"

namespace mayfly::patterns {

using wire::Document;
using wire::DocumentList;
using wire::DocumentMap;

namespace {

// EventBridge bounds what its wildcards may cost; so do we: one takes text × pattern at worst.
constexpr std::size_t kMaxWildcard = 256;

using Matcher = std::function<bool(const Document& leaf)>;

bool is_number(const Document& value) {
  return std::holds_alternative<std::int64_t>(value.value()) ||
         std::holds_alternative<double>(value.value());
}

bool same(const Document& left, const Document& right) {
  if (is_number(left) && is_number(right)) return left.as_double() == right.as_double();
  return left == right;
}

bool wildcard_matches(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0;
  std::size_t star = std::string_view::npos, resume = 0;  // the last '*', and where it stops
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    const std::size_t at = escaped ? p + 1 : p;
    if (at < pattern.size() && pattern[at] == text[t]) {
      p = at + 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

// Either an object of the pattern (keys, and alternatives of "$or") or the matchers of one field.
struct EventPattern::Node {
  struct Field {
    std::string key;
    std::shared_ptr<const Node> node;
  };
  std::vector<Field> fields;
  std::vector<std::vector<std::shared_ptr<const Node>>> alternatives;
  bool leaf = false;
  std::vector<Matcher> any_of;
  bool or_absent = false;  // {"exists": false}

  // `value` null: the event has no such field.
  bool matches(const Document* value) const {
    if (leaf) return matches_leaf(value);
    if (value != nullptr) {
      if (const DocumentList* list = value->as_list(); list != nullptr && !list->empty()) {
        return std::ranges::any_of(*list, [this](const Document& each) { return matches(&each); });
      }
      if (value->as_map() == nullptr) value = nullptr;
    }
    const auto has = [value](const Field& field) {
      return field.node->matches(value == nullptr ? nullptr : value->find(field.key));
    };
    const auto one_does = [value](const std::vector<std::shared_ptr<const Node>>& nodes) {
      return std::ranges::any_of(nodes, [value](const auto& node) { return node->matches(value); });
    };
    return std::ranges::all_of(fields, has) && std::ranges::all_of(alternatives, one_does);
  }

 private:
  bool matches_leaf(const Document* value) const {
    if (value != nullptr) {
      if (const DocumentList* list = value->as_list(); list != nullptr && !list->empty()) {
        return std::ranges::any_of(*list,
                                   [this](const Document& each) { return matches_leaf(&each); });
      }
    }
    if (value == nullptr || value->as_map() != nullptr || value->as_list() != nullptr)
      return or_absent;
    return std::ranges::any_of(any_of,
                               [value](const Matcher& matcher) { return matcher(*value); });
  }
};

class PatternParser {
 public:
  using Node = EventPattern::Node;
  using Parsed = std::expected<std::shared_ptr<const Node>, std::string>;
  using Made = std::expected<Matcher, std::string>;

  static std::expected<EventPattern, std::string> parse(const Document& document) {
    auto root = object(document);
    if (!root) return std::unexpected(std::move(root).error());
    return EventPattern(std::move(*root));
  }

 private:
  static std::unexpected<std::string> bad(std::string what) {
    return std::unexpected(std::move(what));
  }

  static Parsed object(const Document& document) {
    const DocumentMap* map = document.as_map();
    if (map == nullptr) return bad("A pattern is an object.");
    auto node = std::make_shared<Node>();
    for (const auto& [key, value] : *map) {
      if (key == "$or") {
        auto any = alternatives(value);
        if (!any) return bad(std::move(any).error());
        node->alternatives.push_back(std::move(*any));
        continue;
      }
      const bool nested = value.as_map() != nullptr;
      if (nested && value.as_map()->empty()) return bad("\"" + key + "\" is an empty object.");
      Parsed child = nested ? object(value) : leaf(key, value);
      if (!child) return child;
      node->fields.push_back({key, std::move(*child)});
    }
    return node;
  }

  static std::expected<std::vector<std::shared_ptr<const Node>>, std::string> alternatives(
      const Document& value) {
    const DocumentList* list = value.as_list();
    if (list == nullptr || list->size() < 2) return bad("\"$or\" is a list of patterns.");
    std::vector<std::shared_ptr<const Node>> out;
    for (const Document& each : *list) {
      Parsed node = object(each);
      if (!node) return bad(std::move(node).error());
      out.push_back(std::move(*node));
    }
    return out;
  }

  static Parsed leaf(const std::string& key, const Document& value) {
    const DocumentList* list = value.as_list();
    if (list == nullptr || list->empty())
      return bad("\"" + key + "\" is neither an object nor a list of values.");
    auto node = std::make_shared<Node>();
    node->leaf = true;
    for (const Document& each : *list) {
      const DocumentMap* map = each.as_map();
      if (each.as_list() != nullptr) return bad("\"" + key + "\" has a list in its list.");
      if (map == nullptr) {
        node->any_of.emplace_back([each](const Document& leaf) { return same(leaf, each); });
        continue;
      }
      if (map->size() != 1) return bad("A matcher of \"" + key + "\" has one name.");
      const auto& [name, argument] = map->front();
      if (name == "exists" && argument.as_bool() == false) {
        node->or_absent = true;
        continue;
      }
      Made made = matcher(name, argument);
      if (!made) return bad(std::move(made).error());
      node->any_of.push_back(std::move(*made));
    }
    return node;
  }

  static Made matcher(const std::string& name, const Document& argument) {
    if (name == "exists") {
      if (argument.as_bool() == true) return Matcher([](const Document&) { return true; });
      return bad("\"exists\" is true or false.");
    }
    if (name == "numeric") return numeric(argument);
    if (name == "anything-but") return anything_but(argument);
    return of_text(name, argument);
  }

  // Matchers of text.
  static Made of_text(const std::string& name, const Document& argument) {
    const DocumentMap* map = argument.as_map();
    if ((name == "prefix" || name == "suffix") && map != nullptr) {
      const std::string* text =
          map->size() == 1 && map->front().first == "equals-ignore-case"
              ? map->front().second.as_string()
              : nullptr;
      if (text == nullptr) return bad("\"" + name + "\" is text.");
      return on_text([prefix = name == "prefix", want = base::to_lower(*text)](
                         std::string_view leaf) {
        const std::string lower = base::to_lower(leaf);
        return prefix ? lower.starts_with(want) : lower.ends_with(want);
      });
    }
    const std::string* text = argument.as_string();
    if (text == nullptr) return bad("\"" + name + "\" is not known, or not text.");
    const std::string want = *text;
    if (name == "prefix")
      return on_text([want](std::string_view leaf) { return leaf.starts_with(want); });
    if (name == "suffix")
      return on_text([want](std::string_view leaf) { return leaf.ends_with(want); });
    if (name == "equals-ignore-case") {
      return on_text([lower = base::to_lower(want)](std::string_view leaf) {
        return base::to_lower(leaf) == lower;
      });
    }
    if (name == "wildcard" && want.size() <= kMaxWildcard && !want.contains("**"))
      return on_text([want](std::string_view leaf) { return wildcard_matches(leaf, want); });
    return bad("\"" + name + "\" is not a matcher, or not with this text.");
  }

  template <class Test>
  static Matcher on_text(Test test) {
    return [test = std::move(test)](const Document& leaf) {
      const std::string* text = leaf.as_string();
      return text != nullptr && test(*text);
    };
  }

  static Made anything_but(const Document& argument) {
    if (const DocumentMap* map = argument.as_map()) {
      if (map->size() != 1) return bad("A matcher of \"anything-but\" has one name.");
      const auto& [name, value] = map->front();
      std::vector<Matcher> none_of;
      const DocumentList one{value};
      const DocumentList& values = value.as_list() != nullptr ? *value.as_list() : one;
      for (const Document& each : values) {
        Made made = of_text(name, each);
        if (!made) return made;
        none_of.push_back(std::move(*made));
      }
      if (none_of.empty()) return bad("\"anything-but\" has no values.");
      return Matcher([none_of](const Document& leaf) {
        return std::ranges::none_of(none_of, [&leaf](const Matcher& each) { return each(leaf); });
      });
    }
    const DocumentList one{argument};
    DocumentList values = argument.as_list() != nullptr ? *argument.as_list() : one;
    const auto plain = [](const Document& each) { return each.is_string() || is_number(each); };
    if (values.empty() || !std::ranges::all_of(values, plain))
      return bad("\"anything-but\" has texts or numbers.");
    return Matcher([values = std::move(values)](const Document& leaf) {
      return std::ranges::none_of(values,
                                  [&leaf](const Document& each) { return same(leaf, each); });
    });
  }

  // [">", 0, "<=", 5]
  static Made numeric(const Document& argument) {
    const DocumentList* list = argument.as_list();
    if (list == nullptr || (list->size() != 2 && list->size() != 4))
      return bad("\"numeric\" is a comparison and a number, or two of them.");
    std::vector<std::pair<std::string, double>> tests;
    for (std::size_t i = 0; i < list->size(); i += 2) {
      const std::string* op = (*list)[i].as_string();
      const std::optional<double> number =
          is_number((*list)[i + 1]) ? (*list)[i + 1].as_double() : std::nullopt;
      constexpr std::string_view kOperators[] = {"=", "<", "<=", ">", ">="};
      if (op == nullptr || !number || std::ranges::find(kOperators, *op) == std::end(kOperators))
        return bad("\"numeric\" compares with =, <, <=, > or >= and a number.");
      tests.emplace_back(*op, *number);
    }
    // Two of them are a range.
    if (tests.size() == 2 && (tests[0].first[0] != '>' || tests[1].first[0] != '<'))
      return bad("A range of \"numeric\" begins with > or >= and ends with < or <=.");
    return Matcher([tests](const Document& leaf) {
      if (!is_number(leaf)) return false;
      const double value = *leaf.as_double();
      return std::ranges::all_of(tests, [value](const auto& test) {
        const auto& [op, bound] = test;
        if (op == "=") return value == bound;
        if (op == "<") return value < bound;
        if (op == "<=") return value <= bound;
        if (op == ">") return value > bound;
        return value >= bound;
      });
    });
  }
};

std::expected<EventPattern, std::string> EventPattern::parse(std::string_view json) {
  auto document = wire::parse_json(json);
  if (!document) return std::unexpected("The pattern is not JSON: " + document.error().message);
  return PatternParser::parse(*document);
}

bool EventPattern::matches(const Document& event) const { return root_->matches(&event); }

}  // namespace mayfly::patterns
