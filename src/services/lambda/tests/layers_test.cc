#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "services/lambda/tests/world.h"

namespace mayfly::lambda {
namespace {

using ::testing::HasSubstr;
using testing::make_zip;

struct LayersTest : testing::LambdaTest {
  Reply publish(const std::string& layer, const std::string& zip, const std::string& more = {}) {
    return call("POST", "/2018-10-31/layers/" + layer + "/versions",
                R"({"Content":{"ZipFile":")" + base::to_base64(zip) + "\"}" + more + "}");
  }
  Reply publish_text(const std::string& layer, const std::string& text) {
    return publish(layer, make_zip({{"shared.txt", text}, {layer + ".txt", text}}));
  }
  static std::string arn(const std::string& layer, int version) {
    return "arn:aws:lambda:us-east-1:000000000000:layer:" + layer + ":" + std::to_string(version);
  }
  static std::string list(const std::vector<std::string>& arns) {
    std::string text;
    for (const std::string& each : arns) text += (text.empty() ? "\"" : ",\"") + each + "\"";
    return R"("Layers":[)" + text + "]";
  }
  // The update before this one may still be on its way on another thread.
  Reply configure(const std::string& name, const std::string& members) {
    const std::string target = "/2015-03-31/functions/" + name + "/configuration";
    while (call("GET", target).str("LastUpdateStatus") == "InProgress") std::this_thread::yield();
    return call("PUT", target, "{" + members + "}");
  }
  std::string opt_file(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(runner.specs.back()->opt_folder + "/" + name).rdbuf();
    return text.str();
  }
};

TEST_F(LayersTest, AVersionIsPublishedAndDescribed) {
  const std::string zip = make_zip({{"python/m.py", "x = 1"}});
  auto made =
      publish("tools", zip,
              R"(,"Description":"d","LicenseInfo":"MIT","CompatibleRuntimes":["python3.12"],)"
              R"("CompatibleArchitectures":["x86_64"])");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.str("LayerArn"), "arn:aws:lambda:us-east-1:000000000000:layer:tools");
  EXPECT_EQ(made.str("LayerVersionArn"), arn("tools", 1));
  EXPECT_EQ(made.str("Version"), "1");
  EXPECT_EQ(made.str("CreatedDate"), "2025-06-15T15:06:40.000+0000");
  EXPECT_EQ(made.str("CompatibleRuntimes"), R"(["python3.12"])");
  const wire::Document* content = made.body.find("Content");
  ASSERT_NE(content, nullptr);
  EXPECT_EQ(*content->find("CodeSha256")->as_string(), base::to_base64(base::sha256(zip)));
  const std::string location = *content->find("Location")->as_string();
  EXPECT_EQ(call("GET", location.substr(std::string("http://localhost:4566").size())).text, zip);

  auto got = call("GET", "/2018-10-31/layers/tools/versions/1");
  EXPECT_EQ(got.str("LayerVersionArn"), arn("tools", 1));
  EXPECT_EQ(
      call("GET", "/2018-10-31/layers?find=LayerVersion&Arn=" + arn("tools", 1)).str("LicenseInfo"),
      "MIT");
  EXPECT_EQ(call("GET",
                 "/2018-10-31/layers/"
                 "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Alayer%3Atools/versions/1")
                .str("Version"),
            "1");
  EXPECT_EQ(call("GET", "/2018-10-31/layers/tools/versions/2").code(), "ResourceNotFoundException");
  EXPECT_EQ(call("GET", "/2018-10-31/layers/tools/versions/0").message(),
            "Layer Version Cannot be less than 1.");
  EXPECT_EQ(publish("tools", "no zip").code(), "InvalidParameterValueException");
}

TEST_F(LayersTest, ListsShowTheNewestFirst) {
  for (int i = 0; i < 3; ++i) publish_text("a", std::to_string(i));
  publish("b", make_zip({{"f", "x"}}), R"(,"CompatibleRuntimes":["nodejs22.x"])");
  auto versions = call("GET", "/2018-10-31/layers/a/versions?MaxItems=2");
  EXPECT_THAT(versions.str("LayerVersions"), HasSubstr(arn("a", 3)));
  EXPECT_THAT(versions.str("LayerVersions"), HasSubstr(arn("a", 2)));
  EXPECT_THAT(versions.str("LayerVersions"), ::testing::Not(HasSubstr(arn("a", 1))));
  auto rest =
      call("GET", "/2018-10-31/layers/a/versions?MaxItems=2&Marker=" + versions.str("NextMarker"));
  EXPECT_THAT(rest.str("LayerVersions"), HasSubstr(arn("a", 1)));
  EXPECT_EQ(rest.str("NextMarker"), "<none>");

  auto first = call("GET", "/2018-10-31/layers?MaxItems=1");
  EXPECT_THAT(first.str("Layers"), HasSubstr(arn("a", 3)));
  auto second = call("GET", "/2018-10-31/layers?MaxItems=1&Marker=" + first.str("NextMarker"));
  EXPECT_THAT(second.str("Layers"), HasSubstr(arn("b", 1)));
  EXPECT_EQ(second.str("NextMarker"), "<none>");
  EXPECT_THAT(call("GET", "/2018-10-31/layers?CompatibleRuntime=nodejs22.x").str("Layers"),
              ::testing::Not(HasSubstr("layer:a")));
}

TEST_F(LayersTest, LayersAreMergedInTheirOrder) {
  publish_text("a", "from a");
  publish_text("b", "from b");
  auto made = create("ff", "," + list({arn("a", 1), arn("b", 1)}));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_THAT(made.str("Layers"), HasSubstr(arn("a", 1)));
  invoke("ff");
  EXPECT_EQ(opt_file("shared.txt"), "from b");
  EXPECT_EQ(opt_file("a.txt"), "from a");

  ASSERT_EQ(configure("ff", list({arn("b", 1), arn("a", 1)})).status, 200);
  invoke("ff");
  EXPECT_EQ(opt_file("shared.txt"), "from a");
  ASSERT_EQ(configure("ff", list({arn("b", 1)})).status, 200);
  invoke("ff");
  EXPECT_EQ(opt_file("shared.txt"), "from b");
  EXPECT_EQ(opt_file("a.txt"), "");
  ASSERT_EQ(configure("ff", list({})).status, 200);
  invoke("ff");
  EXPECT_EQ(runner.specs.back()->opt_folder, "");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/ff/configuration").str("Layers"), "<none>");
}

TEST_F(LayersTest, AFunctionKeepsALayerThatIsDeleted) {
  publish_text("a", "kept");
  publish_text("b", "also");
  create("ff", "," + list({arn("a", 1), arn("b", 1)}));
  EXPECT_EQ(call("DELETE", "/2018-10-31/layers/a/versions/1").status, 204);
  EXPECT_EQ(call("DELETE", "/2018-10-31/layers/a/versions/1").status, 204);
  EXPECT_EQ(call("GET", "/2018-10-31/layers/a/versions/1").status, 404);
  advance(std::chrono::hours(1));
  invoke("ff");
  EXPECT_EQ(opt_file("a.txt"), "kept");
  EXPECT_EQ(configure("ff", list({arn("a", 1)})).message(),
            "Layer version " + arn("a", 1) + " does not exist.");
  EXPECT_EQ(publish_text("a", "next").str("Version"), "2");  // numbers are not used again

  // With its last user the package goes, and what it was merged into.
  const std::string merged = runner.specs.back()->opt_folder;
  EXPECT_TRUE(std::filesystem::exists(merged));
  call("DELETE", "/2015-03-31/functions/ff");
  advance(std::chrono::hours(1));
  // Behind the removals, which run one after the other on the same thread.
  for (int i = 0; i < 4; ++i) base::sync_wait(lambda.code.read("x"));
  EXPECT_FALSE(std::filesystem::exists(merged));
  EXPECT_EQ(base::sync_wait(lambda.code.list()).size(), 2u);  // b:1 and a:2
}

TEST_F(LayersTest, ListsThatAreWrong) {
  publish_text("a", "1");
  publish_text("a", "2");
  EXPECT_EQ(create("f", "," + list({arn("a", 1), arn("a", 2)})).message(),
            "Two different versions of the same layer are not allowed to be referenced in the same "
            "function. " +
                arn("a", 1) + " and " + arn("a", 2) + " are versions of the same layer.");
  std::vector<std::string> six;
  for (int i = 0; i < 6; ++i) six.push_back(arn("l" + std::to_string(i), 1));
  EXPECT_EQ(create("f", "," + list(six)).message(), "Cannot reference more than 5 layers.");
  EXPECT_EQ(create("f", "," + list({"arn:aws:lambda:eu-west-1:000000000000:layer:a:1"})).message(),
            "Layers are not in the same region as the function. Layers are expected to be in "
            "region us-east-1.");
  EXPECT_EQ(call("GET", "/2015-03-31/functions/f").status, 404);
}

TEST_F(LayersTest, PoliciesShareWithOtherAccounts) {
  publish_text("a", "1");
  const std::string path = "/2018-10-31/layers/a/versions/1/policy";
  EXPECT_EQ(call("GET", path).status, 404);
  auto added = call("POST", path,
                    R"({"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"*"})");
  ASSERT_EQ(added.status, 201) << added.text;
  EXPECT_EQ(added.str("Statement"),
            R"({"Sid":"s","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",)"
            R"("Resource":")" +
                arn("a", 1) + R"("})");
  EXPECT_EQ(
      call("POST", path, R"({"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"*"})")
          .code(),
      "ResourceConflictException");
  EXPECT_EQ(call("POST", path + "?RevisionId=no",
                 R"({"StatementId":"t","Action":"lambda:GetLayerVersion","Principal":"*"})")
                .code(),
            "PreconditionFailedException");
  EXPECT_THAT(call("GET", path).str("Policy"), HasSubstr(R"("Id":"default")"));
  EXPECT_EQ(call("DELETE", path + "/other").status, 404);
  EXPECT_EQ(call("DELETE", path + "/s").status, 204);
  EXPECT_EQ(call("GET", path).status, 404);
  EXPECT_EQ(call("POST", "/2018-10-31/layers/none/versions/1/policy",
                 R"({"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"*"})")
                .status,
            404);
  // Another account's.
  EXPECT_EQ(create("f", "," + list({"arn:aws:lambda:us-east-1:123456789012:layer:a:1"})).code(),
            "AccessDeniedException");
}

}  // namespace
}  // namespace mayfly::lambda
