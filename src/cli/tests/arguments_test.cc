#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mayfly::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Variables = std::map<std::string, std::string>;

std::expected<Parsed, Stop> parse(std::vector<std::string> arguments, Variables variables = {}) {
  const Environment environment = [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return parse_arguments(arguments, environment, "1.2.3");
}

template <class Chosen>
Chosen command(std::vector<std::string> arguments, Variables variables = {}) {
  auto parsed = parse(std::move(arguments), std::move(variables));
  EXPECT_TRUE(parsed) << parsed.error().text;
  if (!parsed) return {};
  const auto* chosen = std::get_if<Chosen>(&parsed->command);
  EXPECT_NE(chosen, nullptr);
  return chosen == nullptr ? Chosen{} : *chosen;
}

Stop stop(std::vector<std::string> arguments) {
  auto parsed = parse(std::move(arguments));
  EXPECT_FALSE(parsed);
  return parsed ? Stop{} : parsed.error();
}

TEST(Arguments, ServeHasDefaultsThatAreSafe) {
  const auto options = command<ServeOptions>({"serve"}, {{"HOME", "/home/me"}});
  EXPECT_EQ(options.address, "127.0.0.1");
  EXPECT_EQ(options.port, 4566);
  EXPECT_EQ(options.data_dir, "/home/me/.local/share/mayfly");
  EXPECT_EQ(options.profile, Profile::development);
  EXPECT_EQ(options.network, Network::host);
  EXPECT_EQ(options.large_tmp, Storage::memory);
  EXPECT_EQ(options.egress_allow, "");
  EXPECT_TRUE(options.allow_origins.empty());
  EXPECT_EQ(options.images, "");  // DATA_DIR/images
  EXPECT_TRUE(options.favor_dynmods);
  EXPECT_EQ(options.durability, Durability::durable);
  EXPECT_EQ(options.runtime_versions, RuntimeVersions::nearest);
  EXPECT_EQ(options.region, "us-east-1");
}

TEST(Arguments, ServeTakesEverything) {
  const auto options = command<ServeOptions>(
      {"serve",     "--listen",           "[::1]:0", "--data-dir",      "/d",    "--profile",
       "secured",   "--durability",       "relaxed", "--log-level",     "debug", "--default-region",
       "eu-west-1", "--max-concurrency",  "7",       "--memory",        "512",   "--threads",
       "3",         "--runtime-versions", "exact",   "--favor-dynmods", "off",   "--images",
       "/"});
  EXPECT_EQ(options.address, "::1");
  EXPECT_EQ(options.port, 0);
  EXPECT_EQ(options.data_dir, "/d");
  EXPECT_EQ(options.profile, Profile::secured);
  EXPECT_EQ(options.network, Network::isolated);  // the secured profile's default
  EXPECT_EQ(options.durability, Durability::relaxed);
  EXPECT_EQ(options.runtime_versions, RuntimeVersions::exact);
  EXPECT_EQ(options.log_level, base::LogLevel::debug);
  EXPECT_EQ(options.region, "eu-west-1");
  EXPECT_EQ(options.max_concurrency, 7);
  EXPECT_EQ(options.memory_mb, 512);
  EXPECT_EQ(options.threads, 3);
  EXPECT_FALSE(options.favor_dynmods);
  EXPECT_EQ(options.images, "/");
  EXPECT_EQ(command<ServeOptions>({"serve", "--profile", "secured", "--network", "host"}).network,
            Network::host);
}

TEST(Arguments, OriginsAreAListOrGivenSeveralTimes) {
  EXPECT_THAT(command<ServeOptions>({"serve", "--allow-origin", "https://a.example,http://b:3000",
                                     "--allow-origin", "*", "--threads", "2"})
                  .allow_origins,
              testing::ElementsAre("https://a.example", "http://b:3000", "*"));
}

TEST(Arguments, ListenIsReadInAllItsForms) {
  EXPECT_EQ(command<ServeOptions>({"serve", "--listen", ":80"}).address, "127.0.0.1");
  EXPECT_EQ(command<ServeOptions>({"serve", "--listen", "80"}).port, 80);
  EXPECT_EQ(command<ServeOptions>({"serve", "--listen", "0.0.0.0:65535"}).address, "0.0.0.0");
  for (const char* bad : {"", "host", "h:", "h:65536", "h:-1", "::1:80", "h:80x"}) {
    const Stop stopped = stop({"serve", "--listen", bad});
    EXPECT_EQ(stopped.exit_code, 2) << bad;
    EXPECT_THAT(stopped.text, HasSubstr("--listen")) << bad;
  }
}

TEST(Arguments, TheEndpointComesFromTheOptionThenTheEnvironment) {
  const Variables both = {{"MAYFLY_ENDPOINT", "http://m:1"}, {"AWS_ENDPOINT_URL", "http://a:2"}};
  EXPECT_EQ(parse({"status"})->target.endpoint, "http://127.0.0.1:4566");
  EXPECT_EQ(parse({"status"}, {{"AWS_ENDPOINT_URL", "http://a:2"}})->target.endpoint, "http://a:2");
  EXPECT_EQ(parse({"status"}, both)->target.endpoint, "http://m:1");
  EXPECT_EQ(parse({"--endpoint", "http://o:3", "status"}, both)->target.endpoint, "http://o:3");
  EXPECT_EQ(parse({"status", "--endpoint", "http://o:3"}, both)->target.endpoint, "http://o:3");
}

TEST(Arguments, CredentialsComeFromTheEnvironmentAndAreNeverPrinted) {
  const Variables keys = {{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                          {"AWS_SECRET_ACCESS_KEY", "verysecret"},
                          {"AWS_SESSION_TOKEN", "token"},
                          {"AWS_DEFAULT_REGION", "eu-west-1"}};
  const auto parsed = parse({"status"}, keys);
  EXPECT_EQ(parsed->target.access_key, "AKIDEXAMPLE");
  EXPECT_EQ(parsed->target.secret_key, "verysecret");
  EXPECT_EQ(parsed->target.session_token, "token");
  EXPECT_EQ(parsed->target.region, "eu-west-1");
  EXPECT_THAT(parse({"--help"}, keys).error().text, Not(HasSubstr("verysecret")));
}

TEST(Arguments, InvokeTakesItsEventOneWay) {
  const auto plain = command<InvokeCommand>({"invoke", "f"});
  EXPECT_EQ(plain.function, "f");
  EXPECT_FALSE(plain.payload);
  EXPECT_EQ(plain.tail, ShowTail::on_error);
  const auto full = command<InvokeCommand>(
      {"invoke", "f", "--payload", "", "-q", "live", "--type", "Event", "--tail"});
  EXPECT_EQ(full.payload, "");  // given, and empty: an error to be reported, not a default
  EXPECT_EQ(full.qualifier, "live");
  EXPECT_EQ(full.type, "Event");
  EXPECT_EQ(full.tail, ShowTail::always);
  EXPECT_EQ(command<InvokeCommand>({"invoke", "f", "--event", "-"}).event_file, "-");
  EXPECT_EQ(stop({"invoke", "f", "--event", "x", "--payload", "{}"}).exit_code, 2);
  EXPECT_EQ(stop({"invoke"}).exit_code, 2);
  EXPECT_EQ(stop({"invoke", "f", "--type", "Sometimes"}).exit_code, 2);
}

TEST(Arguments, LogsAndBill) {
  const auto logs =
      command<LogsCommand>({"logs", "f", "-f", "-t", "--since", "10m", "--filter", "ERROR"});
  EXPECT_EQ(logs.follow, Follow::yes);
  EXPECT_EQ(logs.timestamps, Timestamps::yes);
  EXPECT_EQ(logs.since, "10m");
  EXPECT_EQ(logs.filter, "ERROR");
  const auto bill = command<BillCommand>({"bill", "--from", "7d", "--json"});
  EXPECT_EQ(bill.from, "7d");
  EXPECT_EQ(bill.format, Format::json);
}

TEST(Arguments, HelpVersionAndMistakes) {
  EXPECT_EQ(stop({"--version"}).text, "mayfly 1.2.3\n");
  EXPECT_EQ(stop({"--help"}).exit_code, 0);
  for (const char* name : {"serve", "status", "invoke", "logs", "bill"}) {
    EXPECT_THAT(stop({"--help"}).text, HasSubstr(name));
    EXPECT_EQ(stop({name, "--help"}).exit_code, 0);
  }
  EXPECT_THAT(stop({"invoke", "--help"}).text, HasSubstr("Examples:"));
  EXPECT_EQ(stop({}).exit_code, 2);
  EXPECT_THAT(stop({}).text, HasSubstr("mayfly serve"));
  EXPECT_EQ(stop({"srve"}).exit_code, 2);
  EXPECT_EQ(stop({"status", "--nonsense"}).exit_code, 2);
  command<DumpApi>({"--dump-api"});
  EXPECT_EQ(command<WriteCompatibility>({"--compatibility", "docs"}).folder, "docs");
}

TEST(Arguments, BranchHasThreeActions) {
  using Action = BranchCommand::Action;
  EXPECT_EQ(command<BranchCommand>({"branch", "create"}).action, Action::create);
  EXPECT_EQ(command<BranchCommand>({"branch", "create", "--name", "b"}).name, "b");
  EXPECT_EQ(command<BranchCommand>({"branch", "list", "--json"}).format, Format::json);
  EXPECT_EQ(command<BranchCommand>({"branch", "delete", "b"}).action, Action::remove);
  EXPECT_EQ(stop({"branch"}).exit_code, 2);
  EXPECT_EQ(stop({"branch", "delete"}).exit_code, 2);
}

TEST(Arguments, BackupAndRestore) {
  EXPECT_EQ(command<BackupCommand>({"backup", "/b"}).keep, 0U);
  EXPECT_EQ(command<BackupCommand>({"backup", "/b", "--keep", "3"}).keep, 3U);
  EXPECT_EQ(stop({"backup", "/b", "--keep", "0"}).exit_code, 2);
  EXPECT_EQ(command<RestoreCommand>({"restore", "/b", "--data-dir", "/d"}).data_dir, "/d");
  EXPECT_EQ(stop({"restore", "/b"}).exit_code, 2);
}

TEST(Arguments, ServeRemembersItsWordsForBranches) {
  EXPECT_EQ(command<ServeOptions>({"serve", "--threads", "2"}).given,
            (std::vector<std::string>{"serve", "--threads", "2"}));
}

}  // namespace
}  // namespace mayfly::cli
