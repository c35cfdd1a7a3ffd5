#include "services/apigateway/execute/event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/event.h"
#include "services/apigateway/model/address.h"

namespace mayfly::apigateway {
namespace {

using gateway::JsonWriter;
using gateway::write_map;

// The last value of each name: format 1.0.
void write_last(JsonWriter& json, std::string_view name, const Pairs& pairs) {
  if (pairs.empty()) return json.null(name);
  json.open(name);
  for (auto it = pairs.begin(); it != pairs.end(); ++it) {
    const auto same = [&](const Pairs::value_type& other) { return other.first == it->first; };
    if (std::none_of(it + 1, pairs.end(), same)) json.text(it->first, it->second);
  }
  json.close();
}

// Every value of each name: format 1.0.
void write_multi(JsonWriter& json, std::string_view name, const Pairs& pairs) {
  if (pairs.empty()) return json.null(name);
  json.open(name);
  for (auto it = pairs.begin(); it != pairs.end(); ++it) {
    const auto same = [&](const Pairs::value_type& other) { return other.first == it->first; };
    if (std::any_of(pairs.begin(), it, same)) continue;
    json.open_list(it->first);
    for (auto value = it; value != pairs.end(); ++value) {
      if (same(*value)) json.element(value->second);
    }
    json.close_list();
  }
  json.close();
}

gateway::Place place_of(const Execution& execution) {
  return {execution.api.scope.account,
          execution.api.api_id,
          execution.domain,
          execution.route.key,
          execution.stage.name,
          execution.method,
          execution.path,
          execution.request_id,
          execution.time};
}

// What both the event and the authorizer's request have, format 2.0.
void write_request_v2(JsonWriter& json, const Execution& execution, const Inbound& inbound,
                      std::string_view authorizer) {
  gateway::write_request(json, place_of(execution), inbound, authorizer);
  if (!execution.parameters.empty()) write_map(json, "pathParameters", execution.parameters);
  if (!execution.stage.variables.empty())
    write_map(json, "stageVariables", execution.stage.variables);
}

void write_identity(JsonWriter& json, const Inbound& inbound) {
  constexpr std::array<std::string_view, 8> kNever{"accessKey",
                                                   "accountId",
                                                   "caller",
                                                   "cognitoAuthenticationProvider",
                                                   "cognitoAuthenticationType",
                                                   "cognitoIdentityId",
                                                   "cognitoIdentityPoolId",
                                                   "principalOrgId"};
  json.open("identity");
  for (std::string_view name : kNever) json.null(name);
  json.text("sourceIp", inbound.source_ip);
  json.null("user");
  json.text("userAgent", inbound.user_agent);
  json.null("userArn");
  json.close();
}

void write_context_v1(JsonWriter& json, const Execution& execution, const Inbound& inbound,
                      std::string_view authorizer) {
  json.open("requestContext");
  json.text("accountId", execution.api.scope.account);
  json.text("apiId", execution.api.api_id);
  if (!authorizer.empty()) json.raw("authorizer", authorizer);
  json.text("domainName", execution.domain);
  json.text("domainPrefix", gateway::domain_prefix(execution.domain));
  json.text("extendedRequestId", execution.request_id);
  json.text("httpMethod", execution.method);
  write_identity(json, inbound);
  json.text("path", execution.path);
  json.text("protocol", inbound.protocol);
  json.text("requestId", execution.request_id);
  json.text("requestTime", gateway::request_time(execution.time));
  json.number("requestTimeEpoch", base::epoch_ms(execution.time));
  json.text("resourceId", execution.route.key);
  json.text("resourcePath", execution.route.path);
  json.text("stage", execution.stage.name);
  json.close();
}

void write_request_v1(JsonWriter& json, const Execution& execution, const Inbound& inbound,
                      std::string_view authorizer) {
  json.text("resource", execution.route.path);
  json.text("path", execution.path);
  json.text("httpMethod", execution.method);
  write_last(json, "headers", inbound.each_header);
  write_multi(json, "multiValueHeaders", inbound.each_header);
  write_last(json, "queryStringParameters", inbound.query);
  write_multi(json, "multiValueQueryStringParameters", inbound.query);
  write_context_v1(json, execution, inbound, authorizer);
  write_last(json, "pathParameters", execution.parameters);
  if (execution.stage.variables.empty()) {
    json.null("stageVariables");
  } else {
    write_map(json, "stageVariables", execution.stage.variables);
  }
}

}  // namespace

std::string make_event(const Execution& execution, const Inbound& inbound,
                       std::string_view authorizer, PayloadFormat format) {
  std::string event;
  event.reserve(1500 + inbound.body.size() + inbound.body.size() / 8);
  JsonWriter json(event);
  json.open();
  if (format == PayloadFormat::v2) {
    json.text("version", "2.0");
    write_request_v2(json, execution, inbound, authorizer);
    gateway::write_body(json, inbound);
  } else {
    json.text("version", "1.0");
    write_request_v1(json, execution, inbound, authorizer);
    if (inbound.body.empty()) {
      json.null("body");
    } else {
      json.text("body", inbound.body);
    }
    json.boolean("isBase64Encoded", inbound.body_is_base64);
  }
  json.close();
  return event;
}

std::string method_arn(const Execution& execution) {
  std::string_view path = execution.path;
  // The stage is a part of the ARN of its own.
  if (execution.stage.name != kDefaultStage)
    path.remove_prefix(std::min(path.size(), execution.stage.name.size() + 1));
  return execution.api.scope.arn(
      "execute-api", fmt::format("{}/{}/{}{}", execution.api.api_id, execution.stage.name,
                                 execution.method, path));
}

std::string make_authorizer_event(const Execution& execution, const Inbound& inbound,
                                  const std::vector<std::string>& identity, PayloadFormat format) {
  std::string event;
  event.reserve(1500);
  JsonWriter json(event);
  json.open();
  if (format == PayloadFormat::v2) {
    json.text("version", "2.0");
    json.text("type", "REQUEST");
    json.text("routeArn", method_arn(execution));
    json.open_list("identitySource");
    for (const std::string& value : identity) json.element(value);
    json.close_list();
    write_request_v2(json, execution, inbound, "");
  } else {
    json.text("version", "1.0");
    json.text("type", "REQUEST");
    json.text("methodArn", method_arn(execution));
    json.text("identitySource", fmt::format("{}", fmt::join(identity, ",")));
    json.text("authorizationToken", fmt::format("{}", fmt::join(identity, ",")));
    write_request_v1(json, execution, inbound, "");
  }
  json.close();
  return event;
}

}  // namespace mayfly::apigateway
