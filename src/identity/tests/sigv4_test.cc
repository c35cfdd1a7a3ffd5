#include "identity/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/strings.h"
#include "wire/json.h"

namespace mayfly::identity {
namespace {

using testing::HasSubstr;

base::WallTime at(std::int64_t seconds) { return base::WallTime{std::chrono::seconds{seconds}}; }

constexpr std::int64_t k20150830 = 1'440'938'160;  // 2015-08-30T12:36:00Z
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

http::Request request_of(std::string method, std::string target,
                         std::vector<std::pair<std::string, std::string>> headers,
                         std::string body = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  for (auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

std::string verdict(const http::Request& request, std::string_view secret, base::WallTime now) {
  auto signature = parse_signature(request);
  if (!signature)
    return std::string(signature.error().spec->code) + ": " + signature.error().message;
  if (!*signature) return "unsigned";
  SigningKeys keys;
  auto result = verify(**signature, request, secret, now, keys);
  return result ? "right" : std::string(result.error().spec->code) + ": " + result.error().message;
}

// The values of AWS's published SigV4 test suite and of the signing examples of its documentation.
std::string published(std::string_view service, std::string_view headers,
                      std::string_view signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" + std::string(service) +
         "/aws4_request, SignedHeaders=" + std::string(headers) +
         ", Signature=" + std::string(signature);
}

TEST(SigV4, PublishedVectors) {
  struct Vector {
    std::string method, target, service, headers, signature;
    std::vector<std::pair<std::string, std::string>> more = {};
  };
  const Vector vectors[] = {
      {"GET", "/", "service", "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"POST", "/", "service", "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"GET", "/?Param2=value2&Param1=value1", "service", "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
  };
  for (const Vector& vector : vectors) {
    auto request = request_of(
        vector.method, vector.target,
        {{"Host", "example.amazonaws.com"},
         {"X-Amz-Date", "20150830T123600Z"},
         {"Authorization", published(vector.service, vector.headers, vector.signature)}});
    EXPECT_EQ(verdict(request, kSecret, at(k20150830)), "right") << vector.method << vector.target;
  }
  auto iam =
      request_of("GET", "/?Action=ListUsers&Version=2010-05-08",
                 {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"Host", "iam.amazonaws.com"},
                  {"X-Amz-Date", "20150830T123600Z"},
                  {"Authorization",
                   published("iam", "content-type;host;x-amz-date",
                             "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")}});
  EXPECT_EQ(verdict(iam, kSecret, at(k20150830)), "right");
}

TEST(SigV4, PublishedSigningKey) {
  SigningKeys keys;
  const CredentialScope scope{"AKIDEXAMPLE", "20150830", "us-east-1", "iam"};
  const std::string expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
  EXPECT_EQ(base::to_hex(keys.key(kSecret, scope)), expected);
  EXPECT_EQ(base::to_hex(keys.key(kSecret, scope)), expected);
  EXPECT_NE(base::to_hex(keys.key("other", scope)), expected);
}

// Written by data/make_signatures.py with botocore.
TEST(SigV4, SignaturesOfBotocore) {
  std::ifstream file(MAYFLY_TEST_DATA "/data/signatures.json");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto data = wire::parse_json(text);
  ASSERT_TRUE(data);
  const base::WallTime now = at(*data->find("now")->as_int());
  const auto& cases = *data->find("cases")->as_list();
  EXPECT_GE(cases.size(), 15u);
  for (const wire::Document& entry : cases) {
    auto text_of = [&](std::string_view name) { return *entry.find(name)->as_string(); };
    auto request = request_of(text_of("method"), text_of("target"), {}, text_of("body"));
    for (const auto& [name, value] : *entry.find("headers")->as_map())
      request.headers.add(name, *value.as_string());
    EXPECT_EQ(verdict(request, text_of("secret"), now), "right") << text_of("name");
    EXPECT_THAT(verdict(request, "other secret", now), HasSubstr("InvalidSignatureException"))
        << text_of("name");
    auto signature = parse_signature(request);
    EXPECT_EQ((*signature)->session_token, text_of("token"));
    EXPECT_EQ((*signature)->scope.region, "eu-central-1");
    EXPECT_EQ((*signature)->scope.service, text_of("service"));
    // A body is covered wherever it is hashed.
    if (!request.body.empty()) {
      request.body += " ";
      EXPECT_NE(verdict(request, text_of("secret"), now), "right") << text_of("name");
    }
  }
}

TEST(SigV4, SignsWhatItVerifies) {
  const Credentials credentials{"AKID", "secret", "token"};
  auto request = request_of("POST", "/a%2Fb/c?x=1&y=%20z",
                            {{"Host", "h:1"}, {"Content-Type", "text/plain"}}, "body");
  sign_request(request, credentials, "lambda", "eu-west-1", at(k20150830));
  EXPECT_EQ(verdict(request, "secret", at(k20150830)), "right");
  request.headers.set("X-Amz-Security-Token", "changed");
  EXPECT_NE(verdict(request, "secret", at(k20150830)), "right");

  auto presigned = request_of("GET", "/a?x=1", {{"Host", "h:1"}});
  presign_request(presigned, credentials, "lambda", "eu-west-1", at(k20150830),
                  std::chrono::seconds{60});
  EXPECT_EQ(verdict(presigned, "secret", at(k20150830 + 60)), "right");
  EXPECT_THAT(verdict(presigned, "secret", at(k20150830 + 61)), HasSubstr("Signature expired"));
  presigned.target += "&more=1";
  EXPECT_NE(verdict(presigned, "secret", at(k20150830)), "right");
}

TEST(SigV4, TimeAndScope) {
  auto request = request_of("GET", "/", {{"Host", "h"}});
  sign_request(request, {"AKID", "secret", ""}, "lambda", "eu-west-1", at(k20150830));
  EXPECT_EQ(verdict(request, "secret", at(k20150830 + 899)), "right");
  EXPECT_EQ(verdict(request, "secret", at(k20150830 - 899)), "right");
  EXPECT_EQ(verdict(request, "secret", at(k20150830 + 901)),
            "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than "
            "20150830T123601Z "
            "(20150830T125101Z - 15 min.)");
  EXPECT_THAT(verdict(request, "secret", at(k20150830 - 901)),
              HasSubstr("Signature not yet current"));
  request.headers.set("X-Amz-Date", "20150831T123600Z");
  EXPECT_THAT(verdict(request, "secret", at(k20150830)),
              HasSubstr("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                        "date from HTTP"));
  request.headers.set("X-Amz-Date", "yesterday");
  EXPECT_THAT(verdict(request, "secret", at(k20150830)), HasSubstr("IncompleteSignatureException"));
}

TEST(SigV4, PayloadHashes) {
  const Credentials credentials{"AKID", "secret", ""};
  auto unsigned_body = request_of(
      "POST", "/", {{"Host", "h"}, {"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}}, "body");
  // The signer hashes the body; the header makes the verifier take the literal instead, so the
  // signature differs.
  sign_request(unsigned_body, credentials, "lambda", "r", at(k20150830));
  EXPECT_THAT(verdict(unsigned_body, "secret", at(k20150830)),
              HasSubstr("does not match the signature"));
  auto lie = request_of("POST", "/", {{"Host", "h"}}, "body");
  sign_request(lie, credentials, "s3", "r", at(k20150830));
  EXPECT_EQ(verdict(lie, "secret", at(k20150830)), "right");
  lie.body = "other";
  EXPECT_THAT(verdict(lie, "secret", at(k20150830)), HasSubstr("x-amz-content-sha256"));
  auto streaming = request_of("PUT", "/", {{"Host", "h"}}, "body");
  sign_request(streaming, credentials, "s3", "r", at(k20150830));
  streaming.headers.set("X-Amz-Content-SHA256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  EXPECT_THAT(verdict(streaming, "secret", at(k20150830)), HasSubstr("not supported"));
}

TEST(SigV4, IncompleteAndForeignAuthorizations) {
  auto with = [](std::string value) {
    return request_of("GET", "/", {{"Host", "h"}, {"Authorization", value}});
  };
  const base::WallTime now = at(k20150830);
  EXPECT_EQ(verdict(with("Bearer abc"), "s", now), "unsigned");
  EXPECT_EQ(verdict(with(""), "s", now), "unsigned");
  EXPECT_THAT(verdict(with("AWS4-HMAC-SHA256"), "s", now), HasSubstr("requires 'Credential'"));
  EXPECT_THAT(verdict(with("AWS4-ECDSA-P256-SHA256 Credential=a"), "s", now),
              HasSubstr("AWS4-ECDSA-P256-SHA256"));
  EXPECT_THAT(verdict(with("AWS4-HMAC-SHA256 Signature=a"), "s", now),
              HasSubstr("requires 'Credential'"));
  const std::string credential = "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request";
  EXPECT_THAT(verdict(with(credential), "s", now), HasSubstr("requires 'Signature'"));
  EXPECT_THAT(verdict(with(credential + ", Signature=1"), "s", now),
              HasSubstr("requires 'SignedHeaders'"));
  EXPECT_THAT(verdict(with(credential + ", Signature=1, SignedHeaders=x-amz-date"), "s", now),
              HasSubstr("'Host'"));
  EXPECT_THAT(verdict(with(credential + ", Signature=1, SignedHeaders=host"), "s", now),
              HasSubstr("X-Amz-Date"));
}

}  // namespace
}  // namespace mayfly::identity
