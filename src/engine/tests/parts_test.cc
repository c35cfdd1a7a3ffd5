// The small parts of the engine, each by itself.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/environment/output.h"
#include "engine/guest/frames.h"
#include "engine/launch/runtimes.h"
#include "engine/launch/variables.h"
#include "engine/report/failure.h"
#include "engine/report/lines.h"
#include "engine/schedule/admission.h"

namespace mayfly::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

TEST(FramesTest, AreReadWholeWhateverTheirPieces) {
  const std::string bytes =
      frame_header(FrameType::result, 3) + "abc" + frame_header(FrameType::error, 0);
  FrameReader reader;
  std::vector<std::string> seen;
  for (char byte : bytes) {
    reader.append({&byte, 1});
    auto frame = reader.next();
    ASSERT_TRUE(frame);
    if (*frame) seen.push_back(static_cast<char>((*frame)->type) + (*frame)->payload);
  }
  EXPECT_THAT(seen, ElementsAre("rabc", "e"));
}

TEST(FramesTest, RefuseWhatTheProtocolDoesNotHave) {
  for (const std::string& bytes :
       {std::string("\0\0\0\0r", 5), std::string("\xff\xff\xff\xff\x72", 5),
        std::string("\x02\0\0\0?x", 6)}) {
    FrameReader reader;
    reader.append(bytes);
    EXPECT_FALSE(reader.next());
  }
}

class OutputTest : public ::testing::Test {
 protected:
  OutputTest() {
    for (const auto from : {Output::From::function, Output::From::extensions}) {
      std::array<int, 2> ends{};
      EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
      writing_.emplace(from, ends[1]);
      output_.set_pipe(from, base::UniqueFd(ends[0]));
    }
  }
  void write(std::string_view text, Output::From from = Output::From::function) {
    EXPECT_EQ(::write(writing_.at(from).get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  Output::State read(Output::From from = Output::From::function) {
    return output_.read(from, 1 << 20);
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (auto& line : output_.take()) out.push_back(line.text);
    return out;
  }
  base::FakeClock clock_;
  std::map<Output::From, base::UniqueFd> writing_;
  Output output_{clock_};
};

TEST_F(OutputTest, SplitsLinesAcrossReads) {
  write("one\ntw");
  EXPECT_EQ(read(), Output::State::open);
  EXPECT_THAT(texts(), ElementsAre("one"));
  write("o\n\nthree");
  read();
  EXPECT_THAT(texts(), ElementsAre("two", ""));
  output_.end_lines();
  EXPECT_THAT(texts(), ElementsAre("three"));
  writing_.clear();
  EXPECT_EQ(read(), Output::State::closed);
}

TEST_F(OutputTest, LinesOfExtensionsAreTheirOwn) {
  std::vector<std::string> extensions;
  output_.listen([&](Output::From from, base::WallTime, std::string_view line) {
    if (from == Output::From::extensions) extensions.emplace_back(line);
  });
  write("fun");
  write("exten", Output::From::extensions);
  read();
  read(Output::From::extensions);
  write("ction\n");
  write("sion\n", Output::From::extensions);
  read();
  read(Output::From::extensions);
  EXPECT_THAT(texts(), ElementsAre("function", "extension"));
  EXPECT_THAT(extensions, ElementsAre("extension"));
}

TEST_F(OutputTest, TheTailIsTheLastFourKilobytesSinceTheMark) {
  output_.add("before");
  output_.mark();
  for (int i = 0; i < 1000; ++i) output_.add("line " + std::to_string(i));
  const std::string tail = output_.tail();
  EXPECT_EQ(tail.size(), Output::kTail);
  EXPECT_TRUE(tail.ends_with("line 999\n"));
  output_.mark();
  output_.add("after");
  EXPECT_EQ(output_.tail(), "after\n");
}

TEST(VariablesTest, UsersOverrideOnlyWhatLambdaLetsThem) {
  FunctionSpec spec;
  spec.function = "f";
  spec.version = "7";
  spec.runtime = "python3.12";
  spec.handler = "a.b";
  spec.log_group = "/aws/lambda/f";
  spec.credentials = {{"AWS_ACCESS_KEY_ID", "key"}};
  spec.environment = {{"PATH", "/mine"},
                      {"AWS_LAMBDA_FUNCTION_NAME", "other"},
                      {"AWS_ACCESS_KEY_ID", "mine"},
                      {"X", "a=b"},
                      {"_Y", "1"},
                      {"AWS_ENDPOINT_URL", "http://elsewhere"}};
  const auto all = function_variables(spec, {1234, 9001}, "stream");
  EXPECT_THAT(all, Contains("PATH=/mine"));
  EXPECT_THAT(all, Contains("AWS_LAMBDA_FUNCTION_NAME=f"));
  EXPECT_THAT(all, Contains("AWS_ACCESS_KEY_ID=key"));
  EXPECT_THAT(all, Contains("X=a=b"));
  EXPECT_THAT(all, Not(Contains(StartsWith("_Y="))));
  EXPECT_THAT(all, Contains("AWS_ENDPOINT_URL=http://elsewhere"));
  EXPECT_THAT(all, Contains("AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001"));
  EXPECT_THAT(all, Contains("AWS_LAMBDA_LOG_STREAM_NAME=stream"));
  EXPECT_THAT(all, Contains("AWS_LAMBDA_FUNCTION_VERSION=7"));
}

TEST(VariablesTest, LogStreamsAreNamedByDayAndVersion) {
  base::SequentialIds ids;
  EXPECT_THAT(log_stream_name(base::from_epoch_ms(1'767'225'600'000), "$LATEST", ids),
              ::testing::MatchesRegex("2026/01/01/\\[\\$LATEST\\][0-9a-f]{32}"));
}

class RuntimesTest : public ::testing::Test {
 protected:
  RuntimesTest() {
    std::string path = "/tmp/mayfly-runtimes-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    folder_ = path;
    folders_.binaries = {folder_ + "/bin"};
    folders_.python_versions = {folder_ + "/pyenv", folder_ + "/uv"};
    folders_.node_versions = {folder_ + "/nvm", folder_ + "/n", folder_ + "/fnm"};
  }
  ~RuntimesTest() override { std::filesystem::remove_all(folder_); }
  void program(const std::string& path, const std::string& prints) {
    const std::string file = folder_ + "/" + path;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << "#!/bin/sh\necho " << prints << "\n";
    ::chmod(file.c_str(), 0755);
  }
  std::string folder_;
  SearchFolders folders_;
};

TEST_F(RuntimesTest, FindsInterpretersAndTheirVersions) {
  program("bin/python3.11", "Python 3.11.2");
  program("bin/python3.11-config", "no");
  program("bin/python3.7", "Python 3.7.0");
  program("bin/node", "v20.19.1");
  program("pyenv/3.13.0/bin/python3.13", "unused");
  const Runtimes runtimes(folders_);
  std::vector<std::string> found;
  for (const RuntimeInfo& one : runtimes.all()) found.push_back(one.name + " " + one.version);
  EXPECT_THAT(found, ElementsAre("python3.11 3.11.2", "python3.13 3.13.0", "nodejs20.x 20.19.1"));
}

TEST_F(RuntimesTest, TheNearestVersionStandsInAndSaysSo) {
  program("bin/python3.11", "Python 3.11.2");
  program("pyenv/3.13.0/bin/python3.13", "unused");
  const Runtimes runtimes(folders_);
  EXPECT_EQ(runtimes.choose("python3.11")->note, "");
  const auto newer = runtimes.choose("python3.12");  // as far from 3.11 as from 3.13: the newer one
  EXPECT_EQ(newer->runtime.name, "python3.13");
  EXPECT_EQ(newer->note, "python3.12 is not installed; running on python3.13 (" +
                             newer->runtime.interpreter + ")");
  ASSERT_EQ(newer->binds.size(), 1U);
  EXPECT_EQ(newer->binds[0].source, folder_ + "/pyenv/3.13.0");
  EXPECT_EQ(runtimes.choose("python3.8")->runtime.name, "python3.11");
  EXPECT_EQ(runtimes.choose("nodejs20.x").error(),
            "runtime nodejs20.x needs Node.js, and none was found on this machine");
  EXPECT_EQ(runtimes.choose("java21").error(), "runtime java21 is not supported");
  EXPECT_EQ(runtimes.choose("python3.x").error(), "runtime python3.x is not supported");
  EXPECT_EQ(runtimes.choose("provided.al2023")->language, Language::custom);
}

TEST_F(RuntimesTest, VersionManagersFoldersAreSearched) {
  program("uv/cpython-3.12.4-linux-x86_64-gnu/bin/python3.12", "unused");
  program("nvm/v18.20.4/bin/node", "unused");
  program("n/22.3.0/bin/node", "unused");
  program("n/22.4.0/README", "no");
  program("fnm/v24.1.0/installation/bin/node", "unused");
  program("pyenv/3.10.1/bin/python3.10", "unused");
  std::filesystem::create_directory_symlink("3.10.1", folder_ + "/pyenv/3.10.0");
  const Runtimes runtimes(folders_);
  std::vector<std::string> found;
  for (const RuntimeInfo& one : runtimes.all()) found.push_back(one.name + " " + one.version);
  EXPECT_THAT(found, ElementsAre("python3.10 3.10.1", "python3.12 3.12.4", "nodejs18.x 18.20.4",
                                 "nodejs22.x 22.3.0", "nodejs24.x 24.1.0"));
  EXPECT_EQ(runtimes.choose("nodejs24.x")->runtime.interpreter,
            folder_ + "/fnm/v24.1.0/installation/bin/node");
  EXPECT_EQ(runtimes.choose("nodejs24.x")->binds[0].source, folder_ + "/fnm/v24.1.0");
}

TEST_F(RuntimesTest, WhereOnlyTheVersionItselfWillDo) {
  program("bin/python3.11", "Python 3.11.2");
  const Runtimes runtimes(folders_, {}, RuntimeVersions::exact);
  EXPECT_TRUE(runtimes.choose("python3.11"));
  EXPECT_EQ(runtimes.choose("python3.13").error(),
            "runtime python3.13 is not installed on this machine; the nearest is python3.11 (" +
                folder_ + "/bin/python3.11)");
}

TEST_F(RuntimesTest, PacksTeachNames) {
  const auto pack = [&](const std::string& name, const std::string& manifest) {
    std::filesystem::create_directories(folder_ + "/packs/" + name);
    std::ofstream(folder_ + "/packs/" + name + "/manifest.json") << manifest;
  };
  pack(
      "a-java",
      R"({"runtimes":["java21"],"command":["/usr/bin/java","${_HANDLER}"],"needs":["lib/ric.jar"]})");
  pack("b-other", R"({"runtimes":["other1"],"command":["/bin/sh"],"variables":{"A":"b"},
                      "binds":{"/opt/other":"/usr/share"}})");
  pack("c-bad", R"({"runtimes":["bad1"],"command":["relative"]})");
  const Runtimes lacking(folders_, find_packs({folder_ + "/none", folder_ + "/packs"}));
  EXPECT_THAT(lacking.choose("java21").error(), ::testing::HasSubstr("/packs/a-java/lib/ric.jar"));
  const auto lacks = [](const Runtimes& runtimes) {
    for (const RuntimeInfo& one : runtimes.all()) {
      if (one.name == "java21") return one.lacks;
    }
    return std::string("not listed");
  };
  EXPECT_EQ(lacks(lacking), folder_ + "/packs/a-java/lib/ric.jar");
  const auto other = lacking.choose("other1");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->language, Language::custom);
  EXPECT_EQ(other->pack->variables.at("A"), "b");
  ASSERT_EQ(other->binds.size(), 1U);
  EXPECT_EQ(other->binds[0].source + " " + other->binds[0].target, "/usr/share /opt/other");
  EXPECT_EQ(lacking.choose("bad1").error(), "runtime bad1 is not supported");
  std::filesystem::create_directories(folder_ + "/packs/a-java/lib");
  std::ofstream(folder_ + "/packs/a-java/lib/ric.jar") << "x";
  const Runtimes whole(folders_, find_packs({folder_ + "/packs"}));
  EXPECT_TRUE(whole.choose("java21"));
  EXPECT_EQ(whole.all()[0].name, "java21");
  EXPECT_EQ(lacks(whole), "");
}

TEST(PacksTest, ManifestsAreRefusedWithTheirReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "it is not a JSON object"},
      {"{", "it is not a JSON object"},
      {R"({"command":["/x"]})", "it names no runtimes"},
      {R"({"runtimes":["x"]})", "\"command\" does not begin with an absolute path"},
      {R"({"runtimes":["x"],"command":[1]})", "\"command\" is not a list of texts"},
      {R"({"runtimes":["x"],"command":["/x"],"variables":{"a=b":"c"}})",
       "\"variables\" is not an object of texts"},
      {R"({"runtimes":["x"],"command":["/x"],"binds":{"/a":"b"}})",
       "\"binds\" is not an object of absolute paths"},
      {R"({"runtimes":["x"],"command":["/x"],"run":1})", "\"run\" is not part of a manifest"},
  };
  for (const auto& [json, reason] : cases) EXPECT_EQ(parse_manifest(json, "/p").error(), reason);
}

TEST(PacksTest, CommandsAreExpanded) {
  const std::vector<std::string> variables{"A=1", "_HANDLER=app.handler"};
  EXPECT_EQ(expand("-x${_HANDLER}:${A}${NONE}$", variables), "-xapp.handler:1$");
  EXPECT_EQ(expand("${A", variables), "${A");
}

TEST(LinesTest, TextLinesAreThoseOfLambda) {
  const PlatformLines lines(LogFormat::text);
  Report report;
  report.request_id = "id";
  report.duration_ms = 1.149;
  report.billed_ms = 115;
  report.memory_mb = 128;
  report.peak_memory_bytes = (40 << 20) - 5;
  report.init_ms = 113.51;
  const base::WallTime now{};
  EXPECT_EQ(lines.report(now, report),
            "REPORT RequestId: id\tDuration: 1.15 ms\tBilled Duration: 115 ms\tMemory Size: 128 "
            "MB\tMax Memory Used: 40 MB\tInit Duration: 113.51 ms\t");
  report.init_ms.reset();
  report.status = "error";
  report.error_type = "Runtime.ExitError";
  EXPECT_TRUE(
      lines.report(now, report)
          .ends_with("Max Memory Used: 40 MB\tStatus: error\tError Type: Runtime.ExitError"));
  report.status = {};
  report.trace_header = "Root=1-abc; Parent=def;Sampled=1";
  EXPECT_TRUE(
      lines.report(now, report).ends_with("\nXRAY TraceId: 1-abc\tSegmentId: def\tSampled: true"));
  EXPECT_EQ(runtime_label("python", "3.11.2").version, "python:3.11.v2");
}

TEST(FailureTest, WordsOfExits) {
  sandbox::Exit exit;
  exit.signal = 7;
  EXPECT_EQ(exit_words(exit), "signal: bus error");
  exit.signal = 64;
  EXPECT_EQ(exit_words(exit), "signal: signal 64");
  EXPECT_EQ(error_type_of("{\"errorType\":\"X\"}"), "X");
  EXPECT_EQ(error_type_of("not json"), "");
  EXPECT_EQ(error_type_of("[]"), "");
}

TEST(AdmissionTest, ReservedConcurrencyIsTakenFromTheOthers) {
  Admission admission(10, 100, 100, 0);
  VersionLoad reserved{&admission.function({}, "reserved")};
  VersionLoad other{&admission.function({}, "other")};
  EXPECT_FALSE(admission.enter(reserved, 8));
  EXPECT_FALSE(admission.enter(other, std::nullopt));
  EXPECT_FALSE(admission.enter(other, std::nullopt));
  EXPECT_EQ(admission.enter(other, std::nullopt), ThrottleReason::account_concurrency);
  // The reservation is lifted while its event is under way: that one counts with the others now.
  EXPECT_FALSE(admission.enter(reserved, std::nullopt));
  admission.leave(reserved);
  admission.leave(reserved);
  admission.leave(other);
  admission.leave(other);
  EXPECT_EQ(admission.under_way(), 0);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(admission.enter(other, std::nullopt));
  EXPECT_TRUE(admission.enter(other, std::nullopt));
}

TEST(AdmissionTest, WhatIsProvisionedCountsWhetherItIsUsedOrNot) {
  Admission admission(10, 100, 100, 0);
  VersionLoad version{&admission.function({}, "f")};
  VersionLoad other{&admission.function({}, "other")};
  admission.provision(version, 8);
  EXPECT_FALSE(admission.enter(other, std::nullopt));
  EXPECT_FALSE(admission.enter(other, std::nullopt));
  EXPECT_EQ(admission.enter(other, std::nullopt), ThrottleReason::account_concurrency);
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(admission.enter(version, std::nullopt));
  EXPECT_EQ(version.function->under_way, 8);
  EXPECT_EQ(admission.enter(version, std::nullopt), ThrottleReason::account_concurrency);
  admission.leave(other);
  EXPECT_FALSE(admission.enter(version, std::nullopt));  // one beyond what is provisioned
  EXPECT_TRUE(admission.enter(other, std::nullopt));
  admission.provision(version, 0);
  for (int i = 0; i < 9; ++i) admission.leave(version);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(admission.enter(other, std::nullopt));
}

TEST(AdmissionTest, AFunctionGrowsByItsRateAndNoFaster) {
  Admission admission(1000, 100, 100, 20);
  FunctionLoad& one = admission.function({}, "one");
  FunctionLoad& other = admission.function({}, "other");
  base::FakeClock clock;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(admission.may_grow(one, clock.monotonic())) << i;
  EXPECT_FALSE(admission.may_grow(one, clock.monotonic()));
  EXPECT_TRUE(admission.may_grow(other, clock.monotonic()));
  clock.advance(std::chrono::milliseconds(1'000));
  EXPECT_TRUE(admission.may_grow(one, clock.monotonic()));
  EXPECT_TRUE(admission.may_grow(one, clock.monotonic()));
  EXPECT_FALSE(admission.may_grow(one, clock.monotonic()));
  clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(admission.may_grow(one, clock.monotonic())) << i;
  EXPECT_FALSE(admission.may_grow(one, clock.monotonic()));
}

TEST(AdmissionTest, RoomIsOfBytesAndOfEnvironments) {
  Admission admission(10, 100, 3, 0);
  EXPECT_FALSE(admission.has_room(101, 1));
  admission.charge(0, 10);
  admission.charge(0, 20);
  EXPECT_TRUE(admission.has_room(70, 1));
  EXPECT_FALSE(admission.has_room(71, 1));
  EXPECT_FALSE(admission.has_room(2, 2));
  admission.charge(20, 60);  // the same one, measured again
  EXPECT_TRUE(admission.has_room(30, 1));
  admission.charge(60, 0);
  EXPECT_TRUE(admission.has_room(90, 2));
  EXPECT_GT(default_most_environments(), 0);
}

}  // namespace
}  // namespace mayfly::engine
