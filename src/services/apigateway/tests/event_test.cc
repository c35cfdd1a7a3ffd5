// Golden events: byte for byte what functions get.
#include "services/apigateway/execute/event.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/strings.h"
#include "services/apigateway/tests/world.h"

namespace mayfly::apigateway {
namespace {

// The golden files are formatted for people; compared is the value.
wire::Document golden(const std::string& name) {
  std::ifstream file(std::string(MAYFLY_TEST_DATA) + "/golden/" + name);
  std::stringstream text;
  text << file.rdbuf();
  auto document = wire::parse_json(text.str());
  EXPECT_TRUE(document) << name;
  return document ? std::move(*document) : wire::Document();
}

http::Request rich_request(World& world, const std::string& api_id, std::string target) {
  http::Request request = world.to(api_id, "POST", std::move(target), R"({"a":1})");
  request.headers.add("User-Agent", "test/1.0");
  request.headers.add("Content-Type", "application/json");
  request.headers.add("X-Many", "one");
  request.headers.add("x-many", "two");
  request.headers.add("Cookie", "c1=1; c2=2");
  request.headers.add("X-Forwarded-For", "192.0.2.1");
  request.headers.add("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793");
  request.headers.add("Connection", "keep-alive");
  request.headers.add("Content-Length", "7");
  return request;
}

// What is not the same in every run: ids.
void normalize(wire::Document& event, const std::string& api_id) {
  std::string text = wire::to_json(event);
  for (std::size_t at; (at = text.find(api_id)) != std::string::npos;)
    text.replace(at, api_id.size(), "API");
  event = *wire::parse_json(text);
  wire::Document context = *event.find("requestContext");
  for (const char* name : {"requestId", "extendedRequestId"}) {
    if (context.find(name) != nullptr) context.set(name, "ID");
  }
  event.set("requestContext", context);
}

std::string event_of(const std::string& format, const std::string& stage, const std::string& key,
                     std::string target) {
  World world;
  const std::string api_id = world.make_api({key}, format, stage);
  world.call("PATCH",
             "/v2/apis/" + api_id + "/stages/" + base::percent_encode(stage, base::Slash::encode),
             R"({"stageVariables":{"colour":"blue"}})");
  EXPECT_EQ(world.send(rich_request(world, api_id, std::move(target))).status, 200);
  wire::Document event = world.last_event();
  normalize(event, api_id);
  return wire::to_json(event);
}

TEST(Event, Format2) {
  EXPECT_EQ(event_of("2.0", "$default", "POST /pets/{id}", "/pets/a%20b?q=1&q=2&empty&plus=a+b%2C"),
            wire::to_json(golden("event_v2.json")));
}

TEST(Event, Format2InANamedStage) {
  EXPECT_EQ(event_of("2.0", "dev", "$default", "/dev/x"),
            wire::to_json(golden("event_v2_stage.json")));
}

TEST(Event, Format1) {
  EXPECT_EQ(event_of("1.0", "$default", "ANY /pets/{rest+}", "/pets/a/b?q=1&q=2"),
            wire::to_json(golden("event_v1.json")));
}

TEST(Event, LeavesOutWhatIsNotThere) {
  World world;
  const std::string api_id = world.make_api({"GET /"});
  world.get(api_id, "/");
  const wire::Document event = world.last_event();
  for (const char* name :
       {"cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"}) {
    EXPECT_EQ(event.find(name), nullptr) << name;
  }
  EXPECT_EQ(*event.find("rawQueryString")->as_string(), "");
  EXPECT_EQ(event.find("isBase64Encoded")->as_bool(), false);
}

TEST(Event, Format1HasNullWhereNothingIs) {
  World world;
  const std::string api_id = world.make_api({"GET /"}, "1.0");
  world.get(api_id, "/");
  const wire::Document event = world.last_event();
  for (const char* name : {"queryStringParameters", "multiValueQueryStringParameters",
                           "pathParameters", "stageVariables", "body"}) {
    ASSERT_NE(event.find(name), nullptr) << name;
    EXPECT_TRUE(event.find(name)->is_null()) << name;
  }
}

struct BodyCase {
  std::string content_type, body;
  bool base64;
};

TEST(Event, EncodesBodiesThatAreNotText) {
  World world;
  const std::string api_id = world.make_api({"POST /"});
  const std::vector<BodyCase> cases{
      {"application/json; charset=utf-8", "{}", false},
      {"text/csv", "a,b", false},
      {"application/xml", "<a/>", false},
      {"application/x-www-form-urlencoded", "a=1", true},
      {"", "plain", true},
      {"application/octet-stream", "x", true},
      {"application/json", "\xff\xfe", true}};  // no JSON text can hold these bytes
  for (const BodyCase& example : cases) {
    http::Request request = world.to(api_id, "POST", "/", example.body);
    if (!example.content_type.empty()) request.headers.add("Content-Type", example.content_type);
    world.send(std::move(request));
    const wire::Document event = world.last_event();
    EXPECT_EQ(event.find("isBase64Encoded")->as_bool(), example.base64) << example.content_type;
    EXPECT_EQ(*event.find("body")->as_string(),
              example.base64 ? base::to_base64(example.body) : example.body);
  }
}

TEST(Event, IsAlwaysWellFormedJson) {
  World world;
  const std::string api_id = world.make_api({"$default"});
  http::Request request = world.to(api_id, "GET", "/%FF/\xfe?%C3=\xc3&a=%00");
  request.headers.add("X-Latin", "caf\xe9");
  request.headers.add("Cookie", "k=\xe9");
  EXPECT_EQ(world.send(std::move(request)).status, 200);
  const wire::Document event = world.last_event();
  ASSERT_TRUE(event.is_map());
  EXPECT_EQ(*event.find("headers")->find("x-latin")->as_string(), "caf\xc3\xa9");
}

}  // namespace
}  // namespace mayfly::apigateway
