#include "services/lambda/execute/function_urls.h"

#include <fmt/format.h>

#include <stdexcept>

#include "base/log.h"
#include "gateway/cors.h"
#include "gateway/event.h"
#include "gateway/reply.h"
#include "gateway/text.h"
#include "services/lambda/errors.h"
#include "services/lambda/model/permissions.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kPathPrefix = "/_aws/lambda-url/";
constexpr std::string_view kHostMark = ".lambda-url.";
constexpr std::string_view kRoute = "$default";
constexpr std::string_view kIam = "AWS_IAM";

struct Address {
  std::string_view id;
  std::string_view path;  // raw; starts with '/'
};

std::optional<Address> parse_address(const http::Request& request) {
  const std::string_view path = request.raw_path();
  if (path.starts_with(kPathPrefix)) {
    const std::string_view rest = path.substr(kPathPrefix.size());
    const std::size_t end = std::min(rest.find('/'), rest.size());
    return Address{rest.substr(0, end), end == rest.size() ? "/" : rest.substr(end)};
  }
  const std::string_view host = request.headers.get("host").value_or("");
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0 || !host.substr(dot).starts_with(kHostMark))
    return std::nullopt;
  return Address{host.substr(0, dot), path.empty() ? "/" : path};
}

http::Response json_answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.body = std::move(body);
  return response;
}
http::Response forbidden() { return json_answer(403, R"({"Message":"Forbidden"})"); }
// What clients see of a function that failed: nothing.
http::Response failed_function() { return json_answer(502, "Internal Server Error"); }

http::Response refused(const wire::ApiError& error, const Target& target) {
  if (error.spec == &kTooManyRequests || error.spec == &kRequestEntityTooLarge) {
    wire::Document body = error.members;
    body.set("Type", "User");
    body.set("message", error.message);
    return json_answer(error.spec->status, wire::to_json(body));
  }
  base::log_warn("URL of {}: the function did not run: {}: {}", target.name, error.spec->code,
                 error.message);
  return failed_function();
}

gateway::CorsRules rules_of(const UrlCorsRow& row) {
  using List = std::vector<std::string>;
  return {row.credentials.value_or(false), row.origins.value_or(List{}),
          row.methods.value_or(List{}),    row.headers.value_or(List{}),
          row.exposed.value_or(List{}),    row.max_age};
}

// requestContext.authorizer of a signed call.
std::string iam_authorizer(const identity::Principal& caller) {
  std::string out;
  gateway::JsonWriter json(out);
  json.open();
  json.open("iam");
  json.text("accessKey", caller.access_key);
  json.text("accountId", caller.account);
  json.text("callerId", caller.user_id);
  json.null("cognitoIdentity");
  json.null("principalOrgId");
  json.text("userArn", caller.arn);
  json.text("userId", caller.user_id);
  json.close();
  json.close();
  return out;
}

// What is left of a function's answer once its head is known.
class RestOfRun final : public http::BodyStream {
 public:
  RestOfRun(std::unique_ptr<StreamedRun> run, std::string name)
      : run_(std::move(run)), name_(std::move(name)) {}

  base::Task<std::optional<std::string>> next() override {
    if (run_ == nullptr) co_return std::nullopt;
    if (auto chunk = co_await run_->next()) co_return chunk;
    const engine::Outcome outcome = co_await run_->outcome();
    run_.reset();
    // The connection is cut, so that the client does not take half an answer for a whole one.
    if (outcome.function_error)
      throw std::runtime_error("function " + name_ + " failed in the middle of its response");
    co_return std::nullopt;
  }

 private:
  std::unique_ptr<StreamedRun> run_;
  std::string name_;
};

}  // namespace

bool FunctionUrls::matches(const http::Request& request) const {
  return parse_address(request).has_value();
}

base::Task<http::Response> FunctionUrls::handle(http::Request request) {
  const Address address = *parse_address(request);
  auto door = co_await find(std::string(address.id));
  if (!door) {
    base::log_error("a function URL could not be looked up: {}", door.error().message);
    co_return failed_function();
  }
  if (!*door) co_return forbidden();
  const base::WallTime came = lambda_.clock.now();
  http::Response response = co_await answer(**door, request, address.path);
  tell(**door, came, response.status);
  co_return response;
}

base::Task<http::Response> FunctionUrls::answer(const Door& door, http::Request& request,
                                                std::string_view raw_path) {
  std::optional<gateway::CorsRules> cors;
  if (door.url->cors) cors = rules_of(*door.url->cors);
  if (cors && http::is_preflight(request))
    co_return gateway::answer_preflight(*cors, request, 200);
  const std::string origin(request.headers.get("origin").value_or(""));
  http::Response response = co_await serve(door, request, gateway::decode_path(raw_path));
  if (cors) gateway::apply_cors(*cors, origin, response.headers);
  co_return response;
}

void FunctionUrls::tell(const Door& door, base::WallTime came, int status) {
  const base::WallTime now = lambda_.clock.now();
  const auto put = [&](std::string_view name, std::string_view unit, double value) {
    lambda_.metrics.put(
        {door.scope, door.target.name, door.target.qualifier, now, name, unit, value});
  };
  put("UrlRequestCount", "Count", 1);
  put("Url4xxCount", "Count", status >= 400 && status < 500 ? 1 : 0);
  put("Url5xxCount", "Count", status >= 500 ? 1 : 0);
  put("UrlRequestLatency", "Milliseconds",
      std::chrono::duration<double, std::milli>(now - came).count());
}

base::Task<wire::Result<std::optional<FunctionUrls::Door>>> FunctionUrls::find(std::string id) {
  std::unique_ptr<store::Transaction> transaction = lambda_.store.begin();
  auto owner = co_await owners_.find(*transaction, url_owner_key(id));
  if (!owner) co_return std::unexpected(owner.error());
  if (*owner == nullptr) co_return std::optional<Door>{};
  Door door;
  door.scope.account = (*owner)->account;
  door.scope.region = (*owner)->region;
  door.target = {(*owner)->name, (*owner)->qualifier};
  auto url = co_await urls_.find(*transaction,
                                 url_key(door.scope, door.target.name, door.target.qualifier));
  if (!url) co_return std::unexpected(url.error());
  if (*url == nullptr) co_return std::optional<Door>{};
  door.url = std::move(*url);
  auto policy = co_await policies_.find(
      *transaction, policy_key(door.scope, door.target.name, door.target.qualifier));
  if (!policy) co_return std::unexpected(policy.error());
  door.policy = std::move(*policy);
  co_return std::optional(std::move(door));
}

base::Task<std::optional<FunctionUrls::Caller>> FunctionUrls::admit(const Door& door,
                                                                    const http::Request& request) {
  const auto permitted = [&door](const UrlCaller& caller) {
    return door.policy != nullptr && permits_url(*door.policy, caller, door.url->auth_type);
  };
  if (door.url->auth_type != kIam) {
    if (!permitted({})) co_return std::nullopt;
    co_return Caller{};
  }
  auto signature = identity::parse_signature(request);
  if (!signature || !*signature) co_return std::nullopt;
  auto identity = co_await authenticator_.authenticate(request, std::move(*signature));
  if (!identity || identity->signing_name != "lambda") co_return std::nullopt;
  // Identities of the function's own account may (IAM policies are not evaluated yet).
  const UrlCaller caller{identity->scope.account, identity->principal.arn};
  if (caller.account != door.scope.account && !permitted(caller)) co_return std::nullopt;
  co_return Caller{std::move(identity->principal), true};
}

base::Task<http::Response> FunctionUrls::serve(const Door& door, http::Request& request,
                                               std::string path) {
  const std::optional<Caller> caller = co_await admit(door, request);
  if (!caller) co_return forbidden();
  const base::WallTime now = lambda_.clock.now();
  gateway::Inbound inbound =
      gateway::read_inbound(request, now, lambda_.ids, gateway::EachHeader::skip);
  gateway::take_body(request, inbound);
  std::string request_id = lambda_.ids.uuid();
  const std::string domain =
      lambda_.public_host.domain(fmt::format("{}.lambda-url.{}", door.url->id, door.scope.region));
  const gateway::Place place{
      caller->signed_in ? std::string_view(caller->principal.account) : "anonymous",
      door.url->id,
      domain,
      kRoute,
      kRoute,
      request.method,
      path,
      request_id,
      now};
  ports::InvokeRequest call;
  gateway::JsonWriter json(call.payload);
  json.open();
  json.text("version", "2.0");
  gateway::write_request(json, place, inbound,
                         caller->signed_in ? iam_authorizer(caller->principal) : std::string{});
  gateway::write_body(json, inbound);
  json.close();
  call.scope = door.scope;
  call.function = door.target.name;
  call.qualifier = door.target.qualifier;
  call.trace_header = inbound.trace;
  http::Response response = co_await (door.url->invoke_mode == "RESPONSE_STREAM"
                                          ? stream(std::move(call), request_id)
                                          : invoke(door, std::move(call), request_id));
  response.headers.add("x-amzn-RequestId", request_id);
  response.headers.add("X-Amzn-Trace-Id", std::move(inbound.trace));
  co_return response;
}

base::Task<http::Response> FunctionUrls::invoke(const Door& door, ports::InvokeRequest call,
                                                std::string request_id) {
  auto result = co_await lambda_.invoker.run(std::move(call), std::move(request_id));
  if (!result) co_return refused(result.error(), door.target);
  if (result->function_error) co_return failed_function();
  auto response = gateway::read_reply(std::move(result->payload), gateway::PayloadFormat::v2);
  if (!response) {
    base::log_warn("URL of {}: the result is no HTTP response", door.target.name);
    co_return failed_function();
  }
  co_return std::move(*response);
}

base::Task<http::Response> FunctionUrls::stream(ports::InvokeRequest call, std::string request_id) {
  const Target target{call.function, call.qualifier};
  auto run = co_await lambda_.invoker.stream(std::move(call), std::move(request_id));
  if (!run) co_return refused(run.error(), target);
  if (!(*run)->start()) co_return failed_function();  // before it wrote anything
  http::Response response;
  if ((*run)->start()->content_type == engine::ResponseStream::kHttpIntegration) {
    std::string head;
    std::size_t end = std::string::npos;
    while (end == std::string::npos && head.size() <= gateway::kMaxPrelude) {
      auto chunk = co_await (*run)->next();
      if (!chunk) break;
      head += *chunk;
      end = head.find(gateway::kPreludeEnd);
    }
    std::optional<http::Response> read;
    if (end != std::string::npos)
      read = gateway::read_prelude(std::string_view(head).substr(0, end));
    if (!read) {
      base::log_warn("URL of {}: its stream does not begin with a head", target.name);
      co_return failed_function();
    }
    response = std::move(*read);
    response.body = head.substr(end + gateway::kPreludeEnd.size());
  }
  if (!response.headers.has("content-type"))
    response.headers.add("content-type", "application/octet-stream");
  response.stream = std::make_unique<RestOfRun>(std::move(*run), target.name);
  co_return response;
}

}  // namespace mayfly::lambda
