#include "wire/decode.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/strings.h"
#include "wire/timestamp.h"

namespace mayfly::wire {
namespace {

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::string:
      return "a String";
    case Kind::boolean:
      return "a Boolean";
    case Kind::int32:
      return "an Integer";
    case Kind::int64:
      return "a Long";
    case Kind::float64:
      return "a Double";
    case Kind::blob:
      return "a Blob";
    case Kind::timestamp:
      return "a Timestamp";
    case Kind::document:
      return "a Document";
    case Kind::optional:
      break;
    case Kind::list:
      return "a List";
    case Kind::map:
      return "a Map";
    case Kind::structure:
      return "a Structure";
  }
  return "a value";
}

// The names of JSON tokens in the messages of AWS's deserializer.
std::string_view token_name(const Document& document) {
  struct Visitor {
    std::string_view operator()(std::nullptr_t) { return "NULL_VALUE"; }
    std::string_view operator()(bool value) { return value ? "TRUE_VALUE" : "FALSE_VALUE"; }
    std::string_view operator()(std::int64_t) { return "NUMBER_VALUE"; }
    std::string_view operator()(double) { return "DECIMAL_VALUE"; }
    std::string_view operator()(const std::string&) { return "STRING_VALUE"; }
    std::string_view operator()(const Blob&) { return "BLOB_VALUE"; }
    std::string_view operator()(const Timestamp&) { return "TIMESTAMP_VALUE"; }
    std::string_view operator()(const DocumentList&) { return "LIST_VALUE"; }
    std::string_view operator()(const DocumentMap&) { return "MAP_VALUE"; }
  };
  return std::visit(Visitor{}, document.value());
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_special_double(std::string_view text) {
  if (text == "NaN") return std::nan("");
  if (text == "Infinity") return HUGE_VAL;
  if (text == "-Infinity") return -HUGE_VAL;
  return std::nullopt;
}

std::optional<std::string> decode_blob(std::string_view text) { return base::from_base64(text); }

}  // namespace

bool Decoder::refuse(std::string message) {
  wrong_ = ApiError{&kSerialization, std::move(message), {}, {}};
  return false;
}

std::optional<ApiError> Decoder::error() const {
  if (wrong_) return wrong_;
  if (!violations_.empty()) return violations_.error();
  return std::nullopt;
}

bool Decoder::field(const FieldInfo& field, Document* document, void* object, const Path& parent,
                    Leaves leaves) {
  const Path path{Path::Step::member, &parent, field.spec.name};
  if (document == nullptr || document->is_null()) {
    if (field.spec.rules.required) violations_.add_null(path);
    return true;
  }
  void* target = field.in(object);
  if (!value(*field.type, *document, target, path, leaves)) return false;
  check_field(field, target, path, violations_);
  return true;
}

bool Decoder::structure(const ShapeInfo& shape, Document& document, void* object, const Path& path,
                        Leaves leaves) {
  DocumentMap* map = document.as_map();
  if (map == nullptr) {
    // A form has no empty structures: an empty text stands for one.
    if (leaves == Leaves::text && document.is_string() && document.as_string()->empty()) {
      Document empty = Document::map();
      return structure(shape, empty, object, path, leaves);
    }
    return refuse(document.is_list() ? "Start of list found where not expected"
                                     : "Unexpected field type");
  }
  // First which member is where, then the members in the order of the table: violations come in a
  // fixed order.
  constexpr std::size_t kInline = 48;
  std::array<Document*, kInline> inline_found{};
  std::vector<Document*> many;
  std::span<Document*> found;
  if (shape.fields.size() <= kInline) {
    found = std::span(inline_found).first(shape.fields.size());
  } else {
    many.resize(shape.fields.size());
    found = many;
  }
  for (auto& [name, member] : *map) {
    if (const FieldInfo* info = shape.find(name)) {
      found[static_cast<std::size_t>(info - shape.fields.data())] = &member;
    }
  }
  for (std::size_t i = 0; i < shape.fields.size(); ++i) {
    if (!field(shape.fields[i], found[i], object, path, leaves)) return false;
  }
  return true;
}

bool Decoder::value(const TypeInfo& type, Document& document, void* target, const Path& path,
                    Leaves leaves) {
  switch (type.kind) {
    case Kind::document:
      *static_cast<Document*>(target) = std::move(document);
      return true;
    case Kind::optional:
      return value(*type.element, document, type.emplace(target), path, leaves);
    case Kind::structure:
      return structure(type.shape(), document, target, path, leaves);
    case Kind::list:
      return list(type, document, target, path, leaves);
    case Kind::map:
      return map(type, document, target, path, leaves);
    default:
      if (document.is_map()) return refuse("Start of structure or map found where not expected.");
      if (document.is_list()) return refuse("Start of list found where not expected");
      if (leaves == Leaves::text && document.is_string()) {
        return text_scalar(type, *document.as_string(), target, path);
      }
      return scalar(type, document, target);
  }
}

bool Decoder::scalar(const TypeInfo& type, Document& document, void* target) {
  std::string* text = document.as_string();
  bool good = false;
  switch (type.kind) {
    case Kind::string:
      good = text != nullptr;
      if (good) *static_cast<std::string*>(target) = std::move(*text);
      break;
    case Kind::boolean:
      if (auto truth = document.as_bool()) *static_cast<bool*>(target) = *truth, good = true;
      break;
    case Kind::int32:
      if (auto number = document.as_int(); number &&
                                           *number >= std::numeric_limits<std::int32_t>::min() &&
                                           *number <= std::numeric_limits<std::int32_t>::max()) {
        *static_cast<std::int32_t*>(target) = static_cast<std::int32_t>(*number);
        good = true;
      }
      break;
    case Kind::int64:
      if (auto number = document.as_int())
        *static_cast<std::int64_t*>(target) = *number, good = true;
      break;
    case Kind::float64: {
      auto number = text != nullptr ? parse_special_double(*text) : document.as_double();
      if (number) *static_cast<double*>(target) = *number, good = true;
      break;
    }
    case Kind::blob:
      if (text != nullptr) {
        auto bytes = decode_blob(*text);
        if (!bytes) return refuse("Invalid Base64 content");
        static_cast<Blob*>(target)->bytes = std::move(*bytes);
        good = true;
      } else if (const Blob* blob = document.as_blob()) {
        *static_cast<Blob*>(target) = *blob;
        good = true;
      }
      break;
    case Kind::timestamp:
      if (const auto* known = std::get_if<Timestamp>(&document.value())) {
        *static_cast<Timestamp*>(target) = *known;
        good = true;
      } else if (auto seconds = document.as_double()) {
        static_cast<Timestamp*>(target)->epoch_seconds = *seconds;
        good = true;
      } else if (text != nullptr) {
        auto time = parse_iso8601(*text);
        if (time) *static_cast<Timestamp*>(target) = *time, good = true;
      }
      break;
    default:
      break;
  }
  if (good) return true;
  return refuse(
      fmt::format("{} can not be converted to {}", token_name(document), type_name(type.kind)));
}

bool Decoder::text_scalar(const TypeInfo& type, std::string& text, void* target, const Path& path) {
  bool good = false;
  switch (type.kind) {
    case Kind::string:
      // Clients may send any bytes in a URI; everything behind this relies on UTF-8.
      good = base::is_utf8(text);
      if (good) *static_cast<std::string*>(target) = std::move(text);
      break;
    case Kind::boolean:
      good = base::equals_ignore_case(text, "true") || base::equals_ignore_case(text, "false");
      if (good) *static_cast<bool*>(target) = base::equals_ignore_case(text, "true");
      break;
    case Kind::int32:
      if (auto number = parse_number<std::int32_t>(text)) {
        *static_cast<std::int32_t*>(target) = *number;
        good = true;
      }
      break;
    case Kind::int64:
      if (auto number = parse_number<std::int64_t>(text))
        *static_cast<std::int64_t*>(target) = *number, good = true;
      break;
    case Kind::float64: {
      auto number = parse_special_double(text);
      if (!number) number = parse_number<double>(text);
      if (number) *static_cast<double*>(target) = *number, good = true;
      break;
    }
    case Kind::blob:
      if (auto bytes = decode_blob(text))
        static_cast<Blob*>(target)->bytes = std::move(*bytes), good = true;
      break;
    case Kind::timestamp:
      if (auto time = parse_any_timestamp(text))
        *static_cast<Timestamp*>(target) = *time, good = true;
      break;
    default:
      break;
  }
  if (good) return true;
  return refuse(
      fmt::format("Value at '{}' can not be converted to {}", path.str(), type_name(type.kind)));
}

bool Decoder::list(const TypeInfo& type, Document& document, void* target, const Path& path,
                   Leaves leaves) {
  DocumentList* elements = document.as_list();
  if (elements == nullptr) {
    // "Tags=" in a form is an empty list.
    if (leaves == Leaves::text && document.is_string() && document.as_string()->empty())
      return true;
    return refuse(document.is_map() ? "Start of structure or map found where not expected."
                                    : "Unexpected field type");
  }
  type.reserve(target, elements->size());
  std::size_t index = 0;
  for (Document& element : *elements) {
    const Path at{Path::Step::element, &path, {}, ++index};
    if (element.is_null() && type.element->kind != Kind::document &&
        type.element->kind != Kind::optional) {
      violations_.add_null(at);
      continue;
    }
    void* place = type.emplace(target);
    if (element.is_null()) continue;
    if (!value(*type.element, element, place, at, leaves)) return false;
  }
  return true;
}

bool Decoder::map(const TypeInfo& type, Document& document, void* target, const Path& path,
                  Leaves leaves) {
  DocumentMap* entries = document.as_map();
  if (entries == nullptr) {
    if (leaves == Leaves::text && document.is_string() && document.as_string()->empty())
      return true;
    return refuse(document.is_list() ? "Start of list found where not expected"
                                     : "Unexpected field type");
  }
  for (auto& [key, element] : *entries) {
    const Path at{Path::Step::entry, &path, key};
    if (element.is_null() && type.element->kind != Kind::document &&
        type.element->kind != Kind::optional) {
      violations_.add_null(at);
      continue;
    }
    void* place = type.insert(target, std::string(key));
    if (element.is_null()) continue;
    if (!value(*type.element, element, place, at, leaves)) return false;
  }
  return true;
}

std::optional<ApiError> decode_document(const ShapeInfo& shape, Document document, void* object) {
  Decoder decoder;
  const Path root;
  decoder.structure(shape, document, object, root, Leaves::typed);
  return decoder.error();
}

}  // namespace mayfly::wire
