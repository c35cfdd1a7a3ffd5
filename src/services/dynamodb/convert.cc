#include "services/dynamodb/convert.h"

#include <algorithm>

#include "base/strings.h"
#include "services/dynamodb/errors.h"

namespace mayfly::dynamodb {
namespace {

using wire::Document;
using wire::DocumentList;
using wire::DocumentMap;

std::unexpected<wire::ApiError> wrong_json(std::string message) {
  return wire::fail(wire::kSerialization, std::move(message));
}

std::string_view token_of(const Document& document) {
  if (document.as_map() != nullptr) return "START_OBJECT";
  if (document.as_list() != nullptr) return "START_ARRAY";
  if (document.as_string() != nullptr) return "STRING_VALUE";
  if (const auto flag = document.as_bool()) return *flag ? "TRUE_VALUE" : "FALSE_VALUE";
  if (std::holds_alternative<std::int64_t>(document.value())) return "NUMBER_VALUE";
  return "DECIMAL_VALUE";
}

std::unexpected<wire::ApiError> not_a(std::string_view what, const Document& document) {
  if (document.as_map() != nullptr) {
    return wrong_json("Start of structure or map found where not expected.");
  }
  if (document.as_list() != nullptr) return wrong_json("Start of list found where not expected");
  return wrong_json(std::string(token_of(document)) + " can not be converted to " +
                    std::string(what));
}

wire::Result<std::string> take_text(Document& document) {
  std::string* text = document.as_string();
  if (text == nullptr) return not_a("a String", document);
  return std::move(*text);
}

wire::Result<Binary> take_binary(Document& document) {
  const std::string* text = document.as_string();
  if (text == nullptr) return not_a("a Blob", document);
  auto bytes = base::from_base64(*text);
  if (!bytes) return wrong_json("Invalid Base64 content");
  return Binary{std::move(*bytes)};
}

wire::Result<Number> take_number(Document& document) {
  const std::string* text = document.as_string();
  if (text == nullptr) return not_a("a String", document);
  return answer(Number::parse(*text));
}

wire::Result<bool> take_flag(Document& document) {
  const auto flag = document.as_bool();
  if (!flag) return not_a("a Boolean", document);
  return *flag;
}

template <class Set, class Take>
wire::Result<Set> take_members(Document& document, Take take) {
  DocumentList* list = document.as_list();
  if (list == nullptr) {
    if (document.as_map() != nullptr) return not_a("a List", document);
    return wrong_json("Unexpected field type");
  }
  Set members;
  members.reserve(list->size());
  for (Document& element : *list) {
    auto member = take(element);
    if (!member) return std::unexpected(std::move(member).error());
    members.push_back(std::move(*member));
  }
  return members;
}

wire::Result<Value> take_string_set(Document& document) {
  auto members = take_members<StringSet>(document, take_text);
  if (!members) return std::unexpected(std::move(members).error());
  if (members->empty()) return invalid_parameter("An string set  may not be empty");
  std::string shown;
  for (const std::string& member : *members) shown.append(shown.empty() ? "" : ", ").append(member);
  auto set = Value::string_set(std::move(*members));
  if (!set) return invalid_parameter("Input collection [" + shown + "] contains duplicates.");
  return std::move(*set);
}

wire::Result<Value> take_number_set(Document& document) {
  auto members = take_members<NumberSet>(document, take_number);
  if (!members) return std::unexpected(std::move(members).error());
  if (members->empty()) return invalid_parameter("An number set  may not be empty");
  auto set = Value::number_set(std::move(*members));
  if (!set) return refuse("Input collection contains duplicates");
  return std::move(*set);
}

wire::Result<Value> take_binary_set(Document& document) {
  auto members = take_members<BinarySet>(document, take_binary);
  if (!members) return std::unexpected(std::move(members).error());
  if (members->empty()) return invalid_parameter("Binary sets should not be empty");
  std::string shown;
  for (const Binary& member : *members) {
    shown.append(shown.empty() ? "" : ", ").append(base::to_base64(member.bytes));
  }
  auto set = Value::binary_set(std::move(*members));
  if (!set)
    return invalid_parameter("Input collection [" + shown + "]of type BS contains duplicates.");
  return std::move(*set);
}

wire::Result<Value> take_value(Document& document, int depth);

wire::Result<Map> take_map(Document& document, int depth) {
  DocumentMap* map = document.as_map();
  if (map == nullptr) {
    if (document.as_list() != nullptr) return not_a("a Map", document);
    return wrong_json("Unexpected field type");
  }
  Map::Entries entries;
  entries.reserve(map->size());
  for (auto& [name, member] : *map) {
    auto value = take_value(member, depth);
    if (!value) return std::unexpected(std::move(value).error());
    entries.push_back(Map::Entry{std::move(name), std::move(*value)});
  }
  return Map::from(std::move(entries));
}

std::unexpected<wire::ApiError> too_deep() { return refuse(std::string(kNestedTooDeep)); }

template <class T>
wire::Result<Value> as_value(wire::Result<T> result) {
  if (!result) return std::unexpected(std::move(result).error());
  return Value(std::move(*result));
}

wire::Result<Value> take_typed(Type type, Document& content, int depth) {
  switch (type) {
    case Type::s:
      return as_value(take_text(content));
    case Type::n:
      return as_value(take_number(content));
    case Type::b:
      return as_value(take_binary(content));
    case Type::boolean:
      return as_value(take_flag(content));
    case Type::null: {
      auto flag = take_flag(content);
      if (!flag) return std::unexpected(std::move(flag).error());
      if (!*flag)
        return invalid_parameter("Null attribute value types must have the value of true");
      return Value(Null{});
    }
    case Type::map:
      if (depth == 0) return too_deep();
      return as_value(take_map(content, depth - 1));
    case Type::list: {
      if (depth == 0) return too_deep();
      return as_value(take_members<List>(
          content, [depth](Document& element) { return take_value(element, depth - 1); }));
    }
    case Type::ss:
      return take_string_set(content);
    case Type::ns:
      return take_number_set(content);
    case Type::bs:
      return take_binary_set(content);
  }
  return wrong_json("Unexpected field type");
}

wire::Result<Value> take_value(Document& document, int depth) {
  DocumentMap* map = document.as_map();
  if (map == nullptr) {
    if (document.as_list() != nullptr) return wrong_json("Start of list found where not expected");
    if (!document.is_null()) return wrong_json("Unexpected value type in payload");
  }
  std::optional<Type> type;
  Document* content = nullptr;
  if (map != nullptr) {
    for (auto& [name, member] : *map) {
      const auto found = type_from_name(name);
      if (!found || member.is_null()) continue;  // unknown members are ignored, as everywhere
      if (type) {
        return refuse(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
            "the "
            "supported datatypes");
      }
      type = found;
      content = &member;
    }
  }
  if (!type) {
    return refuse(
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  return take_typed(*type, *content, depth);
}

template <class Set, class Make>
Document list_of(const Set& set, Make make) {
  DocumentList list;
  list.reserve(set.size());
  for (const auto& member : set) list.push_back(make(member));
  return Document(std::move(list));
}

}  // namespace

wire::Result<Value> value_from(Document& document) { return take_value(document, kMaxNesting); }
wire::Result<Item> item_from(Document& document) { return take_map(document, kMaxNesting); }

Document document_of(const Value& value) {
  struct Writer {
    Document operator()(const std::string& text) const { return text; }
    Document operator()(const Number& number) const { return number.text(); }
    Document operator()(const Binary& binary) const { return wire::Blob{binary.bytes}; }
    Document operator()(bool flag) const { return flag; }
    Document operator()(Null) const { return true; }
    Document operator()(const Map& map) const { return document_of(map); }
    Document operator()(const List& list) const {
      return list_of(list, [](const Value& element) { return document_of(element); });
    }
    Document operator()(const StringSet& set) const {
      return list_of(set, [](const std::string& member) { return Document(member); });
    }
    Document operator()(const NumberSet& set) const {
      return list_of(set, [](const Number& member) { return Document(member.text()); });
    }
    Document operator()(const BinarySet& set) const {
      return list_of(set, [](const Binary& member) { return Document(wire::Blob{member.bytes}); });
    }
  };
  DocumentMap map;
  map.emplace_back(type_name(value.type()), std::visit(Writer{}, value.variant()));
  return Document(std::move(map));
}

Document document_of(const Item& item) {
  DocumentMap map;
  map.reserve(item.size());
  for (const Map::Entry& entry : item) map.emplace_back(entry.name, document_of(entry.value));
  return Document(std::move(map));
}

}  // namespace mayfly::dynamodb
