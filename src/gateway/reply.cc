#include "gateway/reply.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "gateway/inbound.h"
#include "wire/json.h"

namespace mayfly::gateway {
namespace {

using wire::Document;

// Header values may be numbers and booleans; null leaves the header out; lists and maps are not
// allowed.
enum class HeaderValue { text, absent, wrong };
HeaderValue header_text(const Document& value, std::string& out) {
  if (value.is_null()) return HeaderValue::absent;
  if (const std::string* text = value.as_string()) {
    out = *text;
  } else if (!value.is_map() && !value.is_list()) {
    out = wire::to_json(value);
  } else {
    return HeaderValue::wrong;
  }
  // A line break would let a function write headers and responses of its own making.
  return out.find_first_of("\r\n\0", 0, 3) == std::string::npos ? HeaderValue::text
                                                                : HeaderValue::wrong;
}

bool is_token(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  if (name.empty()) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kOthers.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool add_header(http::Headers& headers, const std::string& name, const Document& value) {
  std::string text;
  const HeaderValue kind = header_text(value, text);
  if (kind == HeaderValue::absent) return true;
  if (kind == HeaderValue::wrong || !is_token(name)) return false;
  // Lengths and connections are the server's business.
  if (is_hop_by_hop(name) || base::equals_ignore_case(name, "content-length")) return true;
  headers.add(name, std::move(text));
  return true;
}

std::optional<int> status_of(const Document& value) {
  std::optional<std::int64_t> status = value.as_int();
  if (const std::string* text = value.as_string()) status = base::parse_int(*text);
  if (!status || *status < 200 || *status > 599) return std::nullopt;
  return static_cast<int>(*status);
}

bool add_headers(const Document& result, http::Headers& headers) {
  const Document* map = result.find("headers");
  if (map == nullptr || map->is_null()) return true;
  if (!map->is_map()) return false;
  for (const auto& [name, value] : *map->as_map()) {
    if (!add_header(headers, name, value)) return false;
  }
  return true;
}

// Format 1.0: a name in both maps keeps the values of both, those of the multi-value map first.
bool add_multi_headers(const Document& result, http::Headers& headers) {
  const Document* map = result.find("multiValueHeaders");
  if (map == nullptr || map->is_null()) return true;
  if (!map->is_map()) return false;
  for (const auto& [name, values] : *map->as_map()) {
    if (values.is_null()) continue;
    if (!values.is_list()) return false;
    for (const Document& value : *values.as_list()) {
      if (!add_header(headers, name, value)) return false;
    }
  }
  return true;
}

bool add_cookies(const Document& result, http::Headers& headers) {
  const Document* cookies = result.find("cookies");
  if (cookies == nullptr || cookies->is_null()) return true;
  if (!cookies->is_list()) return false;
  for (const Document& cookie : *cookies->as_list()) {
    if (!add_header(headers, "set-cookie", cookie)) return false;
  }
  return true;
}

bool set_body(Document& result, http::Response& response) {
  const Document* found = result.find("body");
  if (found == nullptr || found->is_null()) return true;
  const std::string* body = found->as_string();
  if (body == nullptr) return false;
  const Document* encoded = result.find("isBase64Encoded");
  if (encoded != nullptr && encoded->as_bool().value_or(false)) {
    std::optional<std::string> bytes = base::from_base64(*body);
    if (!bytes) return false;
    response.body = std::move(*bytes);
  } else {
    response.body = *body;
  }
  return true;
}

std::optional<http::Response> read_structured(Document& result, const Document& status,
                                              PayloadFormat format) {
  const std::optional<int> code = status_of(status);
  if (!code) return std::nullopt;
  http::Response response;
  response.status = *code;
  if (format == PayloadFormat::v1 && !add_multi_headers(result, response.headers))
    return std::nullopt;
  if (!add_headers(result, response.headers)) return std::nullopt;
  if (format == PayloadFormat::v2 && !add_cookies(result, response.headers)) return std::nullopt;
  if (!set_body(result, response)) return std::nullopt;
  if (!response.headers.has("content-type")) {
    response.headers.add("content-type", "text/plain;charset=UTF-8");
  }
  return response;
}

}  // namespace

std::optional<http::Response> read_reply(std::string payload, PayloadFormat format) {
  std::expected<Document, wire::JsonError> result = wire::parse_json(payload);
  if (!result) return std::nullopt;
  if (const Document* status = result->find("statusCode");
      status != nullptr && !status->is_null()) {
    return read_structured(*result, *status, format);
  }
  if (format == PayloadFormat::v1) return std::nullopt;
  // Format 2.0 infers: whatever the function returned is the body.
  http::Response response;
  response.headers.add("content-type", "application/json");
  if (const std::string* text = result->as_string()) {
    response.body = *text;
  } else {
    response.body = std::move(payload);
  }
  return response;
}

std::optional<http::Response> read_prelude(std::string_view json) {
  std::expected<Document, wire::JsonError> head = wire::parse_json(json);
  if (!head || !head->is_map()) return std::nullopt;
  http::Response response;
  if (const Document* status = head->find("statusCode"); status != nullptr && !status->is_null()) {
    const std::optional<int> code = status_of(*status);
    if (!code) return std::nullopt;
    response.status = *code;
  }
  if (!add_headers(*head, response.headers) || !add_cookies(*head, response.headers))
    return std::nullopt;
  return response;
}

http::Response gateway_answer(int status, std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.body = "{\"message\":";
  wire::write_json_string(message, response.body);
  response.body += '}';
  return response;
}

}  // namespace mayfly::gateway
