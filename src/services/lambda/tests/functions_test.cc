#include <gmock/gmock.h>

#include "services/lambda/tests/world.h"

namespace mayfly::lambda {
namespace {

using ::testing::ElementsAre;
using testing::FakeRunner;
using ::testing::HasSubstr;
using testing::LambdaTest;
using testing::make_zip;
using testing::python_zip;

struct FunctionsTest : LambdaTest {};

TEST_F(FunctionsTest, CreateAnswersPendingAndBecomesActive) {
  runner.gate.emplace();
  auto created = create(
      "f", R"(,"Description":"d","Environment":{"Variables":{"KEY":"value"}},"Tags":{"team":"a"})");
  ASSERT_EQ(created.status, 201) << created.text;
  EXPECT_EQ(created.str("FunctionArn"), "arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_EQ(created.str("State"), "Pending");
  EXPECT_EQ(created.str("StateReasonCode"), "Creating");
  EXPECT_EQ(created.str("LastUpdateStatus"), "<none>");
  EXPECT_EQ(created.str("Version"), "$LATEST");
  EXPECT_EQ(created.str("MemorySize"), "128");
  EXPECT_EQ(created.str("Timeout"), "3");
  EXPECT_EQ(created.str("PackageType"), "Zip");
  EXPECT_EQ(created.str("Architectures"), R"(["x86_64"])");
  EXPECT_EQ(created.str("EphemeralStorage"), R"({"Size":512})");
  EXPECT_EQ(created.str("TracingConfig"), R"({"Mode":"PassThrough"})");
  EXPECT_EQ(created.str("SnapStart"), R"({"ApplyOn":"None","OptimizationStatus":"Off"})");
  EXPECT_EQ(created.str("LoggingConfig"), R"({"LogFormat":"Text","LogGroup":"/aws/lambda/f"})");
  EXPECT_EQ(created.str("Environment"), R"({"Variables":{"KEY":"value"}})");
  EXPECT_EQ(created.str("CodeSha256"), base::to_base64(base::sha256(python_zip())));
  EXPECT_EQ(created.str("CodeSize"), std::to_string(python_zip().size()));
  EXPECT_EQ(created.str("LastModified"), "2025-06-15T15:06:40.000+0000");
  EXPECT_THAT(created.str("RuntimeVersionConfig"), HasSubstr("arn:aws:lambda:us-east-1::runtime:"));

  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/configuration").str("State"), "Pending");
  auto early = update_code("f", "x = 1");
  EXPECT_EQ(early.status, 409);
  EXPECT_THAT(early.message(),
              HasSubstr("The function is currently in the following state: Pending"));
  runner.gate->set(true);
  runner.gate.reset();
  auto active = call("GET", "/2015-03-31/functions/f/configuration");
  EXPECT_EQ(active.str("State"), "Active");
  EXPECT_EQ(active.str("LastUpdateStatus"), "Successful");
  EXPECT_EQ(active.str("StateReason"), "<none>");
}

TEST_F(FunctionsTest, InitThatFailsDoesNotFailTheCreation) {
  runner.init_fails = true;
  create("f");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/configuration").str("State"), "Active");
}

TEST_F(FunctionsTest, TheEngineIsGivenWhatItNeeds) {
  create("f", R"(,"MemorySize":256,"Timeout":10,"Environment":{"Variables":{"KEY":"value"}})");
  invoke("f");
  ASSERT_EQ(runner.specs.size(), 1u);
  const engine::FunctionSpec& spec = *runner.specs[0];
  EXPECT_EQ(spec.function, "f");
  EXPECT_EQ(spec.version, "$LATEST");
  EXPECT_EQ(spec.runtime, "python3.12");
  EXPECT_EQ(spec.memory_mb, 256);
  EXPECT_EQ(spec.timeout_s, 10);
  EXPECT_EQ(spec.environment.at("KEY"), "value");
  EXPECT_EQ(spec.log_group, "/aws/lambda/f");
  EXPECT_EQ(spec.credentials.at("AWS_ACCESS_KEY_ID"), "ASIA1");
  EXPECT_TRUE(std::filesystem::exists(spec.code_folder + "/index.py"));
  EXPECT_THAT(issuer.issued, ElementsAre("arn:aws:iam::000000000000:role/r f@lambda_function"));
  invoke("f");
  EXPECT_EQ(runner.specs[1], runner.specs[0]);  // made once
}

TEST_F(FunctionsTest, AFunctionActsInItsOwnAccountWhateverRoleItNames) {
  call(
      "POST", "/2015-03-31/functions",
      R"({"FunctionName":"ff","Role":"arn:aws:iam::123456789012:role/copied","Runtime":"python3.12",)"
      R"("Handler":"a.b","Code":{"ZipFile":")" +
          base::to_base64(python_zip()) + "\"}}");
  invoke("ff");
  EXPECT_THAT(issuer.issued, ElementsAre("arn:aws:iam::000000000000:role/copied ff"));
}

TEST_F(FunctionsTest, CredentialsAreRenewedBeforeTheyEnd) {
  create("ff");
  invoke("ff");
  clock.advance(std::chrono::hours(11) + std::chrono::minutes(1));
  invoke("ff");
  EXPECT_EQ(issuer.issued.size(), 2u);
  EXPECT_NE(runner.specs[1]->revision, runner.specs[0]->revision);
  EXPECT_EQ(runner.specs[1]->credentials.at("AWS_ACCESS_KEY_ID"), "ASIA2");
}

TEST_F(FunctionsTest, CreateRefusesBadRequests) {
  auto twice = (create("f"), create("f"));
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.code(), "ResourceConflictException");
  EXPECT_EQ(twice.text, R"({"Type":"User","message":"Function already exist: f"})");

  const std::string head =
      R"({"FunctionName":"g","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="})";
  auto missing = call("POST", "/2015-03-31/functions", head + "}");
  EXPECT_EQ(missing.message(),
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages.");
  auto invalid = create("bad name", R"(,"MemorySize":64)");
  EXPECT_EQ(invalid.code(), "ValidationException");
  EXPECT_THAT(invalid.message(), HasSubstr("2 validation errors detected"));
  EXPECT_THAT(create("g", R"(,"Timeout":901)").message(),
              HasSubstr("Value '901' at 'timeout' failed to satisfy constraint: Member must have "
                        "value less than or equal to 900"));
  EXPECT_THAT(create(std::string(65, 'a')).message(),
              HasSubstr("Member must have length less than or equal to 64"));
  EXPECT_THAT(create("g", R"(,"Environment":{"Variables":{"AWS_REGION":"x"}})").message(),
              HasSubstr("Reserved keys used in this request: AWS_REGION"));
  EXPECT_THAT(
      create("g", R"(,"Environment":{"Variables":{"BIG":")" + std::string(4100, 'x') + R"("}})")
          .message(),
      HasSubstr("exceeded the 4KB limit. String measured: {\"BIG\":\"xxx"));
  EXPECT_EQ(
      create("g", R"(,"Layers":["arn:aws:lambda:us-east-1:000000000000:layer:l:1"])").message(),
      "Layer version arn:aws:lambda:us-east-1:000000000000:layer:l:1 does not exist.");
  EXPECT_THAT(
      create("arn:aws:lambda:eu-west-1:000000000000:function:g").message(),
      HasSubstr("Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"));
  EXPECT_EQ(call("GET", "/2015-03-31/functions").text,
            call("GET", "/2015-03-31/functions?MaxItems=10").text);
}

// "name:qualifier" where the name looks much like a region.
TEST_F(FunctionsTest, ANameIsNotTakenForARegion) {
  create("fn-12ab-6");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/fn-12ab-6%3A%24LATEST").status, 200);
}

TEST_F(FunctionsTest, WhatIsMissingNamesItself) {
  for (const auto& [more, name] : std::vector<std::pair<std::string, std::string>>{
           {R"(,"VpcConfig":{"SubnetIds":["s-1"]})", "VpcConfig"},
           {R"(,"DeadLetterConfig":{"TargetArn":"arn:aws:sqs:us-east-1:000000000000:q"})",
            "DeadLetterConfig"},
           {R"(,"FileSystemConfigs":[{"Arn":"a","LocalMountPath":"/mnt/x"}])", "FileSystemConfigs"},
           {R"(,"KMSKeyArn":"arn:aws:kms:us-east-1:000000000000:key/k")", "KMSKeyArn"}}) {
    auto reply = create("f", more);
    EXPECT_EQ(reply.status, 501) << more;
    EXPECT_THAT(reply.message(), HasSubstr(name));
  }
  EXPECT_EQ(create("f", R"(,"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[]})").status, 201);
  EXPECT_THAT(call("GET", "/2025-11-30/capacity-providers").message(),
              HasSubstr("ListCapacityProviders"));
}

TEST_F(FunctionsTest, BadPackages) {
  EXPECT_EQ(create("f", "", "no zip").message(),
            "Could not unzip uploaded file. Please check your file, then try to upload again.");
  EXPECT_EQ(create("f", "", make_zip({{"link", "../../etc", S_IFLNK | 0777}})).code(),
            "InvalidParameterValueException");
  const std::string nothing = "PK\x05\x06" + std::string(18, '\0');
  for (const std::string& zip : {std::string(), nothing}) {
    EXPECT_EQ(create("f", "", zip).message(), "Uploaded file must be a non-empty zip");
  }
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f").status, 404);
  EXPECT_TRUE(base::sync_wait(lambda.code.list()).empty());
}

TEST_F(FunctionsTest, NamesInAllTheirForms) {
  create("f");
  for (const char* name :
       {"f", "000000000000:function:f", "function:f", "us-east-1:000000000000:function:f",
        "000000000000:f", "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af",
        "f:%24LATEST"}) {
    EXPECT_EQ(call("GET", std::string("/2015-03-31/functions/") + name + "/configuration")
                  .str("FunctionName"),
              "f")
        << name;
  }
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f:1?Qualifier=2").message(),
            "The derived qualifier from the function name does not match the specified qualifier.");
  auto missing = call("GET", "/2015-03-31/functions/g");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(
      missing.text,
      R"({"Type":"User","Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:g"})");
  EXPECT_THAT(call("GET", "/2015-03-31/functions/f?Qualifier=7").str("Message"),
              HasSubstr("function:f:7"));
  EXPECT_EQ(call("GET", "/2015-03-31/functions/111111111111:function:f").status, 403);
}

TEST_F(FunctionsTest, CodeCanBeDownloadedForAWhile) {
  create("f");
  auto got = call("GET", "/2015-03-31/functions/f");
  const std::string location = *got.body.find("Code")->find("Location")->as_string();
  EXPECT_THAT(location, HasSubstr("http://localhost:4566/_mayfly/lambda/code/"));
  const std::string path = location.substr(std::string("http://localhost:4566").size());
  auto zip = call("GET", path);
  EXPECT_EQ(zip.status, 200);
  EXPECT_EQ(zip.text, python_zip());
  EXPECT_EQ(call("GET", path + "0").status, 403);
  EXPECT_EQ(call("GET", "/_mayfly/lambda/code/abc").status, 403);
  clock.advance(std::chrono::minutes(11));
  EXPECT_EQ(call("GET", path).status, 403);
}

TEST_F(FunctionsTest, UpdateCodeAndConfiguration) {
  auto created = create("f");
  auto dry = update_code("f", "x = 2", R"(,"DryRun":true)");
  EXPECT_EQ(dry.status, 200);
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/configuration").str("CodeSha256"),
            created.str("CodeSha256"));

  auto updated = update_code("f", "x = 2");
  EXPECT_EQ(updated.str("LastUpdateStatus"), "InProgress");
  EXPECT_NE(updated.str("CodeSha256"), created.str("CodeSha256"));
  EXPECT_NE(updated.str("RevisionId"), created.str("RevisionId"));
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/configuration").str("LastUpdateStatus"),
            "Successful");
  EXPECT_EQ(runner.retired.back(), "f:$LATEST but one");

  auto stale = update_code("f", "x = 3", R"(,"RevisionId":")" + created.str("RevisionId") + "\"");
  EXPECT_EQ(stale.status, 412);
  EXPECT_THAT(stale.message(),
              HasSubstr("The Revision Id provided does not match the latest Revision Id."));

  auto configured = call(
      "PUT", "/2015-03-31/functions/f/configuration",
      R"({"Timeout":20,"Environment":{"Variables":{"A1":"b"}},"LoggingConfig":{"LogFormat":"JSON"}})");
  EXPECT_EQ(configured.str("Timeout"), "20");
  EXPECT_EQ(configured.str("Handler"), "index.lambda_handler");
  EXPECT_EQ(
      configured.str("LoggingConfig"),
      R"({"LogFormat":"JSON","ApplicationLogLevel":"INFO","SystemLogLevel":"INFO","LogGroup":"/aws/lambda/f"})");
  invoke("f");
  EXPECT_EQ(runner.specs.back()->timeout_s, 20);
  EXPECT_EQ(update_code("nope", "x").status, 404);
}

TEST_F(FunctionsTest, UpdatesDuringAnUpdateAreRefused) {
  create("f");
  runner.gate.emplace();
  update_code("f", "x = 2");
  auto second = call("PUT", "/2015-03-31/functions/f/configuration", R"({"Timeout":20})");
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(
      second.message(),
      "The operation cannot be performed at this time. An update is in progress for resource: "
      "arn:aws:lambda:us-east-1:000000000000:function:f");
  runner.gate->set(true);
}

TEST_F(FunctionsTest, ListsArePaged) {
  for (char name = 'a'; name <= 'e'; ++name) create(std::string("fn-") + name);
  auto first =
      call("GET", "/2015-03-31/functions/?MaxItems=2");  // old clients have the trailing slash
  EXPECT_EQ(first.body.find("Functions")->as_list()->size(), 2u);
  std::size_t count = 2;
  std::string marker = first.str("NextMarker");
  while (marker != "<none>") {
    auto next = call("GET", "/2015-03-31/functions?MaxItems=2&Marker=" +
                                base::percent_encode(marker, base::Slash::encode));
    count += next.body.find("Functions")->as_list()->size();
    marker = next.str("NextMarker");
  }
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(first.body.find("Functions")->as_list()->at(0).find("State"), nullptr);
  call("POST", "/2015-03-31/functions/fn-a/versions", "{}");
  EXPECT_EQ(call("GET", "/2015-03-31/functions?FunctionVersion=ALL")
                .body.find("Functions")
                ->as_list()
                ->size(),
            6u);
  EXPECT_EQ(call("GET", "/2016-08-19/account-settings")
                .body.find("AccountUsage")
                ->find("FunctionCount")
                ->as_int(),
            5);
}

TEST_F(FunctionsTest, DeleteRemovesEverythingAndLaterTheCode) {
  create("f");
  call("POST", "/2015-03-31/functions/f/versions", "{}");
  call("POST", "/2015-03-31/functions/f/aliases", R"({"Name":"live","FunctionVersion":"1"})");
  auto version = call("DELETE", "/2015-03-31/functions/f?Qualifier=1");
  EXPECT_EQ(version.message(),
            "Unable to delete version because the following aliases reference it: [live]");
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/f?Qualifier=%24LATEST").message(),
            "$LATEST version cannot be deleted without deleting the function.");
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/f").status, 204);
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f:1").status, 404);
  EXPECT_EQ(invoke("f").status, 404);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/f").status, 404);

  EXPECT_EQ(base::sync_wait(lambda.code.list()).size(), 1u);  // events may still run on it
  advance(std::chrono::minutes(6));
  base::sync_wait(lambda.code.read("x"));  // behind the removal, which runs on the same thread
  EXPECT_TRUE(base::sync_wait(lambda.code.list()).empty());

  // A new function of that name has nothing of the old one.
  create("f");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/aliases").text, R"({"Aliases":[]})");
  EXPECT_EQ(call("POST", "/2015-03-31/functions/f/versions", "{}").str("Version"), "1");
}

TEST_F(FunctionsTest, CodeThatAnotherFunctionUsesStays) {
  create("f");
  create("g");
  call("DELETE", "/2015-03-31/functions/f");
  advance(std::chrono::minutes(6));
  base::sync_wait(lambda.code.read("x"));
  EXPECT_EQ(base::sync_wait(lambda.code.list()).size(), 1u);
  EXPECT_EQ(invoke("g").status, 200);
}

TEST_F(FunctionsTest, AVersionThatACrashLeftPendingBecomesActive) {
  runner.gate.emplace();
  create("f");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/configuration").str("State"), "Pending");
  base::OneShot<bool> held = *runner.gate;
  runner.gate.reset();

  // A second daemon on the same store and folder, as after a crash.
  Lambda again({.data_folder = folder.path() + "/lambda"},
               {store, clock, ids, runner, issuer, metrics, records, lambda_alarm});
  ASSERT_TRUE(base::sync_wait(again.start()).has_value());
  base::sync_wait(again.stop());
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f/configuration").str("State"), "Active");
  held.set(true);
}

TEST_F(FunctionsTest, Tags) {
  create("f", R"(,"Tags":{"a":"1"})");
  const std::string path =
      "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af";
  EXPECT_EQ(call("POST", path, R"({"Tags":{"b":"2"}})").status, 204);
  EXPECT_EQ(call("DELETE", path + "?tagKeys=a").status, 204);
  EXPECT_EQ(call("GET", path).text, R"({"Tags":{"b":"2"}})");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f").str("Tags"), R"({"b":"2"})");
  EXPECT_THAT(call("GET", path + "%3A1").message(),
              HasSubstr("Tags on function aliases and versions are not supported."));
}

TEST_F(FunctionsTest, ReservedConcurrency) {
  create("f");
  const std::string path = "/2017-10-31/functions/f/concurrency";
  EXPECT_EQ(call("PUT", path, R"({"ReservedConcurrentExecutions":901})").message(),
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its "
            "minimum value of [100].");
  EXPECT_EQ(call("PUT", path, R"({"ReservedConcurrentExecutions":5})").text,
            R"({"ReservedConcurrentExecutions":5})");
  EXPECT_EQ(call("GET", "/2019-09-30/functions/f/concurrency").text,
            R"({"ReservedConcurrentExecutions":5})");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f").str("Concurrency"),
            R"({"ReservedConcurrentExecutions":5})");
  invoke("f");
  const std::string revision = runner.specs.back()->revision;
  EXPECT_EQ(runner.specs.back()->reserved_concurrency, 5);
  EXPECT_EQ(call("DELETE", path).status, 204);
  invoke("f");
  EXPECT_EQ(runner.specs.back()->reserved_concurrency, std::nullopt);
  EXPECT_EQ(runner.specs.back()->revision, revision);  // environments go on
}

}  // namespace
}  // namespace mayfly::lambda
