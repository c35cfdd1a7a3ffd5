#include "services/sts/sts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tests/front.h"
#include "identity/sigv4.h"
#include "store/memory/memory_store.h"

namespace mayfly::sts {
namespace {

using ::testing::HasSubstr;

struct StsTest : ::testing::Test {
  base::FakeClock clock;
  base::SequentialIds ids;
  store::MemoryStore store;
  Sts sts{store, clock, ids};
  api::testing::Front front{{make_service(sts)}, {}, &sts.sessions};
};

TEST_F(StsTest, GetCallerIdentity) {
  auto reply = front.form("Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.text, HasSubstr("<Arn>arn:aws:iam::000000000000:root</Arn>"));
  EXPECT_THAT(reply.text, HasSubstr("<Account>000000000000</Account>"));
}

TEST_F(StsTest, AssumedRolesAreKnownAndEnd) {
  auto reply = front.form(
      "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%"
      "2Fpath%2Fworker&RoleSessionName=me");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_THAT(reply.text, HasSubstr("<Arn>arn:aws:sts::123456789012:assumed-role/worker/me</Arn>"));
  const std::size_t at = reply.text.find("<AccessKeyId>") + 13;
  const std::string key = reply.text.substr(at, reply.text.find('<', at) - at);
  EXPECT_EQ(key.substr(0, 4), "ASIA");
  EXPECT_EQ(key.size(), 20u);

  auto found = base::sync_wait(sts.sessions.find(key));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->principal.account, "123456789012");
  EXPECT_EQ((*found)->principal.kind, identity::PrincipalKind::assumed_role);
  EXPECT_EQ((*found)->expires, clock.now() + std::chrono::hours(1));

  // Another node, or this one after a restart, finds it in the store.
  Sessions other(store, clock, ids);
  EXPECT_TRUE(base::sync_wait(other.find(key))->has_value());

  EXPECT_EQ(base::sync_wait(sts.sessions.expire()), 0);
  clock.advance(std::chrono::minutes(61));
  EXPECT_EQ(base::sync_wait(sts.sessions.expire()), 1);
  EXPECT_FALSE(base::sync_wait(sts.sessions.find(key))->has_value());
}

TEST_F(StsTest, ReportsWhatItCannotHonour) {
  const std::string role =
      "Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&RoleArn=arn%3Aaws%3Aiam%3A%"
      "3A123456789012%3A";
  EXPECT_THAT(front.form(role + "role%2Fx&Policy=%7B%7D").text,
              HasSubstr("AssumeRole with session policies"));
  EXPECT_THAT(front.form(role + "user%2Fx").text, HasSubstr("<Code>ValidationError</Code>"));
  EXPECT_THAT(front.form(role + "role%2Fx&DurationSeconds=10").text, HasSubstr("durationSeconds"));
  EXPECT_THAT(front.form("Action=AssumeRoleWithSAML&Version=2011-06-15").text,
              HasSubstr("AssumeRoleWithSAML"));
}

TEST_F(StsTest, SessionsOfFunctionsAreIssuedByThePort) {
  auto credentials = base::sync_wait(sts.sessions.issue("arn:aws:iam::000000000000:role/r",
                                                        "my-function", std::chrono::hours(12)));
  ASSERT_TRUE(credentials.has_value());
  auto found = base::sync_wait(sts.sessions.find(credentials->access_key_id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->principal.arn, "arn:aws:sts::000000000000:assumed-role/r/my-function");
  EXPECT_EQ((*found)->session_token, credentials->session_token);
  EXPECT_FALSE(
      base::sync_wait(sts.sessions.issue("no arn", "x", std::chrono::hours(1))).has_value());
}

}  // namespace
}  // namespace mayfly::sts
