#include "engine/runtime_api/replies.h"

#include <utility>

#include "wire/json.h"

namespace mayfly::engine {

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

http::Response refuse(int status, std::string_view type, std::string_view message) {
  std::string body = "{\"errorMessage\":";
  wire::write_json_string(message, body);
  body += ",\"errorType\":";
  wire::write_json_string(type, body);
  body += "}\n";
  return json_response(status, std::move(body));
}

http::Response accepted() { return json_response(202, "{\"status\":\"OK\"}\n"); }

}  // namespace mayfly::engine
