// Requests of web pages: which are served, in which profile, and what the page may read.
#include "api/web_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/pipeline.h"
#include "api/tests/toy_service.h"

namespace mayfly::api {
namespace {

using testing::HasSubstr;
using toy::header;
using toy::json_request;
using toy::World;

http::Request from(std::vector<std::pair<std::string, std::string>> headers) {
  http::Request request;
  request.method = "POST";
  request.target = "/";
  for (auto& [name, value] : headers) request.headers.set(name, value);
  return request;
}

bool served(std::vector<std::pair<std::string, std::string>> headers,
            std::vector<std::string> origins = {}) {
  return !WebPages(std::move(origins)).refuse(from(std::move(headers)));
}

TEST(WebPages, ProgramsAreServed) {
  EXPECT_TRUE(served({}));
  for (const char* host :
       {"127.0.0.1:4566", "localhost:4566", "[::1]:4566", "mayfly:4566", "10.0.0.7", "LOCALHOST",
        "dynamodb.eu-west-1.amazonaws.com", "dynamodb.us-east-1.api.aws", "192.168.1.5:80",
        "host.docker.internal:4566", "s3.localhost.localstack.cloud:4566", "mayfly.home.arpa"}) {
    EXPECT_TRUE(served({{"Host", host}})) << host;
  }
}

TEST(WebPages, NamesThatAStrangerCanGiveAreRefused) {
  for (const char* host : {"evil.example:4566", "localhost.evil.example", "127.0.0.1.evil.example",
                           "127.0.0.1.", "evilamazonaws.com", "evil-localhost.com", "a.localhost.",
                           "[::1].evil.example", "amazonaws.com.evil.example"}) {
    EXPECT_FALSE(served({{"Host", host}})) << host;
  }
  EXPECT_TRUE(served({{"Host", "mayfly.shop.example:4566"}}, {"https://mayfly.shop.example"}));
  EXPECT_FALSE(served({{"Host", "mayfly.shop.example:4566"}}, {"https://shop.example"}));
  EXPECT_TRUE(served({{"Host", "any.example"}}, {"*"}));
}

TEST(WebPages, PagesOfThisMachineAreServed) {
  for (const char* origin :
       {"http://localhost:3000", "https://localhost", "http://127.0.0.1:8080", "http://[::1]:8080",
        "http://a1b2c3.execute-api.localhost:4566", "http://127.8.0.1"}) {
    EXPECT_TRUE(served({{"Host", "127.0.0.1:4566"}, {"Origin", origin}})) << origin;
  }
  // Its own, where it has another address.
  EXPECT_TRUE(served({{"Host", "192.168.1.5:4566"}, {"Origin", "http://192.168.1.5:4566"}}));
}

TEST(WebPages, PagesOfOtherSitesAreRefused) {
  for (const char* origin :
       {"https://evil.example", "http://localhost.evil.example", "http://evil.example:4566", "null",
        "", "http://", "https://localhost@evil.example", "http://192.168.1.5:3000",
        "chrome-extension://localhost.abc", "://", "http://127.0.0.1.evil.example"}) {
    EXPECT_FALSE(served({{"Host", "127.0.0.1:4566"}, {"Origin", origin}})) << origin;
  }
  // As an image or a link: without an origin.
  EXPECT_FALSE(served({{"Host", "127.0.0.1:4566"}, {"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_TRUE(served({{"Host", "127.0.0.1:4566"}, {"Sec-Fetch-Site", "none"}}));
  EXPECT_TRUE(served({{"Host", "127.0.0.1:4566"},
                      {"Origin", "http://localhost:3000"},
                      {"Sec-Fetch-Site", "cross-site"}}));
  const std::vector<std::string> trusted{"https://shop.example"};
  EXPECT_TRUE(served({{"Host", "localhost"}, {"Origin", "https://shop.example"}}, trusted));
  EXPECT_FALSE(served({{"Host", "localhost"}, {"Origin", "http://shop.example"}}, trusted));
  EXPECT_FALSE(served({{"Host", "localhost"}, {"Origin", "https://shop.example:8443"}}, trusted));
}

http::Request put_from(std::string origin) {
  auto request = json_request("PutThing", R"({"Name":"ball"})");
  request.headers.set("Origin", std::move(origin));
  return request;
}

TEST(WebPages, ARefusedRequestDoesNothing) {
  World world;
  auto refused = world.send(put_from("https://evil.example"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("AccessDeniedException"));
  EXPECT_FALSE(refused.headers.has("access-control-allow-origin"));
  EXPECT_THAT(refused.body, HasSubstr("--allow-origin https://evil.example"));
  EXPECT_EQ(world.metrics.counters("toy", "PutThing").requests.load(), 0u);
  auto trusted = world.send(put_from("http://localhost:3000"));
  EXPECT_EQ(trusted.status, 200) << trusted.body;
  EXPECT_EQ(header(trusted, "access-control-allow-origin"), "*");
  EXPECT_EQ(header(trusted, "access-control-expose-headers"),
            "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date");
}

TEST(WebPages, ProgramsGetNothingAboutPages) {
  World world;
  auto answer = world.send(json_request("PutThing", R"({"Name":"ball"})"));
  EXPECT_FALSE(answer.headers.has("access-control-allow-origin"));
}

TEST(WebPages, ABrowserMayAskFirst) {
  World world;
  auto ask = from({{"Host", "localhost"},
                   {"Origin", "http://localhost:3000"},
                   {"Access-Control-Request-Method", "POST"},
                   {"Access-Control-Request-Headers", "x-amz-target,authorization"}});
  ask.method = "OPTIONS";
  auto answer = world.send(http::Request(ask));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(header(answer, "access-control-allow-origin"), "*");
  EXPECT_EQ(header(answer, "access-control-allow-methods"), "POST");
  EXPECT_EQ(header(answer, "access-control-allow-headers"), "x-amz-target,authorization");
  EXPECT_EQ(header(answer, "access-control-max-age"), "172800");
  ask.headers.set("Origin", "https://evil.example");
  EXPECT_EQ(world.send(std::move(ask)).status, 403);
}

TEST(WebPages, WhereRequestsAreSignedAnyPageMaySendThem) {
  World world({.profile = identity::Profile::secured});
  auto answer = world.send(put_from("https://shop.example"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("MissingAuthenticationTokenException"));
  EXPECT_EQ(header(answer, "access-control-allow-origin"), "*");
}

}  // namespace
}  // namespace mayfly::api
