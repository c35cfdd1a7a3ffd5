// The data plane: stages, CORS, throttling, errors, time-outs, proxying.
#include "services/apigateway/execute/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "http/server.h"
#include "services/apigateway/tests/world.h"

namespace mayfly::apigateway {
namespace {

std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.get(name).value_or("<none>"));
}

TEST(Endpoint, InvokesOnBehalfOfTheRoute) {
  World world;
  const std::string id = world.make_api({"GET /orders/{id}"});
  const http::Response response = world.get(id, "/orders/7");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(header(response, "apigw-requestid"),
            *world.last_event().find("requestContext")->find("requestId")->as_string());
  ASSERT_EQ(world.invoker.calls.size(), 1u);
  const ports::InvokeRequest& call = world.invoker.calls.front();
  EXPECT_EQ(call.function, kFunctionArn);
  EXPECT_EQ(call.source_service, "apigateway.amazonaws.com");
  EXPECT_EQ(call.source_arn,
            "arn:aws:execute-api:us-east-1:000000000000:" + id + "/$default/GET/orders/{id}");
}

TEST(Endpoint, ByPathToo) {
  World world;
  const std::string id = world.make_api({"GET /a"}, "2.0", "dev");
  EXPECT_EQ(world.send(World::make("GET", "/_aws/execute-api/" + id + "/dev/a")).status, 200);
  EXPECT_EQ(*world.last_event().find("rawPath")->as_string(), "/dev/a");
  EXPECT_EQ(world.send(World::make("GET", "/_aws/execute-api/" + id + "/none/a")).status, 404);
}

TEST(Endpoint, AnswersItsOwnErrors) {
  World world;
  const std::string id = world.make_api({"GET /a"});
  const auto check = [&](const http::Response& response, int status, const std::string& message) {
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, "{\"message\":\"" + message + "\"}");
    EXPECT_EQ(header(response, "content-type"), "application/json");
    EXPECT_NE(header(response, "apigw-requestid"), "<none>");
  };
  check(world.get(id, "/b"), 404, "Not Found");
  check(world.get("zzzzzzzzzz", "/a"), 404, "Not Found");
  world.invoker.answers("nonsense");
  check(world.get(id, "/a"), 500, "Internal Server Error");
  world.invoker.answer = [](const ports::InvokeRequest&) -> FakeInvoker::Answer {
    ports::InvokeResult result = FakeInvoker::result(R"({"errorMessage":"secret"})");
    result.function_error = "Unhandled";
    return result;
  };
  check(world.get(id, "/a"), 500, "Internal Server Error");
  // The function's policy does not allow this API: AWS does not say so either.
  world.invoker.answer = [](const ports::InvokeRequest&) -> FakeInvoker::Answer {
    return wire::fail(kFakeDenied, "not allowed");
  };
  check(world.get(id, "/a"), 500, "Internal Server Error");
}

TEST(Endpoint, RefusesPayloadsBeyondTheLimit) {
  World world(Settings{.payload_limit = 10});
  const std::string id = world.make_api({"POST /a"});
  EXPECT_EQ(world.send(world.to(id, "POST", "/a", "0123456789")).status, 200);
  EXPECT_EQ(world.send(world.to(id, "POST", "/a", "0123456789a")).status, 413);
  EXPECT_EQ(world.invoker.calls.size(), 1u);
}

// The answer comes when the time is over, though the function runs on; what it yields later is
// dropped.
TEST(Endpoint, GivesUpAfterTheIntegrationsTimeout) {
  World world;
  const std::string id = world.make_api({"GET /a"});
  world.invoker.hang = true;
  std::promise<http::Response> answered;
  base::spawn(world.pipeline.handle(world.to(id, "GET", "/a")),
              [&](http::Response response) { answered.set_value(std::move(response)); });
  ASSERT_EQ(world.timers.size(), 1u);
  EXPECT_EQ(world.timers[0].delay, std::chrono::milliseconds(30'000));
  world.timers[0].fire();
  const http::Response response = answered.get_future().get();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, R"({"message":"Service Unavailable"})");
  world.invoker.waiting.front().set(FakeInvoker::result("{}"));
}

TEST(Endpoint, AProfileMayHaveNoTimeout) {
  World world(Settings{.integration_timeout = std::nullopt});
  const std::string id = world.make_api({"GET /a"});
  EXPECT_EQ(world.get(id, "/a").status, 200);
  EXPECT_TRUE(world.timers.empty());
}

TEST(Endpoint, FillsStageVariablesIntoTheFunction) {
  World world;
  const std::string id = world.make_api({"GET /a"});
  const std::string api = "/v2/apis/" + id;
  auto integrations = world.call("GET", api + "/integrations");
  const std::string integration =
      *integrations.body.find("items")->as_list()->front().find("integrationId")->as_string();
  EXPECT_EQ(
      world
          .call(
              "PATCH", api + "/integrations/" + integration,
              R"({"integrationUri":"arn:aws:lambda:us-east-1:000000000000:function:shop:${stageVariables.alias}"})")
          .status,
      200);
  EXPECT_EQ(
      world.call("PATCH", api + "/stages/%24default", R"({"stageVariables":{"alias":"live"}})")
          .status,
      200);
  world.get(id, "/a");
  EXPECT_EQ(world.invoker.calls.back().function, std::string(kFunctionArn) + ":live");
}

TEST(Cors, AnswersPreflightsItself) {
  World world;
  const std::string id = world.make_api(
      {"GET /a"}, "2.0", "$default",
      R"(,"corsConfiguration":{"allowOrigins":["https://a.test"],"allowMethods":["GET","POST"],"allowHeaders":["x-a"],)"
      R"("exposeHeaders":["x-e"],"maxAge":60,"allowCredentials":true})");
  http::Request preflight = world.to(id, "OPTIONS", "/anything");
  preflight.headers.add("Origin", "https://a.test");
  preflight.headers.add("Access-Control-Request-Method", "POST");
  http::Response response = world.send(preflight);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(header(response, "access-control-allow-origin"), "https://a.test");
  EXPECT_EQ(header(response, "access-control-allow-methods"), "GET,POST");
  EXPECT_EQ(header(response, "access-control-allow-headers"), "x-a");
  EXPECT_EQ(header(response, "access-control-max-age"), "60");
  EXPECT_EQ(header(response, "access-control-allow-credentials"), "true");
  preflight.headers.set("Origin", "https://b.test");
  EXPECT_EQ(header(world.send(preflight), "access-control-allow-origin"), "<none>");
  EXPECT_TRUE(world.invoker.calls.empty());

  world.invoker.answers(
      R"({"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*","x-mine":"1"}})");
  http::Request get = world.to(id, "GET", "/a");
  get.headers.add("Origin", "https://a.test");
  response = world.send(std::move(get));
  EXPECT_EQ(response.headers.get_all("access-control-allow-origin").size(), 1u);
  EXPECT_EQ(header(response, "access-control-allow-origin"), "https://a.test");
  EXPECT_EQ(header(response, "access-control-expose-headers"), "x-e");
  EXPECT_EQ(header(response, "x-mine"), "1");
}

TEST(Cors, IsTheFunctionsBusinessWhereItIsNotConfigured) {
  World world;
  const std::string id = world.make_api({"OPTIONS /a"});
  world.invoker.answers(R"({"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"}})");
  http::Request preflight = world.to(id, "OPTIONS", "/a");
  preflight.headers.add("Origin", "https://a.test");
  preflight.headers.add("Access-Control-Request-Method", "POST");
  EXPECT_EQ(header(world.send(std::move(preflight)), "access-control-allow-origin"), "*");
}

TEST(Throttle, LimitsAStagesRoutes) {
  World world;
  const std::string id = world.make_api({"GET /a", "GET /b"});
  EXPECT_EQ(
      world
          .call(
              "PATCH", "/v2/apis/" + id + "/stages/%24default",
              R"({"routeSettings":{"GET /a":{"throttlingRateLimit":2,"throttlingBurstLimit":3}}})")
          .status,
      200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.get(id, "/a").status, 200);
  const http::Response refused = world.get(id, "/a");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body, R"({"message":"Too Many Requests"})");
  EXPECT_EQ(world.get(id, "/b").status, 200);
  world.clock.advance(std::chrono::milliseconds(500));
  EXPECT_EQ(world.get(id, "/a").status, 200);
  EXPECT_EQ(world.get(id, "/a").status, 429);
}

TEST(Endpoint, ServesNothingWhereItIsDisabledOrGone) {
  World world;
  const std::string id = world.make_api({"GET /a"});
  world.call("PATCH", "/v2/apis/" + id, R"({"disableExecuteApiEndpoint":true})");
  EXPECT_EQ(world.get(id, "/a").status, 404);
  world.call("PATCH", "/v2/apis/" + id, R"({"disableExecuteApiEndpoint":false})");
  EXPECT_EQ(world.get(id, "/a").status, 200);
  world.call("DELETE", "/v2/apis/" + id);
  EXPECT_EQ(world.get(id, "/a").status, 404);
}

// HTTP_PROXY against a real server, through the real client.
TEST(HttpProxy, ForwardsAndBringsBack) {
  World world;
  world.io.start();
  std::vector<http::Request> seen;
  http::ServerOptions options;
  options.port = 0;
  http::Server backend(world.io, options, [&](http::Request request) -> base::Task<http::Response> {
    seen.push_back(std::move(request));
    http::Response response;
    response.status = 202;
    response.headers.add("X-Backend", "1");
    response.body = "pong";
    co_return response;
  });
  backend.start();
  const std::string origin = "http://127.0.0.1:" + std::to_string(backend.port());
  const std::string id =
      world.call("POST", "/v2/apis", R"({"name":"p","protocolType":"HTTP"})").text("apiId");
  const std::string integration =
      world
          .call("POST", "/v2/apis/" + id + "/integrations",
                R"({"integrationType":"HTTP_PROXY","integrationMethod":"ANY","integrationUri":")" +
                    origin + R"(/base/{rest}?x=1"})")
          .text("integrationId");
  world.call("POST", "/v2/apis/" + id + "/routes",
             R"({"routeKey":"ANY /{rest+}","target":"integrations/)" + integration + "\"}");
  world.call("POST", "/v2/apis/" + id + "/stages", R"({"stageName":"$default","autoDeploy":true})");
  http::Request request = world.to(id, "PUT", "/a/b%20c?y=2", "ping");
  request.headers.add("X-Mine", "m");
  request.headers.add("Connection", "close");
  const http::Response response = world.send(std::move(request));
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "pong");
  EXPECT_EQ(header(response, "x-backend"), "1");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "PUT");
  EXPECT_EQ(seen[0].target, "/base/a/b%20c?x=1&y=2");
  EXPECT_EQ(seen[0].body, "ping");
  EXPECT_EQ(seen[0].headers.get("x-mine"), "m");
  EXPECT_EQ(seen[0].headers.get("x-forwarded-for"), "10.1.2.3");
  backend.stop(std::chrono::milliseconds(1000));
  EXPECT_EQ(world.send(world.to(id, "GET", "/a")).status, 503);
  world.io.stop();
}

}  // namespace
}  // namespace mayfly::apigateway
