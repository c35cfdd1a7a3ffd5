// Front: services behind the real router, authenticator and pipeline, on fake time and ids, for the
// tests of services.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/metrics.h"
#include "api/pipeline.h"
#include "base/spawn.h"
#include "wire/json.h"

namespace mayfly::api::testing {

struct Reply {
  int status = 0;
  wire::Document body;  // of JSON bodies
  std::string text;     // the body as it came
  http::Headers headers;

  std::string header(std::string_view name) const {
    return std::string(headers.get(name).value_or(""));
  }
  // The member at a path of names, as text; "<none>" where there is none.
  std::string str(std::string_view name) const {
    const wire::Document* value = body.find(name);
    if (value == nullptr) return "<none>";
    if (const std::string* found = value->as_string()) return *found;
    return wire::to_json(*value);
  }
  // The code of an error, wherever the protocol has it.
  std::string code() const {
    if (auto type = headers.get("x-amzn-ErrorType")) return std::string(*type);
    const std::string type = str("__type");
    return type.substr(type.find('#') == std::string::npos ? 0 : type.find('#') + 1);
  }
  std::string message() const {
    return str("message") != "<none>" ? str("message") : str("Message");
  }
};

class Front {
 public:
  explicit Front(std::vector<Service> services, std::vector<HttpEndpoint*> endpoints = {},
                 identity::CredentialSource* source = nullptr, PipelineOptions options = {})
      : authenticator_({.profile = options.profile, .default_scope = {}},
                       source ? *source : no_keys_, clock),
        router_(std::move(services), std::move(endpoints)),
        pipeline_(options, router_, authenticator_, clock, ids, metrics_) {}

  Reply send(http::Request request) {
    http::Response response = base::sync_wait(pipeline_.handle(std::move(request)));
    while (response.stream != nullptr) {
      auto more = base::sync_wait(response.stream->next());
      if (!more) break;
      response.body += *more;
    }
    Reply reply{response.status, {}, response.body, std::move(response.headers)};
    if (auto document = wire::parse_json(reply.text)) reply.body = std::move(*document);
    return reply;
  }
  // REST.
  Reply call(std::string method, std::string target, std::string body = {},
             std::vector<std::pair<std::string, std::string>> headers = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers.add("Host", "localhost:4566");
    for (auto& [name, value] : headers) request.headers.add(name, value);
    return send(std::move(request));
  }
  // JSON with X-Amz-Target.
  Reply json(std::string_view target, std::string body) {
    return call(
        "POST", "/", std::move(body),
        {{"X-Amz-Target", std::string(target)}, {"Content-Type", "application/x-amz-json-1.1"}});
  }
  // Query: "Action=...&Version=...".
  Reply form(std::string body) {
    return call("POST", "/", std::move(body),
                {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}});
  }

  base::FakeClock clock;
  base::SequentialIds ids;

 private:
  Metrics metrics_;
  identity::StaticCredentials no_keys_{{}};
  identity::Authenticator authenticator_;
  Router router_;
  Pipeline pipeline_;
};

}  // namespace mayfly::api::testing
