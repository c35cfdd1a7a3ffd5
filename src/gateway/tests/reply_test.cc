#include "gateway/reply.h"

#include <gtest/gtest.h>

namespace mayfly::gateway {
namespace {

// "status|name: value|...|body", or "malformed".
std::string describe(std::string payload, PayloadFormat format = PayloadFormat::v2) {
  const auto response = read_reply(std::move(payload), format);
  if (!response) return "malformed";
  std::string out = std::to_string(response->status) + "|";
  for (const auto& [name, value] : response->headers) out += name + ": " + value + "|";
  return out + response->body;
}

TEST(Reply, Structured) {
  EXPECT_EQ(
      describe(
          R"({"statusCode":201,"headers":{"content-type":"text/html","x-n":5,"x-b":true,"x-null":null},)"
          R"("cookies":["a=1","b=2; Path=/"],"body":"<p>"})"),
      "201|content-type: text/html|x-n: 5|x-b: true|set-cookie: a=1|set-cookie: b=2; Path=/|<p>");
  EXPECT_EQ(describe(R"({"statusCode":"404","body":"gone"})"),
            "404|content-type: text/plain;charset=UTF-8|gone");
  EXPECT_EQ(describe(R"({"statusCode":204})"), "204|content-type: text/plain;charset=UTF-8|");
  EXPECT_EQ(
      describe(
          R"({"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"AAEC","isBase64Encoded":true})"),
      "200|Content-Type: image/png|" + std::string("\0\1\2", 3));
}

// Format 2.0 takes anything without a statusCode for the body.
TEST(Reply, Inferred) {
  EXPECT_EQ(describe(R"({"id": 5})"), R"(200|content-type: application/json|{"id": 5})");
  EXPECT_EQ(describe(R"("Hello")"), "200|content-type: application/json|Hello");
  EXPECT_EQ(describe("null"), "200|content-type: application/json|null");
  EXPECT_EQ(describe("[1,2]"), "200|content-type: application/json|[1,2]");
}

TEST(Reply, Malformed) {
  for (const char* payload :
       {R"({"statusCode":"many"})", R"({"statusCode":99})", R"({"statusCode":600})",
        R"({"statusCode":{}})", R"({"statusCode":200,"body":{"a":1}})",
        R"({"statusCode":200,"headers":[]})", R"({"statusCode":200,"headers":{"a":["b"]}})",
        R"({"statusCode":200,"headers":{"a b":"c"}})", R"({"statusCode":200,"cookies":"a=1"})",
        R"({"statusCode":200,"body":"%","isBase64Encoded":true})", "not json", ""}) {
    EXPECT_EQ(describe(payload), "malformed") << payload;
  }
}

// A function must not be able to make headers, or a second response, out of a value.
TEST(Reply, RefusesLineBreaksInHeaders) {
  EXPECT_EQ(describe(R"({"statusCode":200,"headers":{"a":"b\r\nc: d"}})"), "malformed");
  EXPECT_EQ(describe(R"({"statusCode":200,"cookies":["a=1\nset-cookie: b"]})"), "malformed");
}

TEST(Reply, LeavesConnectionAndLengthToTheServer) {
  EXPECT_EQ(
      describe(
          R"({"statusCode":200,"headers":{"content-type":"a/b","Content-Length":"5","connection":"close",)"
          R"("Transfer-Encoding":"chunked"},"body":"x"})"),
      "200|content-type: a/b|x");
}

TEST(Reply, FormatOneMergesBothHeaderMaps) {
  EXPECT_EQ(
      describe(
          R"({"statusCode":200,"headers":{"x":"3","content-type":"t/p"},"multiValueHeaders":{"x":["1","2"]},"body":"b"})",
          PayloadFormat::v1),
      "200|x: 1|x: 2|x: 3|content-type: t/p|b");
  for (const char* payload :
       {"{}", R"("text")", R"({"id":5})", "null", R"({"statusCode":200,"body":5})"}) {
    EXPECT_EQ(describe(payload, PayloadFormat::v1), "malformed") << payload;
  }
}

TEST(Reply, Preludes) {
  const auto head = read_prelude(
      R"({"statusCode":201,"headers":{"content-type":"text/html"},"cookies":["a=1"]})");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 201);
  EXPECT_EQ(head->headers.get("content-type"), "text/html");
  EXPECT_EQ(head->headers.get("set-cookie"), "a=1");
  EXPECT_EQ(read_prelude("{}")->status, 200);
  for (const char* wrong : {"", "[]", "7", R"({"statusCode":"x"})", R"({"headers":{"a":[]}})",
                            R"({"headers":{"a":"b\r\nc: d"}})"}) {
    EXPECT_FALSE(read_prelude(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace mayfly::gateway
