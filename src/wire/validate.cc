#include "wire/validate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mayfly::wire {
namespace {

// Values are cut in messages; a client knows what it sent.
constexpr std::size_t kMaxPrinted = 2048;

std::string member_name(std::string_view name) {
  std::string out(name);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
  return out;
}

bool matches_any(std::span<const std::string_view> allowed, std::string_view text) {
  return std::ranges::find(allowed, text) != allowed.end();
}

// The length that rules speak of, or nullopt for kinds without one.
std::optional<std::size_t> length_of(const TypeInfo& type, const void* value) {
  switch (type.kind) {
    case Kind::string:
      return utf16_length(*static_cast<const std::string*>(value));
    case Kind::blob:
      return static_cast<const Blob*>(value)->bytes.size();
    case Kind::list:
    case Kind::map:
      return type.size(value);
    default:
      return std::nullopt;
  }
}

std::optional<double> number_of(const TypeInfo& type, const void* value) {
  switch (type.kind) {
    case Kind::int32:
      return *static_cast<const std::int32_t*>(value);
    case Kind::int64:
      return static_cast<double>(*static_cast<const std::int64_t*>(value));
    case Kind::float64:
      return *static_cast<const double*>(value);
    default:
      return std::nullopt;
  }
}

// The texts of AWS's constraints, in AWS's order: maximum, minimum, pattern, enum.
std::string max_length_text(const Rules& rules) {
  return fmt::format("Member must have length less than or equal to {}", rules.max_length);
}
std::string min_length_text(const Rules& rules) {
  return fmt::format("Member must have length greater than or equal to {}", rules.min_length);
}
std::string max_text(const Rules& rules) {
  return fmt::format("Member must have value less than or equal to {}", rules.max);
}
std::string min_text(const Rules& rules) {
  return fmt::format("Member must have value greater than or equal to {}", rules.min);
}
std::string pattern_text(const Rules& rules) {
  return fmt::format("Member must satisfy regular expression pattern: {}", rules.pattern);
}
std::string enum_text(const Rules& rules) {
  return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(rules.allowed, ", "));
}

// The violated constraints of one scalar or container, in order.
std::vector<std::string> violated(const Rules& rules, const Pattern* pattern, const TypeInfo& type,
                                  const void* value) {
  std::vector<std::string> out;
  if (auto length = length_of(type, value)) {
    const auto size = static_cast<std::int64_t>(*length);
    if (rules.max_length != Rules::kNone && size > rules.max_length)
      out.push_back(max_length_text(rules));
    if (rules.min_length != Rules::kNone && size < rules.min_length)
      out.push_back(min_length_text(rules));
  }
  if (auto number = number_of(type, value)) {
    if (rules.has_max && *number > static_cast<double>(rules.max)) out.push_back(max_text(rules));
    if (rules.has_min && *number < static_cast<double>(rules.min)) out.push_back(min_text(rules));
  }
  if (type.kind == Kind::string) {
    const auto& text = *static_cast<const std::string*>(value);
    if (pattern != nullptr && !pattern->matches(text)) out.push_back(pattern_text(rules));
    if (!rules.allowed.empty() && !matches_any(rules.allowed, text))
      out.push_back(enum_text(rules));
  }
  return out;
}

// For elements AWS answers with all constraints of the element, not only the violated one.
std::string all_constraints(const Rules& rules) {
  std::vector<std::string> out;
  if (rules.max_length != Rules::kNone) out.push_back(max_length_text(rules));
  if (rules.min_length != Rules::kNone) out.push_back(min_length_text(rules));
  if (rules.has_max) out.push_back(max_text(rules));
  if (rules.has_min) out.push_back(min_text(rules));
  if (!rules.pattern.empty()) out.push_back(pattern_text(rules));
  if (!rules.allowed.empty()) out.push_back(enum_text(rules));
  out.push_back("Member must not be null");
  return fmt::format("[{}]", fmt::join(out, ", "));
}

void check_elements(const FieldInfo& field, const TypeInfo& type, const void* value,
                    const Path& path, Violations& violations) {
  struct State {
    const FieldInfo& field;
    const TypeInfo& element;
    bool bad_value = false;
    bool bad_key = false;
  } state{field, *type.element};
  type.walk(const_cast<void*>(value), &state,
            [](void* self, const std::string* key, void* element) {
              auto& s = *static_cast<State*>(self);
              static constexpr TypeInfo kKeyType{.kind = Kind::string};
              const TypeInfo* element_type = &s.element;
              if (element_type->kind == Kind::optional) {
                element = element_type->value(element);
                element_type = element_type->element;
              }
              if (element != nullptr && s.field.spec.each.any() &&
                  !violated(s.field.spec.each, s.field.each_pattern.get(), *element_type, element)
                       .empty()) {
                s.bad_value = true;
              }
              if (key != nullptr && s.field.spec.keys.any() &&
                  !violated(s.field.spec.keys, s.field.key_pattern.get(), kKeyType, key).empty()) {
                s.bad_key = true;
              }
              return true;
            });
  if (state.bad_key) {
    violations.add(path, printed(type, value),
                   "Map keys must satisfy constraint: " + all_constraints(field.spec.keys));
  }
  if (state.bad_value) {
    violations.add(path, printed(type, value),
                   fmt::format("{} must satisfy constraint: {}",
                               type.kind == Kind::map ? "Map value" : "Member",
                               all_constraints(field.spec.each)));
  }
}

void print(const TypeInfo& type, const void* value, std::string& out);

void print_walk(const TypeInfo& type, const void* value, std::string& out) {
  struct State {
    const TypeInfo& element;
    std::string& out;
    bool first = true;
  } state{*type.element, out};
  type.walk(const_cast<void*>(value), &state,
            [](void* self, const std::string* key, void* element) {
              auto& s = *static_cast<State*>(self);
              if (!s.first) s.out += ", ";
              s.first = false;
              if (key != nullptr) s.out += *key + "=";
              print(s.element, element, s.out);
              return s.out.size() < kMaxPrinted;
            });
}

void print_document(const Document& document, std::string& out) {
  if (const std::string* text = document.as_string()) {
    out += *text;
  } else if (auto truth = document.as_bool()) {
    out += *truth ? "true" : "false";
  } else if (auto number = document.as_double()) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else {
    out += "...";
  }
}

void print(const TypeInfo& type, const void* value, std::string& out) {
  if (out.size() >= kMaxPrinted) return;
  switch (type.kind) {
    case Kind::string:
      out += *static_cast<const std::string*>(value);
      return;
    case Kind::boolean:
      out += *static_cast<const bool*>(value) ? "true" : "false";
      return;
    case Kind::int32:
      out += std::to_string(*static_cast<const std::int32_t*>(value));
      return;
    case Kind::int64:
      out += std::to_string(*static_cast<const std::int64_t*>(value));
      return;
    case Kind::float64:
      fmt::format_to(std::back_inserter(out), "{}", *static_cast<const double*>(value));
      return;
    case Kind::timestamp:
      fmt::format_to(std::back_inserter(out), "{}",
                     static_cast<const Timestamp*>(value)->epoch_seconds);
      return;
    case Kind::blob: {
      // What Java prints for a ByteBuffer.
      const std::size_t size = static_cast<const Blob*>(value)->bytes.size();
      fmt::format_to(std::back_inserter(out), "java.nio.HeapByteBuffer[pos=0 lim={} cap={}]", size,
                     size);
      return;
    }
    case Kind::document:
      print_document(*static_cast<const Document*>(value), out);
      return;
    case Kind::optional: {
      const void* inner = type.value(const_cast<void*>(value));
      if (inner == nullptr) {
        out += "null";
      } else {
        print(*type.element, inner, out);
      }
      return;
    }
    case Kind::list:
      out += '[';
      print_walk(type, value, out);
      out += ']';
      return;
    case Kind::map:
      out += '{';
      print_walk(type, value, out);
      out += '}';
      return;
    case Kind::structure: {
      // As Java's generated toString(), without the class name, which only AWS knows:
      // {attributeName=a, ...}
      out += '{';
      bool first = true;
      for (const FieldInfo& field : type.shape().fields) {
        const void* member = field.in(value);
        if (field.type->kind == Kind::optional &&
            field.type->value(const_cast<void*>(member)) == nullptr)
          continue;
        if (!first) out += ", ";
        first = false;
        out += member_name(field.spec.name) + "=";
        print(*field.type, member, out);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

std::string Path::str() const {
  std::string before = parent == nullptr ? std::string() : parent->str();
  auto join = [&](std::string next) { return before.empty() ? next : before + "." + next; };
  switch (step) {
    case Step::root:
      return before;
    case Step::member:
      return join(member_name(name));
    case Step::element:
      return join(std::to_string(index) + ".member");
    case Step::entry:
      return join(std::string(name) + ".member");
  }
  return before;
}

void Violations::add_null(const Path& path) {
  if (violations_.size() >= kMaxViolations) return;
  violations_.push_back(fmt::format(
      "Value null at '{}' failed to satisfy constraint: Member must not be null", path.str()));
}

void Violations::add(const Path& path, std::string value, std::string constraint) {
  if (violations_.size() >= kMaxViolations) return;
  violations_.push_back(fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", value,
                                    path.str(), constraint));
}

ApiError Violations::error() const {
  return ApiError{&kValidation,
                  fmt::format("{} validation error{} detected: {}", violations_.size(),
                              violations_.size() == 1 ? "" : "s", fmt::join(violations_, "; ")),
                  {},
                  {}};
}

void check_field(const FieldInfo& field, const void* value, const Path& path,
                 Violations& violations) {
  const TypeInfo* type = field.type;
  while (type->kind == Kind::optional) {
    value = type->value(const_cast<void*>(value));
    if (value == nullptr) return;
    type = type->element;
  }
  if (field.spec.rules.any()) {
    for (std::string& text : violated(field.spec.rules, field.pattern.get(), *type, value)) {
      violations.add(path, printed(*type, value), std::move(text));
    }
  }
  if ((type->kind == Kind::list || type->kind == Kind::map) &&
      (field.spec.each.any() || field.spec.keys.any())) {
    check_elements(field, *type, value, path, violations);
  }
}

std::string printed(const TypeInfo& type, const void* value) {
  std::string out;
  print(type, value, out);
  return out;
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if ((byte & 0xC0) != 0x80) ++units;  // the first byte of a character
    if (byte >= 0xF0) ++units;           // a character outside the basic plane is two units
  }
  return units;
}

}  // namespace mayfly::wire
