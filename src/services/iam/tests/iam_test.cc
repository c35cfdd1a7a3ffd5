#include "services/iam/iam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/tests/front.h"
#include "base/strings.h"
#include "store/memory/memory_store.h"

namespace mayfly::iam {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
constexpr std::string_view kDocument =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";

struct IamTest : ::testing::Test {
  std::string call(std::string action,
                   std::vector<std::pair<std::string, std::string>> parameters = {}) {
    std::string body = "Action=" + action + "&Version=2010-05-08";
    for (const auto& [name, value] : parameters)
      body += "&" + name + "=" + base::percent_encode(value, base::Slash::encode);
    return front.form(body).text;
  }
  std::string create_role(const std::string& name) {
    return call("CreateRole",
                {{"RoleName", name}, {"AssumeRolePolicyDocument", std::string(kTrust)}});
  }
  static std::string between(const std::string& text, const std::string& tag) {
    const std::size_t begin = text.find("<" + tag + ">") + tag.size() + 2;
    return text.substr(begin, text.find("</" + tag + ">") - begin);
  }

  base::FakeClock clock;
  base::SequentialIds ids;
  store::MemoryStore store;
  Iam iam{store, clock, ids};
  api::testing::Front front{{make_service(iam)}, {}, &iam.access_keys};
};

TEST_F(IamTest, Roles) {
  const std::string created = create_role("Worker");
  EXPECT_THAT(created, HasSubstr("<Arn>arn:aws:iam::000000000000:role/Worker</Arn>"));
  EXPECT_EQ(base::percent_decode(between(created, "AssumeRolePolicyDocument")), kTrust);
  EXPECT_THAT(create_role("worker"), HasSubstr("<Code>EntityAlreadyExists</Code>"));
  EXPECT_THAT(call("GetRole", {{"RoleName", "Worker"}}), HasSubstr("<RoleId>AROA"));
  EXPECT_THAT(call("GetRole", {{"RoleName", "nobody"}}),
              HasSubstr("The role with name nobody cannot be found."));
  EXPECT_THAT(call("CreateRole", {{"RoleName", "bad"}, {"AssumeRolePolicyDocument", "{"}}),
              HasSubstr("This policy contains invalid Json"));
  create_role("Another");
  const std::string page = call("ListRoles", {{"MaxItems", "1"}});
  EXPECT_THAT(page, HasSubstr("<IsTruncated>true</IsTruncated>"));
  EXPECT_THAT(page, HasSubstr("<RoleName>Another</RoleName>"));
  const std::string next = call("ListRoles", {{"Marker", between(page, "Marker")}});
  EXPECT_THAT(next, HasSubstr("<RoleName>Worker</RoleName>"));
  EXPECT_THAT(next, Not(HasSubstr("Another")));
  call("UpdateRole",
       {{"RoleName", "Worker"}, {"Description", "works"}, {"MaxSessionDuration", "7200"}});
  EXPECT_THAT(call("GetRole", {{"RoleName", "Worker"}}),
              HasSubstr("<MaxSessionDuration>7200</MaxSessionDuration>"));
}

TEST_F(IamTest, RolePolicies) {
  create_role("r");
  call("PutRolePolicy",
       {{"RoleName", "r"}, {"PolicyName", "p"}, {"PolicyDocument", std::string(kDocument)}});
  EXPECT_EQ(base::percent_decode(between(
                call("GetRolePolicy", {{"RoleName", "r"}, {"PolicyName", "p"}}), "PolicyDocument")),
            kDocument);
  EXPECT_THAT(call("ListRolePolicies", {{"RoleName", "r"}}), HasSubstr("<member>p</member>"));
  EXPECT_THAT(call("DeleteRole", {{"RoleName", "r"}}), HasSubstr("must delete policies first"));
  call("DeleteRolePolicy", {{"RoleName", "r"}, {"PolicyName", "p"}});
  const std::string managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  EXPECT_THAT(call("AttachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", managed}}),
              Not(HasSubstr("Error")));
  EXPECT_THAT(call("ListAttachedRolePolicies", {{"RoleName", "r"}}),
              HasSubstr("<PolicyName>AWSLambdaBasicExecutionRole</PolicyName>"));
  EXPECT_THAT(call("DeleteRole", {{"RoleName", "r"}}), HasSubstr("must detach all policies first"));
  call("DetachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", managed}});
  EXPECT_THAT(call("DeleteRole", {{"RoleName", "r"}}), Not(HasSubstr("Error")));
  EXPECT_THAT(call("GetRole", {{"RoleName", "r"}}), HasSubstr("NoSuchEntity"));
}

TEST_F(IamTest, ManagedPoliciesAndTheirVersions) {
  const std::string arn = "arn:aws:iam::000000000000:policy/p";
  EXPECT_THAT(
      call("CreatePolicy", {{"PolicyName", "p"}, {"PolicyDocument", std::string(kDocument)}}),
      HasSubstr("<Arn>" + arn));
  EXPECT_THAT(
      call("CreatePolicy", {{"PolicyName", "p"}, {"PolicyDocument", std::string(kDocument)}}),
      HasSubstr("A policy called p already exists."));
  for (int i = 0; i < 4; ++i) {
    call(
        "CreatePolicyVersion",
        {{"PolicyArn", arn}, {"PolicyDocument", std::string(kDocument)}, {"SetAsDefault", "true"}});
  }
  EXPECT_THAT(
      call("CreatePolicyVersion", {{"PolicyArn", arn}, {"PolicyDocument", std::string(kDocument)}}),
      HasSubstr("<Code>LimitExceeded</Code>"));
  EXPECT_THAT(call("GetPolicy", {{"PolicyArn", arn}}),
              HasSubstr("<DefaultVersionId>v5</DefaultVersionId>"));
  EXPECT_THAT(call("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v5"}}),
              HasSubstr("Cannot delete the default version"));
  call("SetDefaultPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v1"}});
  for (const char* version : {"v2", "v3", "v4"})
    call("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", version}});
  EXPECT_THAT(call("DeletePolicy", {{"PolicyArn", arn}}),
              HasSubstr("This policy has more than one version"));
  call("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v5"}});
  create_role("r");
  call("AttachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", arn}});
  EXPECT_THAT(call("GetPolicy", {{"PolicyArn", arn}}),
              HasSubstr("<AttachmentCount>1</AttachmentCount>"));
  EXPECT_THAT(call("DeletePolicy", {{"PolicyArn", arn}}),
              HasSubstr("Cannot delete a policy attached to entities."));
  call("DetachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", arn}});
  EXPECT_THAT(call("DeletePolicy", {{"PolicyArn", arn}}), Not(HasSubstr("Error")));
  EXPECT_EQ(
      base::percent_decode(between(
          call("GetPolicyVersion",
               {{"PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"}, {"VersionId", "v1"}}),
          "Document")),
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})");
}

TEST_F(IamTest, UsersAndAccessKeys) {
  EXPECT_THAT(call("CreateUser",
                   {{"UserName", "eve"}, {"Tags.member.1.Key", "k"}, {"Tags.member.1.Value", "v"}}),
              HasSubstr("<Arn>arn:aws:iam::000000000000:user/eve</Arn>"));
  EXPECT_THAT(call("ListUserTags", {{"UserName", "eve"}}), HasSubstr("<Value>v</Value>"));
  const std::string created = call("CreateAccessKey", {{"UserName", "eve"}});
  const std::string id = between(created, "AccessKeyId");
  EXPECT_EQ(id.substr(0, 4), "AKIA");
  auto found = base::sync_wait(iam.access_keys.find(id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->secret_key, between(created, "SecretAccessKey"));
  EXPECT_EQ((*found)->principal.arn, "arn:aws:iam::000000000000:user/eve");
  EXPECT_THAT(call("ListAccessKeys", {{"UserName", "eve"}}), Not(HasSubstr("Secret")));
  call("CreateAccessKey", {{"UserName", "eve"}});
  EXPECT_THAT(call("CreateAccessKey", {{"UserName", "eve"}}),
              HasSubstr("Cannot exceed quota for AccessKeysPerUser: 2"));
  EXPECT_THAT(call("DeleteUser", {{"UserName", "eve"}}),
              HasSubstr("must delete access keys first"));
  call("UpdateAccessKey", {{"UserName", "eve"}, {"AccessKeyId", id}, {"Status", "Inactive"}});
  EXPECT_FALSE(base::sync_wait(iam.access_keys.find(id))->has_value());
  EXPECT_THAT(call("DeleteAccessKey", {{"UserName", "mallory"}, {"AccessKeyId", id}}),
              HasSubstr("NoSuchEntity"));
  call("DeleteAccessKey", {{"UserName", "eve"}, {"AccessKeyId", id}});
  EXPECT_THAT(call("ListAccessKeys", {{"UserName", "eve"}}), Not(HasSubstr(id)));
}

TEST_F(IamTest, WhatIsNotThereSaysSo) {
  EXPECT_THAT(call("CreateGroup", {{"GroupName", "g"}}), HasSubstr("CreateGroup"));
  EXPECT_THAT(
      call("CreateRole", {{"RoleName", "r"},
                          {"AssumeRolePolicyDocument", std::string(kTrust)},
                          {"PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"}}),
      HasSubstr("PermissionsBoundary"));
}

}  // namespace
}  // namespace mayfly::iam
