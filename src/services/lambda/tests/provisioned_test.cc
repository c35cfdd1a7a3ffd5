// Provisioned concurrency: what is accepted, and what the engine is told.
#include <gmock/gmock.h>

#include "services/lambda/tests/world.h"

namespace mayfly::lambda {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LambdaTest;
using ::testing::Pair;

struct ProvisionedTest : LambdaTest {
  ProvisionedTest() {
    create("f");
    publish("one");
    update_code("f", "x = 2");
    publish("two");
  }
  void publish(const std::string& description) {
    call("POST", "/2015-03-31/functions/f/versions", R"({"Description":")" + description + "\"}");
  }
  Reply alias(std::string method, const std::string& body, const std::string& name = {}) {
    return call(std::move(method),
                "/2015-03-31/functions/f/aliases" + (name.empty() ? "" : "/" + name), body);
  }
  Reply config(std::string method, const std::string& qualifier, int count = 0) {
    return call(
        std::move(method), "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=" + qualifier,
        count > 0 ? R"({"ProvisionedConcurrentExecutions":)" + std::to_string(count) + "}" : "");
  }
};

TEST_F(ProvisionedTest, VersionsHaveItUntilTheyAreGone) {
  const Reply put = config("PUT", "1", 3);
  EXPECT_EQ(put.status, 202);
  EXPECT_EQ(put.str("Status"), "IN_PROGRESS");
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 3)));
  const Reply got = config("GET", "1");
  EXPECT_EQ(got.str("Status"), "READY");
  EXPECT_EQ(got.str("AvailableProvisionedConcurrentExecutions"), "3");
  config("PUT", "1", 2);
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 2)));
  EXPECT_EQ(config("DELETE", "1").status, 204);
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 0)));
  const Reply none = config("GET", "1");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.code(), "ProvisionedConcurrencyConfigNotFoundException");
  config("PUT", "2", 1);
  call("DELETE", "/2015-03-31/functions/f");
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 0), Pair("f:2", 0)));
}

TEST_F(ProvisionedTest, AliasesTakeItToTheVersionsTheyPointTo) {
  alias("POST", R"({"Name":"live","FunctionVersion":"1"})");
  config("PUT", "live", 10);
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 10)));
  alias("PUT", R"({"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.3}}})",
        "live");
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 7), Pair("f:2", 3)));
  EXPECT_EQ(config("GET", "live").str("AllocatedProvisionedConcurrentExecutions"), "10");
  alias("PUT", R"({"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{}}})",
        "live");
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 0), Pair("f:2", 10)));
  const auto list = call("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=ALL");
  ASSERT_EQ(list.body.find("ProvisionedConcurrencyConfigs")->as_list()->size(), 1U);
  EXPECT_THAT(list.text, HasSubstr(":function:f:live"));
  alias("DELETE", "", "live");
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:1", 0), Pair("f:2", 0)));
}

TEST_F(ProvisionedTest, WhatCannotBeConfiguredIsRefused) {
  EXPECT_THAT(config("PUT", "%24LATEST", 1).message(), HasSubstr("unpublished function versions"));
  alias("POST", R"({"Name":"head","FunctionVersion":"$LATEST"})");
  EXPECT_THAT(config("PUT", "head", 1).message(), HasSubstr("unpublished function versions"));
  EXPECT_EQ(config("PUT", "9", 1).status, 404);
  EXPECT_EQ(config("PUT", "1", 901).status, 400);
  EXPECT_EQ(config("PUT", "1", 900).status, 202);
  EXPECT_THAT(config("PUT", "2", 1).message(), HasSubstr("below its minimum value of [100]"));
  config("DELETE", "1");
  call("PUT", "/2017-10-31/functions/f/concurrency", R"({"ReservedConcurrentExecutions":5})");
  EXPECT_EQ(config("PUT", "1", 4).status, 202);
  EXPECT_THAT(config("PUT", "2", 2).message(), HasSubstr("reservedConcurrentExecution"));
  EXPECT_EQ(
      call("PUT", "/2017-10-31/functions/f/concurrency", R"({"ReservedConcurrentExecutions":3})")
          .status,
      400);
  alias("POST", R"({"Name":"live","FunctionVersion":"1"})");
  EXPECT_EQ(config("PUT", "live", 1).status, 409);
}

TEST_F(ProvisionedTest, AFailureIsTold) {
  runner.init_fails = true;
  config("PUT", "1", 1);
  const Reply got = config("GET", "1");
  EXPECT_EQ(got.str("Status"), "FAILED");
  EXPECT_EQ(got.str("StatusReason"), "FUNCTION_ERROR_INIT_FAILURE");
}

TEST_F(ProvisionedTest, AStartTakesItUpAgain) {
  config("PUT", "2", 4);
  runner.provisions.clear();
  Lambda again({.data_folder = folder.path() + "/lambda"},
               {store, clock, ids, runner, issuer, metrics, records, lambda_alarm});
  ASSERT_TRUE(base::sync_wait(again.start()).has_value());
  base::sync_wait(again.stop());
  EXPECT_THAT(runner.provisions, ElementsAre(Pair("f:2", 4)));
}

}  // namespace
}  // namespace mayfly::lambda
