// restJson1: members in the path, the query string, headers and a JSON body, or one member as the
// whole body.
#include <fmt/format.h>

#include "base/strings.h"
#include "wire/codec.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::wire {
namespace {

const TypeInfo& plain(const TypeInfo& type) {
  const TypeInfo* inner = &type;
  while (inner->kind == Kind::optional) inner = inner->element;
  return *inner;
}

ApiError malformed_body(const JsonError& error) {
  return ApiError{&kSerialization,
                  fmt::format("Could not parse request body into json: {} at byte {}",
                              error.message, error.offset),
                  {},
                  {}};
}

// The text of an absent label, header or query parameter is a null Document.
Document label(const Input& input, std::string_view name) {
  for (const PathLabel& entry : input.labels) {
    if (entry.name == name) return Document(entry.value);
  }
  return {};
}

Document query_list(const FormPairs& query, std::string_view name) {
  Document list;
  for (const auto& [key, value] : query) {
    if (key == name) list.push_back(value);
  }
  return list;
}

// A map in the query string takes every parameter that no other member is bound to.
Document query_map(const FormPairs& query, const ShapeInfo& shape, const TypeInfo& type) {
  Document map;
  const bool lists = plain(*type.element).kind == Kind::list;
  for (const auto& [key, value] : query) {
    bool bound = false;
    for (const FieldInfo& field : shape.fields) {
      bound = bound || (field.spec.place == Place::query && field.spec.location == key &&
                        plain(*field.type).kind != Kind::map);
    }
    if (bound) continue;
    if (!lists) {
      map.set(key, value);
      continue;
    }
    const Document* old = map.find(key);
    Document values = old != nullptr ? *old : Document::list();
    values.push_back(value);
    map.set(key, std::move(values));
  }
  return map;
}

Document query_value(const FormPairs& query, const ShapeInfo& shape, const FieldInfo& field) {
  const TypeInfo& type = plain(*field.type);
  if (type.kind == Kind::list) return query_list(query, field.spec.location);
  if (type.kind == Kind::map) return query_map(query, shape, type);
  for (const auto& [key, value] : query) {
    if (key == field.spec.location) return Document(value);
  }
  return {};
}

Document header_value(const http::Headers& headers, const FieldInfo& field) {
  const TypeInfo& type = plain(*field.type);
  if (type.kind != Kind::list) {
    auto value = headers.get(field.spec.location);
    return value ? Document(base::trim(*value)) : Document();
  }
  Document list;
  for (std::string_view line : headers.get_all(field.spec.location)) {
    for (std::string_view element : base::split(line, ',')) list.push_back(base::trim(element));
  }
  return list;
}

Document prefixed_headers(const http::Headers& headers, std::string_view prefix) {
  Document map;
  for (const auto& [name, value] : headers) {
    if (name.size() > prefix.size() &&
        base::equals_ignore_case(name.substr(0, prefix.size()), prefix)) {
      map.set(name.substr(prefix.size()), value);
    }
  }
  return map;
}

bool has_body_members(const ShapeInfo& shape) {
  for (const FieldInfo& field : shape.fields) {
    if (field.spec.place == Place::body) return true;
  }
  return false;
}

// The member that is the whole body: raw bytes or text as they came, structures as JSON.
std::optional<ApiError> decode_payload(Decoder& decoder, Input& input, const FieldInfo& field,
                                       void* object, const Path& root) {
  std::string& body = input.http.body;
  const TypeInfo& type = plain(*field.type);
  if (type.kind == Kind::blob || type.kind == Kind::string) {
    // An absent payload and an empty one are the same on the wire.
    Document raw;
    if (!body.empty())
      raw = type.kind == Kind::blob ? Document(Blob{std::move(body)}) : Document(std::move(body));
    const Leaves leaves = type.kind == Kind::string ? Leaves::text : Leaves::typed;
    decoder.field(field, &raw, object, root, leaves);
    return decoder.error();
  }
  if (base::trim(body).empty()) {
    decoder.field(field, nullptr, object, root, Leaves::typed);
    return decoder.error();
  }
  auto document = parse_json(body);
  if (!document) return malformed_body(document.error());
  decoder.field(field, &*document, object, root, Leaves::typed);
  return decoder.error();
}

std::string join_list(const TypeInfo& type, const void* list, TimestampFormat format) {
  struct State {
    const TypeInfo& element;
    TimestampFormat format;
    std::string out;
  } state{*type.element, format, {}};
  type.walk(const_cast<void*>(list), &state, [](void* self, const std::string*, void* element) {
    auto& s = *static_cast<State*>(self);
    if (!s.out.empty()) s.out += ",";
    s.out += encode_text(s.element, element, s.format).value_or("");
    return true;
  });
  return std::move(state.out);
}

// A value in a header must not end the header.
std::string header_safe(std::string text) {
  for (char& c : text) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return text;
}

void encode_header(const FieldInfo& field, void* value, http::Headers& headers) {
  const TypeInfo& type = plain(*field.type);
  void* inner = value;
  for (const TypeInfo* t = field.type; inner != nullptr && t->kind == Kind::optional;
       t = t->element) {
    inner = t->value(inner);
  }
  if (inner == nullptr) return;
  TimestampFormat format = field.spec.timestamp;
  if (format == TimestampFormat::by_protocol) format = TimestampFormat::http_date;
  if (field.spec.place == Place::prefix_headers && type.kind == Kind::map) {
    struct State {
      std::string_view prefix;
      const TypeInfo& element;
      http::Headers& headers;
    } state{field.spec.location, *type.element, headers};
    type.walk(inner, &state, [](void* self, const std::string* key, void* element) {
      auto& s = *static_cast<State*>(self);
      auto text = encode_text(s.element, element, TimestampFormat::http_date);
      if (text)
        s.headers.add(std::string(s.prefix) + header_safe(*key), header_safe(std::move(*text)));
      return true;
    });
    return;
  }
  std::optional<std::string> text;
  if (type.kind == Kind::list) {
    if (type.size(inner) > 0) text = join_list(type, inner, format);
  } else {
    text = encode_text(type, inner, format);
  }
  if (text) headers.add(std::string(field.spec.location), header_safe(std::move(*text)));
}

void encode_payload(const FieldInfo& field, void* object, http::Response& response) {
  const TypeInfo* type = field.type;
  void* value = field.in(object);
  while (value != nullptr && type->kind == Kind::optional) {
    value = type->value(value);
    type = type->element;
  }
  std::string_view content_type = "application/json";
  if (value != nullptr && type->kind == Kind::blob) {
    response.body = std::move(static_cast<Blob*>(value)->bytes);
    content_type = "application/octet-stream";
  } else if (value != nullptr && type->kind == Kind::string) {
    response.body = std::move(*static_cast<std::string*>(value));
  } else if (value != nullptr) {
    response.body = to_json(encode_value(*type, value, field.spec.timestamp));
  }
  if (!response.headers.has("Content-Type"))
    response.headers.add("Content-Type", std::string(content_type));
}

}  // namespace

std::optional<ApiError> decode_rest_json(Input& input, const ShapeInfo& shape, void* object) {
  const http::Request& http = input.http;
  auto query = parse_form(http.raw_query());
  if (!query) {
    return ApiError{&kSerialization, "The query string has a broken percent escape.", {}, {}};
  }
  Document body;
  if (shape.payload == nullptr && has_body_members(shape) && !base::trim(http.body).empty()) {
    auto document = parse_json(http.body);
    if (!document) return malformed_body(document.error());
    if (document->is_list()) {
      return ApiError{&kSerialization, "Start of list found where not expected", {}, {}};
    }
    if (!document->is_map() && !document->is_null()) {
      return ApiError{&kSerialization, "Unexpected field type", {}, {}};
    }
    body = std::move(*document);
  }
  Decoder decoder;
  const Path root;
  for (const FieldInfo& field : shape.fields) {
    Document text;
    Document* value = &text;
    Leaves leaves = Leaves::text;
    switch (field.spec.place) {
      case Place::body:
        value = const_cast<Document*>(body.find(field.spec.name));
        leaves = Leaves::typed;
        break;
      case Place::path:
        text = label(input, field.spec.location);
        break;
      case Place::query:
        text = query_value(*query, shape, field);
        break;
      case Place::header:
        text = header_value(http.headers, field);
        break;
      case Place::prefix_headers:
        text = prefixed_headers(http.headers, field.spec.location);
        break;
      case Place::payload:
        if (auto error = decode_payload(decoder, input, field, object, root)) return error;
        continue;
      case Place::status_code:
        continue;
    }
    if (!decoder.field(field, value, object, root, leaves)) break;
  }
  return decoder.error();
}

http::Response encode_rest_json(const Output& output, const ShapeInfo& shape, void* object) {
  http::Response response;
  response.status = output.status;
  for (const FieldInfo& field : shape.fields) {
    void* value = field.in(object);
    if (field.spec.place == Place::header || field.spec.place == Place::prefix_headers) {
      encode_header(field, value, response.headers);
    } else if (field.spec.place == Place::status_code) {
      if (auto text = encode_text(*field.type, value, TimestampFormat::by_protocol)) {
        response.status = static_cast<int>(base::parse_int(*text).value_or(output.status));
      }
    }
  }
  if (shape.payload != nullptr) {
    encode_payload(*shape.payload, object, response);
  } else if (has_body_members(shape) || (response.status != 204 && response.status != 202)) {
    response.headers.add("Content-Type", "application/json");
    response.body = to_json(encode_body(shape, object));
  }
  return response;
}

http::Response encode_rest_json_error(const Output& output, const ApiError& error) {
  http::Response response;
  response.status = error.spec->status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("x-amzn-ErrorType", std::string(error.spec->code));
  Document body = Document::map();
  // Lambda's ValidationException comes from the layer in front of it and has the message only.
  if (output.facts.error_type == ErrorTypeMember::send && error.spec != &kValidation) {
    body.set("Type", error.spec->fault == Fault::client ? "User" : "Server");
  }
  body.set(error.spec->member == MessageMember::Message ? "Message" : "message", error.message);
  if (const DocumentMap* members = error.members.as_map()) {
    for (const auto& [name, value] : *members) body.set(name, value);
  }
  response.body = to_json(body);
  return response;
}

}  // namespace mayfly::wire
