#include "cli/item_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/strings.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kTypes[] = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"};
constexpr int kMaxDepth = 64;

wire::Document typed(std::string_view type, wire::Document value) {
  wire::Document out = wire::Document::map();
  out.set(type, std::move(value));
  return out;
}

// The single member of a typed value; null where it is none.
const std::pair<std::string, wire::Document>* member_of(const wire::Document& value) {
  const auto* map = value.as_map();
  if (map == nullptr || map->size() != 1) return nullptr;
  return std::ranges::find(kTypes, map->front().first) == std::end(kTypes) ? nullptr
                                                                           : &map->front();
}

bool is_typed_item(const wire::Document& item) {
  const auto* map = item.as_map();
  return map != nullptr && std::ranges::all_of(*map, [](const auto& attribute) {
           return member_of(attribute.second) != nullptr;
         });
}

void write_plain(const wire::Document& value, std::string& out);

void write_plain_map(const wire::DocumentMap& map, std::string& out) {
  out += '{';
  for (const auto& [name, value] : map) {
    if (out.back() != '{') out += ", ";
    wire::write_json_string(name, out);
    out += ": ";
    write_plain(value, out);
  }
  out += '}';
}

void write_plain(const wire::Document& value, std::string& out) {
  const auto* member = member_of(value);
  if (member == nullptr) return wire::write_json(value, out);
  const auto& [type, content] = *member;
  const auto* text = content.as_string();
  const auto* list = content.as_list();
  if (type == "N" && text != nullptr) {
    out += *text;
  } else if (type == "NULL") {
    out += "null";
  } else if (const auto* map = content.as_map(); type == "M" && map != nullptr) {
    write_plain_map(*map, out);
  } else if (list != nullptr) {
    out += '[';
    for (const auto& element : *list) {
      if (out.back() != '[') out += ", ";
      const auto* number = element.as_string();
      if (type == "L") {
        write_plain(element, out);
      } else if (type == "NS" && number != nullptr) {
        out += *number;
      } else {
        wire::write_json(element, out);
      }
    }
    out += ']';
  } else {
    wire::write_json(content, out);
  }
}

// Plain JSON to typed, by simdjson itself: a Document would round long numbers.
using Element = simdjson::ondemand::value;

simdjson::error_code typed_from(Element element, int depth, wire::Document& out);

simdjson::error_code typed_map_from(simdjson::ondemand::object object, int depth,
                                    wire::Document& out) {
  out = wire::Document::map();
  for (auto field : object) {
    std::string_view name;
    if (auto error = field.unescaped_key().get(name)) return error;
    const std::string kept(name);
    Element inner;
    if (auto error = field.value().get(inner)) return error;
    wire::Document value;
    if (auto error = typed_from(inner, depth + 1, value)) return error;
    out.set(kept, std::move(value));
  }
  return simdjson::SUCCESS;
}

simdjson::error_code typed_list_from(simdjson::ondemand::array array, int depth,
                                     wire::Document& out) {
  out = wire::Document::list();
  for (auto element : array) {
    Element inner;
    if (auto error = element.get(inner)) return error;
    wire::Document value;
    if (auto error = typed_from(inner, depth + 1, value)) return error;
    out.push_back(std::move(value));
  }
  return simdjson::SUCCESS;
}

simdjson::error_code typed_from(Element element, int depth, wire::Document& out) {
  using Type = simdjson::ondemand::json_type;
  if (depth > kMaxDepth) return simdjson::DEPTH_ERROR;
  Type type;
  if (auto error = element.type().get(type)) return error;
  wire::Document content;
  simdjson::error_code error = simdjson::SUCCESS;
  switch (type) {
    case Type::object: {
      simdjson::ondemand::object object;
      error = element.get_object().get(object);
      if (!error) error = typed_map_from(object, depth, content);
      out = typed("M", std::move(content));
      return error;
    }
    case Type::array: {
      simdjson::ondemand::array array;
      error = element.get_array().get(array);
      if (!error) error = typed_list_from(array, depth, content);
      out = typed("L", std::move(content));
      return error;
    }
    case Type::string: {
      std::string_view text;
      error = element.get_string().get(text);
      out = typed("S", text);
      return error;
    }
    case Type::number: {
      // The token as it stands: check_json() found that it is a number, and DynamoDB takes more
      // digits than any type here.
      out = typed("N", base::trim(element.raw_json_token()));
      return error;
    }
    case Type::boolean: {
      bool truth = false;
      error = element.get_bool().get(truth);
      out = typed("BOOL", truth);
      return error;
    }
    default:
      out = typed("NULL", true);
      return element.is_null().error();
  }
}

Problem not_json(std::string_view why) { return {fmt::format("not JSON: {}", why), ""}; }

}  // namespace

std::string plain_json(const wire::Document& typed_item) {
  std::string out;
  if (const auto* map = typed_item.as_map()) write_plain_map(*map, out);
  return out;
}

std::string field_text(const wire::Document& typed_value) {
  const auto* member = member_of(typed_value);
  if (member != nullptr && member->second.is_string()) return *member->second.as_string();
  if (member != nullptr && member->first == "NULL") return "";
  std::string out;
  write_plain(typed_value, out);
  return out;
}

std::string cell_text(const wire::Document& typed_value) {
  constexpr std::size_t kWidest = 48;
  const auto* member = member_of(typed_value);
  std::string text =
      member != nullptr && member->first == "NULL" ? "null" : field_text(typed_value);
  if (text.size() <= kWidest) return text;
  std::size_t end = kWidest - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Answer<wire::Document> item_from_plain(std::string_view json) {
  if (auto checked = wire::check_json(json); !checked)
    return std::unexpected(not_json(checked.error().message));
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (auto error = parser.iterate(padded).get(document))
    return std::unexpected(not_json(simdjson::error_message(error)));
  if (auto error = document.get_object().get(object)) {
    if (error == simdjson::INCORRECT_TYPE)
      return std::unexpected(Problem{"an item is an object: {\"id\": ...}", ""});
    return std::unexpected(not_json(simdjson::error_message(error)));
  }
  wire::Document item;
  if (auto error = typed_map_from(object, 0, item))
    return std::unexpected(not_json(simdjson::error_message(error)));
  return item;
}

Answer<wire::Document> item_from_typed(std::string_view json) {
  auto document = wire::parse_json(json);
  if (!document) return std::unexpected(not_json(document.error().message));
  const wire::Document* inner = document->find("Item");
  if (inner != nullptr && is_typed_item(*inner)) return *inner;
  if (is_typed_item(*document)) return std::move(*document);
  return std::unexpected(
      Problem{R"(not an item in DynamoDB's JSON, as {"Item": {"id": {"S": "1"}}})", ""});
}

Answer<wire::Document> item_from_json(std::string_view json) {
  if (auto item = item_from_typed(json)) return item;
  return item_from_plain(json);
}

wire::Document value_from_word(std::string_view word) {
  const std::string wrapped = fmt::format(R"({{"v":{}}})", word);
  if (auto item = item_from_plain(wrapped)) {
    if (const auto* map = item->as_map(); map->size() == 1) return map->front().second;
  }
  return typed("S", word);
}

Answer<wire::Document> key_from_word(std::string_view name, std::string_view word,
                                     std::string_view type) {
  if (type == "B" && !base::from_base64(word)) {
    return std::unexpected(
        Problem{fmt::format("{} is binary: give it as base64.", printable(name)), ""});
  }
  return typed(type, word);
}

}  // namespace mayfly::cli
