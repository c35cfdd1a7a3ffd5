#include "gateway/event.h"

#include <gtest/gtest.h>

#include "gateway/cors.h"
#include "gateway/public_host.h"

namespace mayfly::gateway {
namespace {

TEST(Event, TimeAsInLogs) {
  EXPECT_EQ(request_time(base::from_epoch_ms(1'584'039'838'123)), "12/Mar/2020:19:03:58 +0000");
  EXPECT_EQ(request_time(base::from_epoch_ms(0)), "01/Jan/1970:00:00:00 +0000");
}

TEST(PublicHostTest, NamesAreBelowTheHostOfTheEndpoint) {
  const auto url = [](std::string_view endpoint) { return PublicHost(endpoint).url("a.b"); };
  EXPECT_EQ(url("http://127.0.0.1:4566"), "http://a.b.localhost:4566");
  EXPECT_EQ(url("http://[::1]:4566"), "http://a.b.localhost:4566");
  EXPECT_EQ(url("https://mayfly.example/"), "https://a.b.mayfly.example");
  EXPECT_EQ(PublicHost("http://0.0.0.0:1").domain("x"), "x.localhost");
}

TEST(CorsTest, AnOriginThatIsNotAllowedGetsNoHeaders) {
  CorsRules rules;
  rules.origins = {"https://*", "http://plain.example"};
  rules.methods = {"GET", "POST"};
  rules.exposed = {"x-seen"};
  rules.max_age = 60;
  http::Request request;
  request.method = "OPTIONS";
  request.headers.add("Access-Control-Request-Method", "POST");
  EXPECT_FALSE(http::is_preflight(request));
  request.headers.add("Origin", "https://any.example");
  ASSERT_TRUE(http::is_preflight(request));
  const http::Response allowed = answer_preflight(rules, request, 200);
  EXPECT_EQ(allowed.headers.get("access-control-allow-origin"), "https://any.example");
  EXPECT_EQ(allowed.headers.get("access-control-allow-methods"), "GET,POST");
  EXPECT_EQ(allowed.headers.get("access-control-max-age"), "60");

  http::Headers headers;
  headers.add("Access-Control-Allow-Origin", "what the function says");
  apply_cors(rules, "http://other.example", headers);
  EXPECT_EQ(headers.size(), 0U);
  apply_cors(rules, "http://plain.example", headers);
  EXPECT_EQ(headers.get("access-control-expose-headers"), "x-seen");
}

}  // namespace
}  // namespace mayfly::gateway
