// Signatures, in the secured profile and in the development one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/pipeline.h"
#include "api/tests/toy_service.h"

namespace mayfly::api {
namespace {

using testing::HasSubstr;
using toy::header;
using toy::json_request;
using toy::World;

std::map<std::string, identity::IssuedCredentials> issued_keys() {
  identity::IssuedCredentials key;
  key.secret_key = "secret";
  key.principal = {identity::PrincipalKind::user, "111122223333",
                   "arn:aws:iam::111122223333:user/ann", "AIDAANN", ""};
  identity::IssuedCredentials session = key;
  session.session_token = "token";
  session.expires = base::WallTime{std::chrono::seconds{1'750'000'600}};
  return {{"AKIAANN", key}, {"ASIAANN", session}};
}

http::Request signed_request(World& world, identity::Credentials credentials,
                             std::string_view service = "toy") {
  auto request = json_request("PutThing", R"({"Name":"ball"})");
  identity::sign_request(request, credentials, service, "eu-central-1", world.clock.now());
  return request;
}

TEST(Secured, AcceptsRightSignaturesOnly) {
  World world({.profile = identity::Profile::secured}, issued_keys());
  auto good = world.send(signed_request(world, {"AKIAANN", "secret", ""}));
  EXPECT_EQ(good.status, 200) << good.body;
  EXPECT_THAT(good.body, HasSubstr(R"("Account":"111122223333","Region":"eu-central-1",)"
                                   R"("Arn":"arn:aws:iam::111122223333:user/ann")"));
  auto wrong = world.send(signed_request(world, {"AKIAANN", "guess", ""}));
  EXPECT_EQ(wrong.status, 403);
  EXPECT_THAT(wrong.body, HasSubstr("com.amazon.coral.service#InvalidSignatureException"));
  auto unknown = world.send(signed_request(world, {"AKIABOB", "secret", ""}));
  EXPECT_EQ(unknown.status, 403);
  EXPECT_THAT(unknown.body, HasSubstr("UnrecognizedClientException"));
  auto unsigned_one = world.send(json_request("PutThing", R"({"Name":"ball"})"));
  EXPECT_EQ(unsigned_one.status, 403);
  EXPECT_THAT(unsigned_one.body, HasSubstr("MissingAuthenticationTokenException"));
}

TEST(Secured, ManyThreadsShareAPipeline) {
  World world({.profile = identity::Profile::secured}, issued_keys());
  const auto good = signed_request(world, {"AKIAANN", "secret", ""});
  const auto bad = signed_request(world, {"AKIAANN", "guess", ""});
  const auto invalid = json_request("DeleteThing", "{}");
  std::atomic<int> wrong{0};
  auto work = [&](bool first) {
    for (int i = 0; i < 100; ++i) {
      // One thread changes the shelf; the others only fail.
      if (first && world.send(good).status != 200) ++wrong;
      if (world.send(bad).status != 403) ++wrong;
      if (world.send(invalid).status != 403) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i == 0);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(world.metrics.counters("toy", "PutThing").requests.load(), 500u);
}

TEST(Secured, ChangedRequestsAreRefused) {
  World world({.profile = identity::Profile::secured}, issued_keys());
  auto body = signed_request(world, {"AKIAANN", "secret", ""});
  body.body = R"({"Name":"bomb"})";
  EXPECT_EQ(world.send(std::move(body)).status, 403);
  auto target = signed_request(world, {"AKIAANN", "secret", ""});
  target.headers.set("X-Amz-Target", "Toy_20200101.DeleteThing");
  EXPECT_EQ(world.send(std::move(target)).status, 403);
  auto path = signed_request(world, {"AKIAANN", "secret", ""});
  path.target = "/other";
  EXPECT_EQ(world.send(std::move(path)).status, 403);
  auto other_service = world.send(signed_request(world, {"AKIAANN", "secret", ""}, "toyrest"));
  EXPECT_EQ(other_service.status, 403);
  EXPECT_THAT(other_service.body,
              HasSubstr("Credential should be scoped to correct service: 'toy'."));
}

TEST(Secured, TimesAndTokens) {
  World world({.profile = identity::Profile::secured}, issued_keys());
  auto old = signed_request(world, {"AKIAANN", "secret", ""});
  auto early = old;
  world.clock.advance(std::chrono::minutes(16));
  auto late = world.send(std::move(old));
  EXPECT_EQ(late.status, 403);
  EXPECT_THAT(late.body, HasSubstr("Signature expired"));

  World again({.profile = identity::Profile::secured}, issued_keys());
  EXPECT_EQ(again.send(signed_request(again, {"ASIAANN", "secret", "token"})).status, 200);
  EXPECT_EQ(again.send(signed_request(again, {"ASIAANN", "secret", "other"})).status, 403);
  EXPECT_EQ(again.send(signed_request(again, {"ASIAANN", "secret", ""})).status, 403);
  again.clock.advance(std::chrono::minutes(11));
  auto expired = again.send(signed_request(again, {"ASIAANN", "secret", "token"}));
  EXPECT_EQ(expired.status, 403);
  EXPECT_THAT(expired.body, HasSubstr("ExpiredTokenException"));
}

TEST(Secured, DevelopmentOnlyReportsAWrongSignature) {
  World world({}, issued_keys());
  auto wrong = world.send(signed_request(world, {"AKIAANN", "guess", ""}));
  EXPECT_EQ(wrong.status, 200);
  EXPECT_EQ(header(wrong, "x-mayfly-signature"), "wrong");
  EXPECT_THAT(wrong.body, HasSubstr("user/ann"));
  auto right = world.send(signed_request(world, {"AKIAANN", "secret", ""}));
  EXPECT_EQ(header(right, "x-mayfly-signature"), "<none>");
}

}  // namespace
}  // namespace mayfly::api
