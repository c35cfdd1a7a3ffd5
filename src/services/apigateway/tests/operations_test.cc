// The control plane, over the wire: every operation of the table, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "services/apigateway/tests/world.h"

namespace mayfly::apigateway {
namespace {

using testing::HasSubstr;

std::string integration_json(std::string more = "") {
  return R"({"integrationType":"AWS_PROXY","integrationUri":")" + std::string(kFunctionArn) + "\"" +
         more + "}";
}

std::string new_api(World& world) {
  return world.call("POST", "/v2/apis", R"({"name":"a","protocolType":"HTTP"})").text("apiId");
}

std::size_t count(const World::Reply& reply) {
  const wire::Document* items = reply.body.find("items");
  return items != nullptr && items->is_list() ? items->as_list()->size() : 0;
}

TEST(Apis, LiveFromCreateToDelete) {
  World world;
  auto created =
      world.call("POST", "/v2/apis",
                 R"({"name":"shop","protocolType":"HTTP","description":"d","tags":{"team":"a"}})");
  EXPECT_EQ(created.status, 201);
  const std::string id = created.text("apiId");
  EXPECT_EQ(id.size(), 10u);
  EXPECT_EQ(created.text("apiEndpoint"), "http://" + id + ".execute-api.localhost:4566");
  EXPECT_EQ(created.text("createdDate"), "2025-06-15T15:06:40Z");
  EXPECT_EQ(created.text("routeSelectionExpression"), "$request.method $request.path");
  EXPECT_EQ(wire::to_json(world.call("GET", "/v2/apis/" + id).body), wire::to_json(created.body));

  auto updated = world.call("PATCH", "/v2/apis/" + id,
                            R"({"name":"new","corsConfiguration":{"allowOrigins":["*"]}})");
  EXPECT_EQ(updated.status, 200);
  EXPECT_EQ(updated.text("name"), "new");
  EXPECT_EQ(updated.text("description"), "d");
  EXPECT_NE(updated.body.find("corsConfiguration"), nullptr);
  EXPECT_EQ(world.call("DELETE", "/v2/apis/" + id + "/cors").status, 204);
  EXPECT_EQ(world.call("GET", "/v2/apis/" + id).body.find("corsConfiguration"), nullptr);

  EXPECT_EQ(count(world.call("GET", "/v2/apis")), 1u);
  EXPECT_EQ(world.call("DELETE", "/v2/apis/" + id).status, 204);
  auto gone = world.call("GET", "/v2/apis/" + id);
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.text("message"), "Invalid API identifier specified 000000000000:" + id);
  EXPECT_EQ(count(world.call("GET", "/v2/apis")), 0u);
}

TEST(Apis, AreListedInPages) {
  World world;
  for (int i = 0; i < 5; ++i) new_api(world);
  auto first = world.call("GET", "/v2/apis?maxResults=2");
  EXPECT_EQ(count(first), 2u);
  auto second = world.call("GET", "/v2/apis?maxResults=2&nextToken=" + first.text("nextToken"));
  EXPECT_EQ(count(second), 2u);
  auto last = world.call("GET", "/v2/apis?maxResults=2&nextToken=" + second.text("nextToken"));
  EXPECT_EQ(count(last), 1u);
  EXPECT_EQ(last.text("nextToken"), "<none>");
  EXPECT_EQ(world.call("GET", "/v2/apis?maxResults=no").status, 400);
  EXPECT_EQ(world.call("GET", "/v2/apis?nextToken=zz").status, 400);
}

TEST(Apis, QuickCreateMakesRouteIntegrationAndStage) {
  World world;
  auto created = world.call(
      "POST", "/v2/apis",
      R"({"name":"q","protocolType":"HTTP","target":")" + std::string(kFunctionArn) + "\"}");
  ASSERT_EQ(created.status, 201);
  const std::string id = created.text("apiId");
  auto routes = world.call("GET", "/v2/apis/" + id + "/routes");
  ASSERT_EQ(count(routes), 1u);
  EXPECT_EQ(*routes.body.find("items")->as_list()->front().find("routeKey")->as_string(),
            "$default");
  EXPECT_EQ(count(world.call("GET", "/v2/apis/" + id + "/integrations")), 1u);
  auto stage = world.call("GET", "/v2/apis/" + id + "/stages/%24default");
  EXPECT_EQ(stage.body.find("autoDeploy")->as_bool(), true);
  EXPECT_THAT(stage.text("lastDeploymentStatusMessage"), HasSubstr("Successfully deployed stage"));
  EXPECT_EQ(world.get(id, "/any/thing").status, 200);
}

struct Refusal {
  std::string method, target, body;
  int status;
  std::string message;
};

TEST(Operations, RefuseWhatIsWrong) {
  World world;
  const std::string api = "/v2/apis/" + new_api(world);
  const std::string integration =
      world.call("POST", api + "/integrations", integration_json()).text("integrationId");
  world.call("POST", api + "/routes",
             R"({"routeKey":"GET /a","target":"integrations/)" + integration + "\"}");
  const std::vector<Refusal> refusals{
      {"POST", "/v2/apis", R"({"name":"w","protocolType":"WEBSOCKET"})", 501, "WEBSOCKET"},
      {"POST", "/v2/apis", R"({"name":"w","protocolType":"TCP"})", 400, "ProtocolType"},
      {"POST", "/v2/apis", R"({"protocolType":"HTTP"})", 400, "Name"},
      {"POST", "/v2/apis", R"({"name":"x","protocolType":"HTTP","target":"shop"})", 400,
       "HTTP address"},
      {"POST", "/v2/apis",
       R"({"name":"x","protocolType":"HTTP","corsConfiguration":{"allowOrigins":["*"],"allowCredentials":true}})",
       400, "allowCredentials"},
      {"POST", "/v2/apis/nope/routes", R"({"routeKey":"GET /"})", 404, "Invalid API identifier"},
      {"POST", api + "/routes", R"({"routeKey":"GET /a"})", 409, "already exists"},
      {"POST", api + "/routes", R"({"routeKey":"FETCH /a"})", 400, "no method"},
      {"POST", api + "/routes", R"({})", 400, "RouteKey"},
      {"POST", api + "/routes", R"({"routeKey":"GET /b","target":"integrations/none"})", 404,
       "Invalid Integration identifier"},
      {"POST", api + "/routes", R"({"routeKey":"GET /b","target":"somewhere"})", 400, "target"},
      {"POST", api + "/routes", R"({"routeKey":"GET /b","authorizationType":"AWS_IAM"})", 501,
       "AWS_IAM"},
      {"POST", api + "/routes", R"({"routeKey":"GET /b","authorizationType":"JWT"})", 400,
       "AuthorizerId"},
      {"POST", api + "/routes",
       R"({"routeKey":"GET /b","authorizationType":"CUSTOM","authorizerId":"none"})", 404,
       "Authorizer"},
      {"POST", api + "/integrations", R"({"integrationType":"MOCK"})", 400, "MOCK"},
      {"POST", api + "/integrations", R"({"integrationType":"AWS_PROXY","integrationUri":"x"})",
       400, "ARN"},
      {"POST", api + "/integrations",
       R"({"integrationType":"AWS_PROXY","integrationSubtype":"SQS-SendMessage"})", 501,
       "SQS-SendMessage"},
      {"POST", api + "/integrations",
       R"({"integrationType":"HTTP_PROXY","integrationUri":"http://x"})", 400, "HttpMethod"},
      {"POST", api + "/integrations", integration_json(R"(,"timeoutInMillis":40000)"), 400,
       "Timeout"},
      {"POST", api + "/integrations", integration_json(R"(,"payloadFormatVersion":"3.0")"), 400,
       "PayloadFormatVersion"},
      {"POST", api + "/integrations",
       integration_json(R"(,"requestParameters":{"overwrite:path":"/"})"), 501,
       "RequestParameters"},
      {"DELETE", api + "/integrations/" + integration, "", 409, "Cannot delete"},
      {"POST", api + "/stages", R"({"stageName":"a/b"})", 400, "stage name"},
      {"POST", api + "/stages", R"({"stageName":"s","deploymentId":"none"})", 404,
       "Invalid Deployment"},
      {"POST", api + "/stages", R"({"stageName":"s","accessLogSettings":{"format":"x"}})", 501,
       "AccessLogSettings"},
      {"GET", api + "/stages/none", "", 404, "Invalid Stage"},
      {"GET", api + "/routes/none", "", 404, "Invalid Route"},
      {"POST", api + "/authorizers",
       R"({"name":"j","authorizerType":"JWT","identitySource":["$request.header.A"]})", 400,
       "Issuer"},
      {"POST", api + "/authorizers", R"({"name":"r","authorizerType":"REQUEST"})", 400, "ARN"},
      {"GET", "/v2/tags/arn%3Aaws%3As3%3A%3A%3Ab", "", 400, "Invalid resource ARN"},
      {"GET", api + "/models", "", 501, "GetModels"},
      {"POST", "/v2/domainnames", "{}", 501, "CreateDomainName"},
  };
  for (const Refusal& refusal : refusals) {
    auto reply = world.call(refusal.method, refusal.target, refusal.body);
    EXPECT_EQ(reply.status, refusal.status)
        << refusal.target << " " << refusal.body << wire::to_json(reply.body);
    EXPECT_THAT(reply.text("message"), HasSubstr(refusal.message))
        << refusal.target << " " << refusal.body;
  }
  EXPECT_EQ(count(world.call("GET", api + "/routes")), 1u);
}

TEST(Routes, AreUpdatedAndDeleted) {
  World world;
  const std::string id = world.make_api({"GET /a", "GET /b"});
  auto routes = world.call("GET", "/v2/apis/" + id + "/routes");
  const std::string route =
      *routes.body.find("items")->as_list()->front().find("routeId")->as_string();
  const std::string url = "/v2/apis/" + id + "/routes/" + route;
  EXPECT_EQ(world.call("PATCH", url, R"({"routeKey":"GET /c"})").text("routeKey"), "GET /c");
  EXPECT_EQ(world.get(id, "/c").status, 200);
  EXPECT_EQ(world.call("DELETE", url).status, 204);
  EXPECT_EQ(world.get(id, "/c").status, 404);
}

// Without AutoDeploy a change is served only once it was deployed.
TEST(Deployments, FreezeTheApi) {
  World world;
  const std::string id = world.make_api({"GET /a"}, "2.0", "auto");
  const std::string api = "/v2/apis/" + id;
  auto first = world.call("POST", api + "/deployments", R"({"description":"one"})");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.text("deploymentStatus"), "DEPLOYED");
  EXPECT_EQ(
      world
          .call("POST", api + "/stages",
                R"({"stageName":"prod","deploymentId":")" + first.text("deploymentId") + "\"}")
          .status,
      201);
  auto routes = world.call("GET", api + "/routes");
  const std::string route =
      *routes.body.find("items")->as_list()->front().find("routeId")->as_string();
  world.call("PATCH", api + "/routes/" + route, R"({"routeKey":"GET /b"})");
  EXPECT_EQ(world.get(id, "/auto/b").status, 200);
  EXPECT_EQ(world.get(id, "/auto/a").status, 404);
  EXPECT_EQ(world.get(id, "/prod/a").status, 200);
  EXPECT_EQ(world.get(id, "/prod/b").status, 404);

  auto second = world.call("POST", api + "/deployments", R"({"stageName":"prod"})");
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(world.get(id, "/prod/b").status, 200);
  EXPECT_EQ(world.call("GET", api + "/stages/prod").text("deploymentId"),
            second.text("deploymentId"));
  EXPECT_EQ(world.call("DELETE", api + "/deployments/" + second.text("deploymentId")).status, 400);
  EXPECT_EQ(world.call("DELETE", api + "/deployments/" + first.text("deploymentId")).status, 204);
  EXPECT_EQ(world
                .call("PATCH", api + "/deployments/" + second.text("deploymentId"),
                      R"({"description":"two"})")
                .text("description"),
            "two");
}

// Automatic deployments do not pile up: the one that is no longer served goes.
TEST(Deployments, AutomaticOnesReplaceEachOther) {
  World world;
  const std::string id = world.make_api({"GET /a", "GET /b", "GET /c"});
  world.call("PATCH", "/v2/apis/" + id, R"({"description":"x"})");
  EXPECT_EQ(count(world.call("GET", "/v2/apis/" + id + "/deployments")), 1u);
}

TEST(Deployments, NeedARoute) {
  World world;
  const std::string id = new_api(world);
  auto reply = world.call("POST", "/v2/apis/" + id + "/deployments", "{}");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.text("message"), "Unable to deploy API because no routes exist in this API");
  auto stage = world.call("POST", "/v2/apis/" + id + "/stages",
                          R"({"stageName":"$default","autoDeploy":true})");
  EXPECT_EQ(stage.status, 201);
  EXPECT_THAT(stage.text("lastDeploymentStatusMessage"), HasSubstr("no routes exist"));
}

TEST(Tags, OfApisAndStages) {
  World world;
  const std::string id = world.make_api({"GET /a"});
  for (const std::string& resource : {"/apis/" + id, "/apis/" + id + "/stages/$default"}) {
    const std::string url =
        "/v2/tags/" +
        base::percent_encode("arn:aws:apigateway:us-east-1::" + resource, base::Slash::encode);
    EXPECT_EQ(world.call("POST", url, R"({"tags":{"a":"1","b":"2"}})").status, 201);
    EXPECT_EQ(world.call("DELETE", url + "?tagKeys=a&tagKeys=c").status, 204);
    EXPECT_EQ(wire::to_json(world.call("GET", url).body), R"({"tags":{"b":"2"}})");
  }
}

TEST(Operations, OtherAccountsSeeNothing) {
  World world;
  const std::string id = new_api(world);
  http::Request request = World::make("GET", "/v2/apis/" + id);
  request.headers.add(
      "authorization",
      "AWS4-HMAC-SHA256 Credential=111122223333/20250615/us-east-1/apigateway/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=00");
  request.headers.add("x-amz-date", "20250615T000000Z");
  request.headers.add("host", "localhost");
  EXPECT_EQ(world.send(std::move(request)).status, 404);
}

// Names, members and required flags are those of the AWS model; tests/api checks them with real
// clients.
TEST(Operations, AllOfTheTableAreKnownToAws) {
  World world;
  const api::Service service = make_service(world.gateway);
  EXPECT_GE(service.operations.size(), 34u);
  for (const api::Operation& operation : service.operations)
    EXPECT_TRUE(service.knows(operation.name)) << operation.name;
}

}  // namespace
}  // namespace mayfly::apigateway
