#include "services/lambda/model/lineage.h"

#include <gtest/gtest.h>

#include "services/lambda/tests/world.h"
#include "wire/json.h"

namespace mayfly::lambda {
namespace {

using testing::LambdaTest;

constexpr std::string_view kOne = "arn:aws:lambda:us-east-1:000000000000:function:one";
constexpr std::string_view kTwo = "arn:aws:lambda:us-east-1:000000000000:function:two";

struct LineageTest : LambdaTest {
  std::string next(std::string_view header, std::string_view arn) {
    return next_in_chain(header, arn, clock.now(), ids);
  }
};

TEST_F(LineageTest, CountsEachFunctionOfAChain) {
  std::string header = next("", kOne);
  EXPECT_TRUE(header.starts_with("Root=1-")) << header;
  EXPECT_EQ(runs_in_chain(header, kOne), 1);
  EXPECT_EQ(runs_in_chain(header, kTwo), 0);
  header = next(next(header, kTwo), kOne);
  EXPECT_EQ(runs_in_chain(header, kOne), 2);
  EXPECT_EQ(runs_in_chain(header, kTwo), 1);
  EXPECT_EQ(next("Root=1-a;Sampled=1", kOne).substr(0, 27), "Root=1-a;Sampled=1;Lineage=");
}

TEST_F(LineageTest, WhatStrangersWriteIsBounded) {
  for (const char* wrong : {"Lineage=", "Lineage=x", "Lineage=x:y|:|z:-1|a:99999999999999999999",
                            ";;;", "Lineage=a:17"}) {
    EXPECT_EQ(runs_in_chain(wrong, kOne), 0) << wrong;
    EXPECT_EQ(runs_in_chain(next(wrong, kOne), kOne), 1) << wrong;
  }
  std::string many = "Root=1-a;Lineage=";
  for (int i = 0; i < 10'000; ++i) many += std::to_string(i) + ":1|";
  EXPECT_LT(next(many, kOne).size(), 1'000U);
}

TEST_F(LineageTest, TheSeventeenthRunOfAChainIsRefused) {
  create("f");
  std::string header;
  for (int run = 1; run <= kMostInChain; ++run) {
    EXPECT_EQ(invoke("f", "{}", {{"X-Amzn-Trace-Id", header}}).status, 200);
    header = runner.events.back().trace_header;
    EXPECT_EQ(runs_in_chain(header, function_arn({}, "f")), run);
  }
  const Reply refused = invoke("f", "{}", {{"X-Amzn-Trace-Id", header}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.code(), "RecursiveInvocationException");
  EXPECT_EQ(call("PUT", "/2024-08-31/functions/f/recursion-config", R"({"RecursiveLoop":"Allow"})")
                .str("RecursiveLoop"),
            "Allow");
  EXPECT_EQ(invoke("f", "{}", {{"X-Amzn-Trace-Id", header}}).status, 200);
  EXPECT_EQ(call("GET", "/2024-08-31/functions/f/recursion-config").str("RecursiveLoop"), "Allow");
}

TEST_F(LineageTest, AnEventInALoopGoesToItsDestination) {
  create("f");
  create("sink");
  call("PUT", "/2019-09-25/functions/f/event-invoke-config",
       R"({"DestinationConfig":{"OnFailure":{"Destination":")" + function_arn({}, "sink") +
           R"("}}})");
  std::string header;
  for (int run = 0; run < kMostInChain; ++run) header = next(header, function_arn({}, "f"));
  EXPECT_EQ(
      invoke("f", R"({"n":1})", {{"X-Amz-Invocation-Type", "Event"}, {"X-Amzn-Trace-Id", header}})
          .status,
      202);
  advance(std::chrono::seconds(1));
  ASSERT_EQ(runner.events.size(), 1U);
  EXPECT_EQ(runner.specs.back()->function, "sink");
  const auto record = wire::parse_json(runner.events.back().payload);
  EXPECT_EQ(*record->find("requestContext")->find("condition")->as_string(), "RecursiveInvocation");
}

}  // namespace
}  // namespace mayfly::lambda
