#include "app/status.h"

#include "base/strings.h"

namespace mayfly::app {

http::Response json_page(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

std::string query_value(std::string_view query, std::string_view name) {
  for (std::string_view part : base::split(query, '&')) {
    const std::size_t equals = part.find('=');
    if (part.substr(0, equals) != name || equals == std::string_view::npos) continue;
    return base::percent_decode(part.substr(equals + 1), base::Plus::space).value_or("");
  }
  return {};
}

base::Task<http::Response> PageEndpoint::handle(http::Request request) {
  if (request.method != "GET")
    co_return json_page(405, R"({"message":"This page is read with GET."})");
  const bool local =
      request.peer.starts_with("127.") || request.peer.starts_with("[::1]") || request.peer.empty();
  if (callers_ == Callers::this_machine && !local) {
    co_return json_page(
        403,
        R"({"message":"In the secured profile this page answers callers on this machine only."})");
  }
  co_return co_await render_(std::string(request.raw_query()));
}

}  // namespace mayfly::app
