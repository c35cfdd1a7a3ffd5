// Python functions whose templates are forked from a zygote: that they are as those that are
// executed, and have nothing of each other.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/tests/real_fixture.h"
#include "wire/json.h"

namespace mayfly::engine::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kEcho =
    "import sys\nforked = 'boto3' in sys.modules\ndef handler(event, context):\n  return forked\n";

class Zygote : public RealEngineTest {
 protected:
  void SetUp() override {
    RealEngineTest::SetUp();
    if (!std::filesystem::exists(options_.runtimes_folder + "/python/_mayfly_zygote.abi3.so"))
      GTEST_SKIP() << "this build has no zygotes";
    // The first function asks for it; until it is ready others are executed.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (std::string forked; forked != "true"; forked = answer(python(kEcho))) {
      ASSERT_TRUE(forked.empty() || forked == "false");
      ASSERT_LT(std::chrono::steady_clock::now(), until) << "no zygote came to be";
    }
  }
};

std::string status_of(const std::string& process, const std::string& field) {
  std::ifstream file("/proc/" + process + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  }
  return "";
}

// Processes in sandboxes of this test's warden that have not given up their power: each waits for
// its function.
std::vector<std::string> waiting_for_a_function() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string process = entry.path().filename();
    const std::string init = status_of(process, "PPid");
    if (status_of(process, "Name").starts_with("python") &&
        status_of(init, "Name") == "mayfly-init" && status_of(process, "Seccomp") == "0" &&
        status_of(status_of(init, "PPid"), "PPid") == std::to_string(::getpid())) {
      found.push_back(process);
    }
  }
  return found;
}

std::string the_one_that_waits() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < until) {
    if (const auto found = waiting_for_a_function(); !found.empty()) return found.front();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return "none";
}

TEST_F(Zygote, AFunctionGetsTheSandboxThatWasMadeAhead) {
  const std::string ahead = the_one_that_waits();
  EXPECT_EQ(answer(python(kEcho)), "true");
  EXPECT_EQ(status_of(ahead, "Seccomp"), "2");  // the function's template
  EXPECT_NE(the_one_that_waits(), ahead);
}

TEST_F(Zygote, TheSandboxThatWasMadeAheadMayEnd) {
  const std::string ahead = the_one_that_waits();
  const std::string init = status_of(ahead, "PPid");
  ASSERT_EQ(::kill(std::stoi(ahead), SIGKILL), 0);
  // Its init goes with it, noticed by the warden or not yet.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (std::string state = "?"; !state.empty() && !state.starts_with("Z");
       state = status_of(init, "State")) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "its init stays";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(answer(python(kEcho)), "true");
  EXPECT_NE(the_one_that_waits(), ahead);
}

// More at once than are made ahead, and none of them without its sandbox.
TEST_F(Zygote, ManyFunctionsMayStartAtOnce) {
  std::vector<std::shared_ptr<FunctionSpec>> functions;
  for (int number = 0; number < 8; ++number) {
    functions.push_back(
        python("import os, sys\nforked = 'boto3' in sys.modules\ndef handler(event, "
               "context):\n  return [forked, os.environ['OWN']]\n"));
    functions.back()->environment = {{"OWN", std::to_string(number)}};
  }
  std::vector<std::string> answers(functions.size());
  {
    std::vector<std::jthread> callers;
    for (std::size_t at = 0; at < functions.size(); ++at)
      callers.emplace_back([&, at] { answers[at] = answer(functions[at]); });
  }
  for (std::size_t at = 0; at < answers.size(); ++at)
    EXPECT_EQ(answers[at], "[true, \"" + std::to_string(at) + "\"]");
}

// The first clone's namespaces are made while INIT runs: their init is then in the same pid
// namespace as the function's code, and what INIT leaves in /tmp comes to the clone all the same.
TEST_F(Zygote, InitCannotReachTheFirstNestAndLeavesItsFiles) {
  const std::string seen = answer(python(R"(
import os, time
def nests():
    return [p for p in os.listdir('/proc') if p.isdigit() and p not in ('1', str(os.getpid()))]
until = time.time() + 20
while not nests() and time.time() < until:
    time.sleep(0.001)
def reach(name):
    try:
        path = '/proc/' + nests()[-1] + '/' + name
        if name in ('fd', 'root', 'cwd'):
            os.listdir(path)
        else:
            open(path, 'rb').read(1)
        return 'reached'
    except PermissionError:
        return 'no'
    except (FileNotFoundError, ProcessLookupError):
        return reach(name)  # it helped to make the nest and has ended
seen = [reach(name) for name in ('fd', 'root', 'cwd', 'mem', 'maps', 'environ')]
os.mkdir('/tmp/left', 0o700)
with open('/tmp/left/by_init', 'w') as file:
    file.write('whole')
def handler(event, context):
    return seen + [open('/tmp/left/by_init').read(), oct(os.stat('/tmp/left').st_mode), os.getpid()]
)"));
  EXPECT_EQ(seen, R"(["no", "no", "no", "no", "no", "no", "whole", "0o40700", 2])");
}

TEST_F(Zygote, ItsProcessesAreConfinedAndNamedAsOthers) {
  auto spec = python(R"(
import os, sys
status = dict(line.split(':\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\t' in line)
seen = [status[name].split()[0] for name in ('CapEff', 'CapPrm', 'CapBnd', 'NoNewPrivs', 'Seccomp', 'Uid', 'Gid', 'Groups')
        if status[name].split()]
def name(pid):
    try:
        return open('/proc/' + pid + '/comm').read().strip()
    except OSError:
        return 'mayfly-init'  # it was: those that help to make the first clone's namespaces end at once
def target(fd):
    try:
        return os.readlink('/proc/self/fd/' + fd)
    except OSError:
        return '/dev/urandom'  # the listing's own
seen += [sorted(int(fd) for fd in os.listdir('/proc/self/fd') if target(fd) != '/dev/urandom'),
         os.getcwd(), sys.argv, sys.path[0], sys.path[3], os.readlink('/proc/self') == str(os.getpid()),
         [int(p) for p in os.listdir('/proc') if p.isdigit() and name(p) != 'mayfly-init'] == [os.getpid()],
         os.environ['MINE'], os.environ['_HANDLER'], 'PYTHONSTARTUP' in os.environ, os.sched_getaffinity(0) != set(),
         sys.dont_write_bytecode, os.path.dirname(sys.modules['mayfly_runtime.main'].__file__), os.listdir('/var/task')]
def handler(event, context):
    return seen
)");
  spec->environment = {{"MINE", "1"}};
  auto alone = std::make_shared<FunctionSpec>(*spec);
  alone->function = "alone";
  alone->cloning = Cloning::off;
  const std::string forked = answer(spec);
  EXPECT_EQ(forked, answer(alone));  // executed
  EXPECT_THAT(
      forked,
      HasSubstr(
          R"("0000000000000000", "0000000000000000", "0000000000000000", "1", "2", "1051", "990")"));
  for (const VersionState& state : engine().versions()) {
    if (state.function == spec->function) EXPECT_EQ(state.cloning, "template ready");
  }
}

// AWS's CRT, where botocore finds it, keeps /dev/urandom open, and its random numbers are those of
// the ssl module too.
TEST_F(Zygote, LibrariesOfTheZygoteFindTheirRandomSource) {
  EXPECT_EQ(answer(python(R"(
import os, ssl, sys
def handler(event, context):
    try:
        import _awscrt
    except ImportError:
        pass
    ssl.create_default_context()
    opened = [fd for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd) and int(fd) > 4]
    outside = [fd for fd in opened if os.stat('/proc/self/fd/' + fd) != os.stat('/dev/urandom')]
    return ['boto3' in sys.modules, len(ssl.RAND_bytes(8)), outside]
)")),
            "[true, 8, []]");
}

TEST_F(Zygote, FunctionsOfOneZygoteHaveNothingInCommon) {
  const std::string code = R"(
import os, random, secrets, ssl, sys, tempfile, uuid
open('/tmp/mine', 'x').close()
open('/dev/shm/mine', 'x').close()
numbers = [random.random(), ssl.RAND_bytes(16).hex(), secrets.token_hex(8), str(uuid.uuid4()), next(tempfile._get_candidate_names())]
ids = [open('/proc/self/uid_map').read().split()[1]] + [os.readlink('/proc/self/ns/' + name) for name in ('user', 'mnt', 'pid', 'ipc', 'uts')]
def handler(event, context):
    return numbers + ids + [os.environ['SECRET'], open('/proc/self/environ').read().count('SECRET=')]
)";
  std::vector<std::string> seen[2];
  for (int at = 0; at < 2; ++at) {
    auto spec = python(code);
    spec->environment = {{"SECRET", "of-" + spec->function}};
    auto document = wire::parse_json(answer(spec));
    ASSERT_TRUE(document);
    for (const wire::Document& each : *document->as_list()) seen[at].push_back(wire::to_json(each));
  }
  ASSERT_EQ(seen[0].size(), seen[1].size());
  const bool root = ::geteuid() == 0;
  for (std::size_t i = 0; i + 1 < seen[0].size(); ++i) {
    if (i == 5 && !root) continue;  // an ordinary user has one number for all
    EXPECT_NE(seen[0][i], seen[1][i]) << i;
  }
}

TEST_F(Zygote, NoFunctionsVariablesAreInAnothersMemory) {
  auto first = python("def handler(event, context):\n  return 1\n");
  first->environment = {{"MARK", "f00d-needle-f00d"}};
  EXPECT_EQ(answer(first), "1");
  // The pattern does not match itself. What has the variable finds it.
  auto other = python(R"(
import re
needle = re.compile(b'f00d-needle-f[0]{2}d')
def handler(event, context):
    count = 0
    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
        for line in maps.read().splitlines():
            bounds, access = line.split()[:2]
            start, end = (int(part, 16) for part in bounds.split('-'))
            if access[0] != 'r' or '[v' in line:
                continue
            at = start
            while at < end:
                memory.seek(at)
                try:
                    part = memory.read(min(1 << 20, end - at))
                except OSError:
                    break
                count += sum(1 for _ in needle.finditer(part))
                del part
                at += 1 << 20
    return count
)");
  EXPECT_EQ(answer(other), "0");
  auto own = std::make_shared<FunctionSpec>(*other);
  own->function = "own";
  own->environment = first->environment;
  EXPECT_NE(answer(own), "0");
}

TEST_F(Zygote, WhatTheFunctionBringsComesFirst) {
  EXPECT_EQ(answer(function({{"app.py",
                              "import boto3, botocore\ndef handler(event, context):\n  return "
                              "[boto3.MARK, botocore.__file__]\n"},
                             {"boto3/__init__.py", "MARK = 'own'\n"},
                             {"botocore/__init__.py", ""}})),
            R"(["own", "/var/task/botocore/__init__.py"])");
  EXPECT_EQ(answer(function({{"app.py",
                              "import calendar\ndef handler(event, context):\n  return "
                              "calendar.MARK\n"},
                             {"calendar.py", "MARK = 'own'\n"}})),
            "\"own\"");
}

TEST_F(Zygote, WhatOnlyANewInterpreterHasIsGivenOne) {
  auto hash = python(kEcho);
  hash->environment = {{"PYTHONHASHSEED", "0"}};
  EXPECT_EQ(answer(hash), "false");
  EXPECT_EQ(answer(function({{"app.py", kEcho}, {"lib/libown.so", "x"}})), "false");
  auto opted_out = python(kEcho);
  opted_out->environment = {{"MAYFLY_ZYGOTE", "off"}};
  EXPECT_EQ(answer(opted_out), "false");
  auto zone = python(
      "import sys, time\nforked = 'boto3' in sys.modules\ndef handler(event, context):\n  return "
      "[forked, time.localtime(0).tm_hour]\n");
  zone->environment = {{"TZ", "Asia/Tokyo"}};
  EXPECT_EQ(answer(zone), "[true, 9]");
}

TEST_F(Zygote, EndingsInInitAreTold) {
  const Outcome outcome = run_ok(python("import os\nos._exit(3)\n"));
  EXPECT_THAT(outcome.payload, HasSubstr("Runtime exited with error: exit status 3"));
  const Outcome killed =
      run_ok(python("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"));
  EXPECT_THAT(killed.payload, HasSubstr("signal: killed"));
}

}  // namespace
}  // namespace mayfly::engine::testing
