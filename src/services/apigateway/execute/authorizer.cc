#include "services/apigateway/execute/authorizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"

namespace mayfly::apigateway {
namespace {

constexpr std::chrono::milliseconds kFunctionTimeout{10'000};  // AWS's, for Lambda authorizers
constexpr std::chrono::milliseconds kKeysTimeout{1'500};       // AWS's, for an issuer's keys

Decision refused(Decision::Kind kind) {
  Decision decision;
  decision.kind = kind;
  return decision;
}

}  // namespace

std::optional<std::string> identity_value(std::string_view source, const Execution& execution,
                                          const Inbound& inbound) {
  const auto named = [&](std::string_view prefix) -> std::optional<std::string_view> {
    if (!source.starts_with(prefix)) return std::nullopt;
    return source.substr(prefix.size());
  };
  const auto found = [](std::string_view value) {
    return value.empty() ? std::nullopt : std::optional<std::string>(value);
  };
  if (const auto name = named("$request.header.")) {
    return found(gateway::value_of(inbound.headers, base::to_lower(*name)));
  }
  if (const auto name = named("$request.querystring."))
    return found(gateway::value_of(inbound.query, *name));
  if (const auto name = named("$stageVariables.")) {
    const auto variable = execution.stage.variables.find(std::string(*name));
    return variable == execution.stage.variables.end() ? std::nullopt : found(variable->second);
  }
  if (source == "$context.routeKey") return execution.route.key;
  if (source == "$context.httpMethod") return execution.method;
  if (source == "$context.path") return execution.path;
  if (source == "$context.stage") return execution.stage.name;
  if (source == "$context.identity.sourceIp") return inbound.source_ip;
  return std::nullopt;
}

Authorizers::Authorizers(ApiGateway& gateway, After after)
    : gateway_(gateway), after_(std::move(after)), keys_(gateway.client(), gateway.clock()) {}

base::Task<Decision> Authorizers::decide(const Execution& execution, const Inbound& inbound) {
  if (execution.route.authorization == "JWT") return check_token(execution, inbound);
  return ask_function(execution, inbound);
}

base::Task<Decision> Authorizers::ask_function(const Execution& execution, const Inbound& inbound) {
  const CompiledAuthorizer& authorizer = *execution.route.authorizer;
  std::vector<std::string> identity;
  for (const std::string& source : authorizer.settings.identity_source.value_or(Strings{})) {
    std::optional<std::string> value = identity_value(source, execution, inbound);
    if (!value) co_return refused(Decision::Kind::unauthorized);
    identity.push_back(std::move(*value));
  }
  const AuthorizerReply reply = authorizer.settings.enable_simple_responses.value_or(false)
                                    ? AuthorizerReply::simple
                                    : AuthorizerReply::policy;
  const std::string arn = method_arn(execution);
  const std::chrono::seconds ttl{authorizer.settings.authorizer_result_ttl_in_seconds.value_or(0)};
  std::string key;
  if (ttl.count() > 0) {
    key = execution.api.api_id + "\n" + execution.stage.name + "\n" +
          authorizer.settings.authorizer_id;
    for (const std::string& value : identity) key += fmt::format("\n{}:{}", value.size(), value);
    if (const auto answer = cached(key)) co_return read_decision(*answer, reply, arn);
  }

  ports::InvokeRequest request;
  request.scope = execution.api.scope;
  request.function = authorizer.function;
  request.payload = make_authorizer_event(execution, inbound, identity, authorizer.format);
  request.trace_header = inbound.trace;
  request.source_service = "apigateway.amazonaws.com";
  request.source_arn = execution.api.scope.arn(
      "execute-api",
      fmt::format("{}/authorizers/{}", execution.api.api_id, authorizer.settings.authorizer_id));
  auto invoked = co_await race(gateway_.invoker().invoke(std::move(request)),
                               std::optional(kFunctionTimeout), after_);
  if (!invoked || !*invoked || (*invoked)->function_error) {
    base::log_warn("API {}: authorizer {} failed: {}", execution.api.api_id,
                   authorizer.settings.authorizer_id,
                   !invoked    ? std::string("it took more than 10 s")
                   : !*invoked ? invoked->error().message
                               : "the function ended with an error");
    co_return refused(Decision::Kind::failed);
  }
  if (ttl.count() > 0) remember(key, (*invoked)->payload, ttl);
  co_return read_decision((*invoked)->payload, reply, arn);
}

base::Task<Decision> Authorizers::check_token(const Execution& execution, const Inbound& inbound) {
  const AuthorizerProperties& settings = execution.route.authorizer->settings;
  const JwtConfiguration configuration = settings.jwt_configuration.value_or(JwtConfiguration{});
  const Strings sources = settings.identity_source.value_or(Strings{});
  std::optional<std::string> text;
  if (!sources.empty()) text = identity_value(sources.front(), execution, inbound);
  if (!text) co_return refused(Decision::Kind::unauthorized);
  constexpr std::string_view kBearer = "bearer ";
  if (base::equals_ignore_case(std::string_view(*text).substr(0, kBearer.size()), kBearer)) {
    text->erase(0, kBearer.size());
  }
  const std::optional<Jwt> token = parse_jwt(base::trim(*text));
  if (!token) co_return refused(Decision::Kind::unauthorized);
  // What needs no keys comes first, so that a stranger's token does not make the gateway fetch any.
  if (!check_claims(token->claims, configuration, gateway_.clock().now())) {
    co_return refused(Decision::Kind::unauthorized);
  }
  const wire::Document* kid = token->header.find("kid");
  std::string key_id = kid != nullptr && kid->is_string() ? *kid->as_string() : "";
  auto keys = co_await race(keys_.keys(configuration.issuer.value_or(""), std::move(key_id)),
                            std::optional(kKeysTimeout), after_);
  if (!keys || !*keys || !verify_signature(*token, **keys)) {
    co_return refused(Decision::Kind::unauthorized);
  }
  if (!has_scope(token->claims, execution.route.scopes))
    co_return refused(Decision::Kind::forbidden);
  Decision decision;
  decision.kind = Decision::Kind::allowed;
  decision.source = Decision::Source::jwt;
  decision.context = claims_as_text(token->claims);
  decision.scopes = scopes_of(token->claims);
  co_return decision;
}

std::optional<std::string> Authorizers::cached(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto found = answers_.find(key);
  if (found == answers_.end()) return std::nullopt;
  if (found->second.until <= gateway_.clock().monotonic()) {
    answers_.erase(found);
    return std::nullopt;
  }
  return found->second.payload;
}

void Authorizers::remember(const std::string& key, std::string payload, std::chrono::seconds ttl) {
  std::lock_guard lock(mutex_);
  if (answers_.size() >= kMostEntries) answers_.clear();
  answers_[key] = Entry{gateway_.clock().monotonic() + ttl, std::move(payload)};
}

}  // namespace mayfly::apigateway
