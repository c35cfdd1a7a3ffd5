#include "wire/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "base/strings.h"
#include "wire/timestamp.h"

namespace mayfly::wire {
namespace {

namespace ondemand = simdjson::ondemand;

// Bodies up to this size are copied into a buffer that the thread keeps; bigger ones get a buffer
// and a parser of their own, so that one big request does not leave its memory behind.
constexpr std::size_t kKeptBytes = 256 * 1024;
// Maps up to this size look for duplicates while they grow; bigger ones once, sorted, when
// complete.
constexpr std::size_t kSmallMap = 16;

struct Failure {
  const char* message;
};

// Keeps the last value of each name, at the place of its first, in O(n log n).
void drop_duplicates(DocumentMap& map) {
  std::vector<std::uint32_t> order(map.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](auto a, auto b) {
    const int compared = map[a].first.compare(map[b].first);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<bool> dead(map.size());
  bool any = false;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i + 1;
    while (end < order.size() && map[order[end]].first == map[order[i]].first) ++end;
    if (end - i > 1) {
      map[order[i]].second = std::move(map[order[end - 1]].second);
      for (std::size_t k = i + 1; k < end; ++k) dead[order[k]] = true;
      any = true;
    }
    i = end;
  }
  if (!any) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (dead[i]) continue;
    if (kept != i) map[kept] = std::move(map[i]);
    ++kept;
  }
  map.erase(map.begin() + static_cast<std::ptrdiff_t>(kept), map.end());
}

// Walks a value; builds a Document where `Build` is set, otherwise only checks it. Recursion is
// bounded by kMaxJsonDepth. Each function returns null on success, else a message.
template <bool Build>
class Walker {
 public:
  template <class Value>
  const char* value(Value&& value, Document& out, int depth) {
    if (++nodes_ > kMaxJsonValues) return "too many values";
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return simdjson::error_message(error);
    switch (type) {
      case ondemand::json_type::object:
        return object(value, out, depth + 1);
      case ondemand::json_type::array:
        return array(value, out, depth + 1);
      case ondemand::json_type::string: {
        std::string_view text;
        if (auto error = value.get_string().get(text)) return simdjson::error_message(error);
        if constexpr (Build) out.value().template emplace<std::string>(text);
        return nullptr;
      }
      case ondemand::json_type::number:
        return number(value, out);
      case ondemand::json_type::boolean: {
        bool truth;
        if (auto error = value.get_bool().get(truth)) return simdjson::error_message(error);
        if constexpr (Build) out.value() = truth;
        return nullptr;
      }
      case ondemand::json_type::null: {
        // is_null() only looks at the token; a broken literal such as "nul" must be told apart.
        bool null = false;
        if (auto error = is_null(value, null)) return error;
        return null ? nullptr : "invalid literal";
      }
    }
    return "invalid value";
  }

 private:
  template <class Value>
  static const char* is_null(Value& value, bool& out) {
    if constexpr (requires { value.is_null().get(out); }) {
      if (auto error = value.is_null().get(out)) return simdjson::error_message(error);
    } else {
      out = value.is_null();
    }
    return nullptr;
  }

  template <class Value>
  const char* object(Value& value, Document& out, int depth) {
    if (depth > kMaxJsonDepth) return "nested too deeply";
    ondemand::object object;
    if (auto error = value.get_object().get(object)) return simdjson::error_message(error);
    DocumentMap* map = nullptr;
    if constexpr (Build) map = &out.value().template emplace<DocumentMap>();
    for (auto member : object) {
      ondemand::field field;
      if (auto error = std::move(member).get(field)) return simdjson::error_message(error);
      std::string_view key;
      if (auto error = field.unescaped_key().get(key)) return simdjson::error_message(error);
      Document unused;
      Document* target = &unused;
      if constexpr (Build) {
        Document* old = nullptr;
        if (map->size() <= kSmallMap) {
          for (auto& [name, document] : *map) {
            if (name == key) old = &document;
          }
        }
        if (old != nullptr) {
          *old = nullptr;
          target = old;
        } else {
          target = &map->emplace_back(std::string(key), Document()).second;
        }
      }
      if (const char* error = this->value(field.value(), *target, depth)) return error;
    }
    if constexpr (Build) {
      if (map->size() > kSmallMap) drop_duplicates(*map);
    }
    return nullptr;
  }

  template <class Value>
  const char* array(Value& value, Document& out, int depth) {
    if (depth > kMaxJsonDepth) return "nested too deeply";
    ondemand::array array;
    if (auto error = value.get_array().get(array)) return simdjson::error_message(error);
    DocumentList* list = nullptr;
    if constexpr (Build) list = &out.value().template emplace<DocumentList>();
    for (auto element : array) {
      ondemand::value inner;
      if (auto error = std::move(element).get(inner)) return simdjson::error_message(error);
      Document unused;
      Document* target = &unused;
      if constexpr (Build) target = &list->emplace_back();
      if (const char* error = this->value(inner, *target, depth)) return error;
    }
    return nullptr;
  }

  template <class Value>
  const char* number(Value& value, Document& out) {
    // Long numbers are read here: integers beyond 64 bits are errors (or, as a whole text, garbage)
    // to simdjson 3.0, and the contract makes them doubles.
    const std::string_view token = raw_token(value);
    if (token.size() <= 18) {
      ondemand::number number;
      if (auto error = value.get_number().get(number)) return simdjson::error_message(error);
      if constexpr (Build) {
        if (number.get_number_type() == ondemand::number_type::signed_integer) {
          out.value() = number.get_int64();
        } else {
          out.value() = number.as_double();
        }
      }
      return nullptr;
    }
    if (!is_json_number(token)) return "invalid number";
    // Moves past the token; what it makes of it does not matter.
    double ignored = 0;
    [[maybe_unused]] auto moved = value.get_double().get(ignored);
    const char* const end = token.data() + token.size();
    std::int64_t integer = 0;
    if (auto [stop, error] = std::from_chars(token.data(), end, integer);
        error == std::errc{} && stop == end) {
      if constexpr (Build) out.value() = integer;
      return nullptr;
    }
    double wide = 0;
    if (auto [stop, error] = std::from_chars(token.data(), end, wide);
        error != std::errc{} || stop != end) {
      return "number out of range";
    }
    if constexpr (Build) out.value() = wide;
    return nullptr;
  }

  template <class Value>
  static std::string_view raw_token(Value& value) {
    std::string_view token;
    if constexpr (requires { value.raw_json_token().get(token); }) {
      if (value.raw_json_token().get(token)) token = {};
    } else {
      token = value.raw_json_token();
    }
    return base::trim(token);
  }

  static bool is_json_number(std::string_view text) {
    auto digits = [&] {
      std::size_t count = 0;
      while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1), ++count;
      return count;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
      text.remove_prefix(1);
      if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
      if (digits() == 0) return false;
    }
    return text.empty();
  }

  std::size_t nodes_ = 0;
};

template <bool Build>
std::expected<Document, JsonError> walk(ondemand::parser& parser,
                                        simdjson::padded_string_view text) {
  ondemand::document document;
  if (auto error = parser.iterate(text).get(document)) {
    return std::unexpected(JsonError{simdjson::error_message(error), 0});
  }
  Document out;
  Walker<Build> walker;
  const char* message = walker.value(document, out, 0);
  // The location is an error once every token has been read.
  const char* location = nullptr;
  const bool at_end = document.current_location().get(location) != simdjson::SUCCESS;
  if (message == nullptr && !at_end) message = "more than one value";
  if (message == nullptr) return out;
  std::size_t offset = text.size();
  if (!at_end) offset = std::min(static_cast<std::size_t>(location - text.data()), text.size());
  return std::unexpected(JsonError{message, offset});
}

template <bool Build>
std::expected<Document, JsonError> read(std::string_view text) {
  // simdjson skips a byte order mark; JSON on the wire has none.
  if (text.starts_with("\xef\xbb\xbf")) return std::unexpected(JsonError{"byte order mark", 0});
  if (text.size() > kKeptBytes) {
    ondemand::parser parser;
    simdjson::padded_string padded(text);
    return walk<Build>(parser, padded);
  }
  struct Kept {
    ondemand::parser parser;
    std::unique_ptr<char[]> bytes =
        std::make_unique<char[]>(kKeptBytes + simdjson::SIMDJSON_PADDING);
  };
  thread_local Kept kept;
  std::copy(text.begin(), text.end(), kept.bytes.get());
  std::fill_n(kept.bytes.get() + text.size(), simdjson::SIMDJSON_PADDING, '\0');
  return walk<Build>(kept.parser,
                     simdjson::padded_string_view(kept.bytes.get(), text.size(),
                                                  kKeptBytes + simdjson::SIMDJSON_PADDING));
}

void write_double(double number, std::string& out) {
  if (!std::isfinite(number)) {
    // JSON has no such numbers; AWS writes them as strings.
    out += std::isnan(number) ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  const std::size_t start = out.size();
  fmt::format_to(std::back_inserter(out), "{}", number);
  if (out.find_first_not_of("-0123456789", start) == std::string::npos) out += ".0";
}

}  // namespace

std::expected<Document, JsonError> parse_json(std::string_view text) { return read<true>(text); }

std::expected<void, JsonError> check_json(std::string_view text) {
  auto result = read<false>(text);
  if (!result) return std::unexpected(std::move(result).error());
  return {};
}

void write_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void write_json(const Document& document, std::string& out) {
  struct Writer {
    std::string& out;
    void operator()(std::nullptr_t) { out += "null"; }
    void operator()(bool value) { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) {
      char digits[24];
      auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
      out.append(digits, end);
    }
    void operator()(double value) { write_double(value, out); }
    void operator()(const std::string& text) { write_json_string(text, out); }
    void operator()(const Blob& blob) {
      out += '"';
      out += base::to_base64(blob.bytes);
      out += '"';
    }
    void operator()(const Timestamp& time) {
      if (std::isfinite(time.epoch_seconds)) {
        out += format_epoch(time);
      } else {
        out += "null";
      }
    }
    void operator()(const DocumentList& list) {
      out += '[';
      bool first = true;
      for (const Document& element : list) {
        if (!first) out += ',';
        first = false;
        write_json(element, out);
      }
      out += ']';
    }
    void operator()(const DocumentMap& map) {
      out += '{';
      bool first = true;
      for (const auto& [key, value] : map) {
        if (!first) out += ',';
        first = false;
        write_json_string(key, out);
        out += ':';
        write_json(value, out);
      }
      out += '}';
    }
  };
  std::visit(Writer{out}, document.value());
}

std::string to_json(const Document& document) {
  std::string out;
  write_json(document, out);
  return out;
}

}  // namespace mayfly::wire
