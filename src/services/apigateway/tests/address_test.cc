#include "services/apigateway/model/address.h"

#include <gtest/gtest.h>

#include "services/apigateway/model/integration_uri.h"

namespace mayfly::apigateway {
namespace {

std::string describe(std::string target, std::string host) {
  http::Request request;
  request.target = std::move(target);
  request.headers.add("Host", std::move(host));
  const auto address = parse_address(request);
  if (!address) return "none";
  return std::string(address->api_id) + " " + address->stage.value_or("-") + " " +
         std::string(address->path);
}

TEST(Address, ByHost) {
  EXPECT_EQ(describe("/a/b?c=/d", "abc123.execute-api.localhost:4566"), "abc123 - /a/b");
  EXPECT_EQ(describe("/", "abc123.execute-api.us-east-1.amazonaws.com"), "abc123 - /");
  EXPECT_EQ(describe("/", "execute-api.localhost"), "none");
  EXPECT_EQ(describe("/", ".execute-api.localhost"), "none");
  EXPECT_EQ(describe("/", "localhost:4566"), "none");
}

TEST(Address, ByPath) {
  EXPECT_EQ(describe("/_aws/execute-api/abc/dev/x/y", "localhost"), "abc dev /x/y");
  EXPECT_EQ(describe("/_aws/execute-api/abc/%24default/x", "localhost"), "abc $default /x");
  EXPECT_EQ(describe("/_aws/execute-api/abc/$default", "localhost"), "abc $default /");
  EXPECT_EQ(describe("/_aws/execute-api/abc", "localhost"), "abc - /");
}

TEST(IntegrationUri, TakesBothFormsOfAFunction) {
  const std::string arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop:live";
  EXPECT_EQ(parse_function_uri(arn), arn);
  EXPECT_EQ(parse_function_uri("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" +
                               arn + "/invocations"),
            arn);
  EXPECT_FALSE(parse_function_uri("shop"));
  EXPECT_FALSE(parse_function_uri("arn:aws:s3:::bucket"));
  EXPECT_FALSE(parse_function_uri(
      "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions//invocations"));
}

TEST(IntegrationUri, SplitsHttpAddresses) {
  EXPECT_EQ(parse_http_uri("http://h:1/a?b")->origin, "http://h:1");
  EXPECT_EQ(parse_http_uri("http://h:1/a?b")->target, "/a?b");
  EXPECT_EQ(parse_http_uri("https://h?b")->target, "/?b");
  EXPECT_EQ(parse_http_uri("https://h")->target, "/");
  EXPECT_FALSE(parse_http_uri("ftp://h"));
  EXPECT_FALSE(parse_http_uri("http://"));
  EXPECT_FALSE(parse_http_uri("http://h/a\r\nX: y"));
}

TEST(IntegrationUri, FillsVariables) {
  EXPECT_EQ(fill_target("/x/{id}/{proxy+}/{no}", {{"id", "a b"}, {"proxy", "c/d"}}),
            "/x/a%20b/c/d/{no}");
  EXPECT_EQ(fill_stage_variables("arn:${stageVariables.fn}:${stageVariables.none}!", {{"fn", "f"}}),
            "arn:f:!");
  EXPECT_EQ(fill_stage_variables("${stageVariables.fn", {{"fn", "f"}}), "${stageVariables.fn");
}

}  // namespace
}  // namespace mayfly::apigateway
