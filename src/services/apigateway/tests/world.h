// World: API Gateway as the daemon has it, from the pipeline to the store, with functions and time
// in the test's hands.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/spawn.h"
#include "http/io.h"
#include "services/apigateway/apigateway.h"
#include "services/apigateway/execute/endpoint.h"
#include "store/memory/memory_store.h"
#include "wire/json.h"

namespace mayfly::apigateway {

inline constexpr wire::ErrorSpec kFakeDenied{"AccessDeniedException", 403, wire::Fault::client};

// Functions are what the test says: an answer at once, or none until the test gives one.
class FakeInvoker final : public ports::FunctionInvoker {
 public:
  using Answer = wire::Result<ports::InvokeResult>;

  base::Task<Answer> invoke(ports::InvokeRequest request) override {
    calls.push_back(request);
    if (hang) {
      waiting.emplace_back();
      base::OneShot<Answer> later = waiting.back();
      co_return co_await later.wait();
    }
    co_return answer(request);
  }
  base::Task<wire::Result<std::string>> invoke_async(ports::InvokeRequest) override {
    co_return std::string("unused");
  }

  static ports::InvokeResult result(std::string payload) {
    ports::InvokeResult out;
    out.payload = std::move(payload);
    return out;
  }
  void answers(std::string payload) {
    answer = [payload](const ports::InvokeRequest&) -> Answer { return result(payload); };
  }

  std::function<Answer(const ports::InvokeRequest&)> answer =
      [](const ports::InvokeRequest&) -> Answer {
    return result(R"({"statusCode":200,"body":"ok"})");
  };
  bool hang = false;
  std::deque<base::OneShot<Answer>> waiting;
  std::vector<ports::InvokeRequest> calls;
};

inline constexpr std::string_view kFunctionArn =
    "arn:aws:lambda:us-east-1:000000000000:function:shop";

class World {
 public:
  explicit World(Settings settings = {})
      : gateway(store, clock, ids, invoker, client, std::move(settings)),
        endpoint(gateway, [this](std::chrono::microseconds delay, std::function<void()> fire) {
          timers.push_back({delay, std::move(fire)});
          return std::unique_ptr<http::Loop::Token>();
        }) {}

  // An operation of the API: status and the decoded body.
  struct Reply {
    int status;
    wire::Document body;
    std::string text(std::string_view name) const {
      const wire::Document* value = body.find(name);
      return value != nullptr && value->is_string() ? *value->as_string() : "<none>";
    }
  };
  Reply call(std::string method, std::string target, std::string body = "") {
    http::Request request = make(std::move(method), std::move(target), std::move(body));
    request.headers.set("host", "localhost:4566");
    request.headers.add(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=test/20250615/us-east-1/apigateway/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00");
    request.headers.add("x-amz-date", "20250615T000000Z");
    http::Response response = send(std::move(request));
    return {response.status, wire::parse_json(response.body).value_or(wire::Document())};
  }

  static http::Request make(std::string method, std::string target, std::string body = "") {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.peer = "10.1.2.3:55555";
    return request;
  }
  // A request to an API, by its host name.
  http::Request to(const std::string& api_id, std::string method, std::string target,
                   std::string body = "") {
    http::Request request = make(std::move(method), std::move(target), std::move(body));
    request.headers.add("Host", api_id + ".execute-api.localhost:4566");
    return request;
  }
  http::Response send(http::Request request) {
    return base::sync_wait(pipeline.handle(std::move(request)));
  }
  http::Response get(const std::string& api_id, std::string target) {
    return send(to(api_id, "GET", std::move(target)));
  }

  // An API whose routes all lead to one function, in the automatically deployed stage $default.
  std::string make_api(const std::vector<std::string>& route_keys, std::string format = "2.0",
                       std::string stage = "$default", std::string api_more = "") {
    const std::string api_id =
        call("POST", "/v2/apis", R"({"name":"shop","protocolType":"HTTP")" + api_more + "}")
            .text("apiId");
    const std::string integration =
        call("POST", "/v2/apis/" + api_id + "/integrations",
             R"({"integrationType":"AWS_PROXY","integrationUri":")" + std::string(kFunctionArn) +
                 R"(","payloadFormatVersion":")" + format + "\"}")
            .text("integrationId");
    for (const std::string& key : route_keys) {
      call("POST", "/v2/apis/" + api_id + "/routes",
           R"({"routeKey":")" + key + R"(","target":"integrations/)" + integration + "\"}");
    }
    call("POST", "/v2/apis/" + api_id + "/stages",
         R"({"stageName":")" + stage + R"(","autoDeploy":true})");
    return api_id;
  }

  wire::Document last_event() const {
    return wire::parse_json(invoker.calls.back().payload).value_or(wire::Document());
  }

  struct Timer {
    std::chrono::microseconds delay;
    std::function<void()> fire;
  };
  std::vector<Timer> timers;
  base::FakeClock clock;
  base::SequentialIds ids;
  store::MemoryStore store;
  FakeInvoker invoker;
  http::Io io{1};
  http::Client client{io, {}};
  ApiGateway gateway;
  Endpoint endpoint;
  api::Router router{{make_service(gateway)}, {&endpoint}};
  identity::StaticCredentials credentials{{}};
  identity::Authenticator authenticator{{}, credentials, clock};
  api::Metrics metrics;
  api::Pipeline pipeline{{}, router, authenticator, clock, ids, metrics};
};

}  // namespace mayfly::apigateway
