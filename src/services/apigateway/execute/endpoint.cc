#include "services/apigateway/execute/endpoint.h"

#include "base/log.h"
#include "base/strings.h"
#include "gateway/cors.h"
#include "gateway/reply.h"
#include "gateway/text.h"

namespace mayfly::apigateway {
namespace {

using gateway::decode_path;
using gateway::gateway_answer;
using gateway::is_hop_by_hop;
using gateway::value_of;

// As API Gateway's own: 11 random bytes, so that one '=' ends it.
std::string new_request_id(base::Ids& ids) {
  std::uint8_t bytes[11];
  ids.fill(bytes);
  return base::to_base64(std::string_view(reinterpret_cast<const char*>(bytes), sizeof bytes));
}

http::Response not_found() { return gateway_answer(404, "Not Found"); }
http::Response server_error() { return gateway_answer(500, "Internal Server Error"); }
http::Response unavailable() { return gateway_answer(503, "Service Unavailable"); }

struct Chosen {
  const CompiledStage* stage = nullptr;
  std::string_view path;  // what routes are matched against
};

// The stage that the URL names, or that the path begins with, or $default.
Chosen choose_stage(const CompiledApi& api, const Address& address) {
  const auto find = [&](std::string_view name) -> const CompiledStage* {
    const auto found = api.stages.find(name);
    return found == api.stages.end() ? nullptr : &found->second;
  };
  if (address.stage) return {find(*address.stage), address.path};
  const std::size_t end = std::min(address.path.find('/', 1), address.path.size());
  if (const CompiledStage* named = find(decode_path(address.path.substr(1, end - 1)))) {
    const std::string_view rest = address.path.substr(end);
    return {named, rest.empty() ? "/" : rest};
  }
  return {find(kDefaultStage), address.path};
}

// Named stages are a part of the path that functions see.
std::string shown_path(const CompiledStage& stage, std::string_view path) {
  if (stage.name == kDefaultStage) return decode_path(path);
  return "/" + stage.name + decode_path(path);
}

std::optional<http::Response> refusal(const Decision& decision) {
  switch (decision.kind) {
    case Decision::Kind::allowed:
      return std::nullopt;
    case Decision::Kind::unauthorized:
      return gateway_answer(401, "Unauthorized");
    case Decision::Kind::forbidden:
      return gateway_answer(403, "Forbidden");
    case Decision::Kind::failed:
      return server_error();
  }
  return server_error();
}

http::Request to_backend(const Execution& execution, http::Request& request,
                         const Inbound& inbound) {
  const CompiledIntegration& integration = execution.route.integration;
  http::Request out;
  out.method = integration.http_method == kAnyMethod ? request.method : integration.http_method;
  out.target = fill_target(integration.http.target, execution.parameters);
  if (!request.raw_query().empty()) {
    out.target += out.target.find('?') == std::string::npos ? '?' : '&';
    out.target += request.raw_query();
  }
  for (const auto& [name, value] : request.headers) {
    const bool ours = base::equals_ignore_case(name, "host") ||
                      base::equals_ignore_case(name, "content-length") ||
                      base::to_lower(name).starts_with("x-forwarded-");
    if (!ours && !is_hop_by_hop(name)) out.headers.add(name, value);
  }
  for (const std::string_view name : {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}) {
    out.headers.add(std::string(name), std::string(value_of(inbound.headers, name)));
  }
  out.body = std::move(request.body);
  return out;
}

}  // namespace

Endpoint::Endpoint(ApiGateway& gateway, After after)
    : gateway_(gateway), after_(after), authorizers_(gateway, std::move(after)) {}

bool Endpoint::matches(const http::Request& request) const {
  return parse_address(request).has_value();
}

base::Task<http::Response> Endpoint::handle(http::Request request) {
  std::string request_id = new_request_id(gateway_.ids());
  http::Response response = co_await serve(request, request_id);
  response.headers.set("apigw-requestid", std::move(request_id));
  co_return response;
}

base::Task<std::shared_ptr<const CompiledApi>> Endpoint::find_api(std::string api_id) {
  if (auto api = gateway_.cache().find(api_id)) co_return api;
  const std::uint64_t generation = gateway_.cache().generation();
  auto api = co_await load_api(gateway_.store(), api_id, gateway_.settings().integration_timeout);
  if (!api) {
    base::log_error("API {}: cannot be read: {}", api_id, api.error().message);
    co_return nullptr;
  }
  if (*api) gateway_.cache().insert(*api, generation);
  co_return std::move(*api);
}

base::Task<http::Response> Endpoint::serve(http::Request& request, std::string request_id) {
  const std::optional<Address> address = parse_address(request);
  if (!address) co_return not_found();
  const std::shared_ptr<const CompiledApi> api = co_await find_api(std::string(address->api_id));
  if (!api) co_return not_found();
  if (request.body.size() > gateway_.settings().payload_limit) {
    co_return gateway_answer(413, "Request Entity Too Large");
  }
  const Chosen chosen = choose_stage(*api, *address);
  if (chosen.stage == nullptr || chosen.stage->disabled) co_return not_found();
  const std::optional<gateway::CorsRules>& cors = chosen.stage->cors;
  if (cors && http::is_preflight(request))
    co_return gateway::answer_preflight(*cors, request, 204);
  http::Response response =
      co_await serve_stage(*api, *chosen.stage, request, chosen.path, std::move(request_id));
  if (cors)
    gateway::apply_cors(*cors, request.headers.get("origin").value_or(""), response.headers);
  co_return response;
}

base::Task<http::Response> Endpoint::serve_stage(const CompiledApi& api, const CompiledStage& stage,
                                                 http::Request& request, std::string_view path,
                                                 std::string request_id) {
  std::optional<RouteMatch> match = stage.table.match(request.method, path);
  if (!match) co_return not_found();
  const CompiledRoute& route = stage.routes[match->route];
  if (route.throttle && !route.throttle->admit(gateway_.clock().monotonic())) {
    co_return gateway_answer(429, "Too Many Requests");
  }
  const Execution execution{api,
                            stage,
                            route,
                            std::move(match->parameters),
                            request.method,
                            shown_path(stage, path),
                            gateway_.domain_of(api.api_id),
                            std::move(request_id),
                            gateway_.clock().now()};
  co_return co_await serve_route(execution, request);
}

base::Task<http::Response> Endpoint::serve_route(const Execution& execution,
                                                 http::Request& request) {
  const CompiledRoute& route = execution.route;
  const bool each_header = route.integration.format == PayloadFormat::v1 ||
                           (route.authorizer && route.authorizer->format == PayloadFormat::v1);
  Inbound inbound =
      gateway::read_inbound(request, execution.time, gateway_.ids(),
                            each_header ? gateway::EachHeader::keep : gateway::EachHeader::skip);
  std::string authorizer;
  if (route.authorization != "NONE") {
    if (!route.authorizer) co_return server_error();
    const Decision decision = co_await authorizers_.decide(execution, inbound);
    if (auto refused = refusal(decision)) co_return std::move(*refused);
    authorizer = decision.json(route.integration.format);
  }
  switch (route.integration.kind) {
    case CompiledIntegration::Kind::function:
      gateway::take_body(request, inbound);
      co_return co_await invoke(execution, std::move(inbound), std::move(authorizer));
    case CompiledIntegration::Kind::http:
      co_return co_await proxy(execution, request, inbound);
    case CompiledIntegration::Kind::none:
      break;
  }
  base::log_warn("API {}, route {}: {}", execution.api.api_id, route.key,
                 route.integration.problem);
  co_return server_error();
}

base::Task<http::Response> Endpoint::invoke(const Execution& execution, Inbound inbound,
                                            std::string authorizer) {
  const CompiledIntegration& integration = execution.route.integration;
  ports::InvokeRequest request;
  request.scope = execution.api.scope;
  request.function = integration.function;
  request.payload = make_event(execution, inbound, authorizer, integration.format);
  request.trace_header = std::move(inbound.trace);
  request.source_arn = execution.route.arn;
  request.source_service = "apigateway.amazonaws.com";
  std::optional<wire::Result<ports::InvokeResult>> invoked =
      co_await race(gateway_.invoker().invoke(std::move(request)), integration.timeout, after_);
  if (!invoked) co_return unavailable();
  if (!*invoked) {
    const wire::ApiError& error = invoked->error();
    // Clients hear nothing of why; whoever runs the gateway does.
    base::log_warn("API {}, route {}: {} did not run: {}: {}", execution.api.api_id,
                   execution.route.key, integration.function, error.spec->code, error.message);
    co_return error.spec->status == 429 || error.spec->status == 503 ? unavailable()
                                                                     : server_error();
  }
  if ((*invoked)->function_error) co_return server_error();
  std::optional<http::Response> response =
      gateway::read_reply(std::move((*invoked)->payload), integration.format);
  if (!response) {
    base::log_warn("API {}, route {}: the result of {} is no HTTP response", execution.api.api_id,
                   execution.route.key, integration.function);
    co_return server_error();
  }
  co_return std::move(*response);
}

base::Task<http::Response> Endpoint::proxy(const Execution& execution, http::Request& request,
                                           const Inbound& inbound) {
  const CompiledIntegration& integration = execution.route.integration;
  http::Request outgoing = to_backend(execution, request, inbound);
  auto answered =
      co_await race(gateway_.client().send(integration.http.origin, std::move(outgoing)),
                    integration.timeout, after_);
  if (!answered || !*answered) {
    base::log_warn("API {}, route {}: {}: {}", execution.api.api_id, execution.route.key,
                   integration.http.origin, answered ? answered->error() : "no answer in time");
    co_return unavailable();
  }
  http::Response response;
  response.status = (*answered)->status;
  for (const auto& [name, value] : (*answered)->headers) {
    const bool servers =
        base::equals_ignore_case(name, "content-length") || base::equals_ignore_case(name, "date");
    if (!servers && !is_hop_by_hop(name)) response.headers.add(name, value);
  }
  response.body = std::move((*answered)->body);
  co_return response;
}

}  // namespace mayfly::apigateway
