// How fast sandboxes are: starting a process, cloning a Python template with boto3 and a DynamoDB
// resource loaded; each beside what the kernel and Python cost without Mayfly, in the same run.
//
//   sandbox_bench [--rounds N]      needs root (or unprivileged user namespaces), /usr/bin/python3
//   with boto3, and the
//                                   target `runtimes` built beside it
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/spawn.h"
#include "base/strings.h"
#include "sandbox/warden.h"

namespace {

using namespace mayfly;
using Clock = std::chrono::steady_clock;

constexpr const char* kLoad =
    "import boto3\n"
    "resource = boto3.resource('dynamodb', region_name='us-east-1', "
    "endpoint_url='http://127.0.0.1:1', aws_access_key_id='a', aws_secret_access_key='b')\n"
    "table = resource.Table('Orders')\n";

// The floors: the same process forks itself, plainly and into namespaces, until the child's first
// byte.
constexpr const char* kFloors = R"(
import ctypes, gc, os, sys, time
gc.collect(); gc.freeze()
libc = ctypes.CDLL(None, use_errno=True)
def measure(name, flags, rounds):
    for _ in range(rounds):
        near, far = os.pipe()
        start = time.perf_counter()
        child = os.fork()
        if child == 0:
            if flags:
                libc.unshare(flags)
                inner = os.fork()
                if inner:
                    os.waitpid(inner, 0)
                    os._exit(0)
            os.write(far, b'x')
            os._exit(0)
        os.read(near, 1)
        print(name, time.perf_counter() - start, flush=True)
        os.waitpid(child, 0); os.close(near); os.close(far)
        time.sleep(0.005)
rounds = int(sys.argv[1])
measure('fork', 0, rounds)
measure('namespaces', 0x10000000 | 0x20000 | 0x20000000 | 0x8000000 | 0x4000000, rounds)
measure('namespaces+network', 0x10000000 | 0x20000 | 0x20000000 | 0x8000000 | 0x4000000 | 0x40000000, rounds)
)";

constexpr const char* kTemplate = R"(
import gc, sys
sys.path.insert(0, '/var/runtime')
import _mayfly
gc.collect(); gc.freeze()
_mayfly.send_frame('R', b'up')
_mayfly.wait_for_clone()
_mayfly.send_frame('R', b'clone')
_mayfly.recv_frame()
)";

struct Sample {
  std::string name;
  std::vector<double> ms;
};

void print(Sample sample) {
  if (sample.ms.empty()) return;
  std::ranges::sort(sample.ms);
  auto at = [&](double part) {
    return sample
        .ms[std::min(sample.ms.size() - 1,
                     static_cast<std::size_t>(part * static_cast<double>(sample.ms.size())))];
  };
  fmt::print("{:<58} {:>9.3f} {:>9.3f} {:>9.3f}  {}\n", sample.name, at(0.5), at(0.99),
             sample.ms.back(), sample.ms.size());
  std::fflush(stdout);
}

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) lines.emplace_back(base::trim(line));
  ::pclose(pipe);
  return lines;
}

bool wait_for_data(int fd) {
  pollfd wait{fd, POLLIN, 0};
  if (::poll(&wait, 1, 30'000) != 1) return false;
  char text[256];
  return ::read(fd, text, sizeof text) > 0;
}

struct Bench {
  std::string folder;
  std::string runtime;
  int rounds = 200;
  std::unique_ptr<sandbox::Warden> warden;

  sandbox::SandboxSpec spec() const {
    sandbox::SandboxSpec spec;
    spec.name = "bench";
    spec.argv = {"/usr/bin/true"};
    spec.env = {"PATH=/usr/bin:/bin", "HOME=/tmp"};
    spec.code_folder = folder + "/code";
    spec.runtime_folder = runtime;
    spec.limits.memory_bytes = 512U << 20;
    return spec;
  }

  void starts(sandbox::Network network, const char* name) {
    Sample sample{name, {}};
    for (int round = 0; round < rounds; ++round) {
      sandbox::SandboxSpec each = spec();
      each.network = network;
      const auto start = Clock::now();
      auto started = base::sync_wait(warden->start(std::move(each)));
      if (!started) {
        fmt::print("start: {}\n", started.error().message);
        return;
      }
      char end = 0;
      pollfd wait{started->output.get(), POLLIN, 0};
      ::poll(&wait, 1, 30'000);
      [[maybe_unused]] auto got = ::read(started->output.get(), &end, 1);
      sample.ms.push_back(since(start));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    print(std::move(sample));
  }

  void clones(sandbox::Network network, const char* network_name) {
    sandbox::SandboxSpec made = spec();
    made.argv = {"/usr/bin/python3", "-B", "/var/task/template.py"};
    made.network = network;
    auto parent = base::sync_wait(warden->start(made));
    if (!parent || !wait_for_data(parent->control.get())) {
      fmt::print("the template does not start: {}\n", parent ? "" : parent.error().message);
      return;
    }
    for (const int pause_ms : {40, 0}) {
      Sample answered{fmt::format("clone, {} network, {}, until its first frame", network_name,
                                  pause_ms > 0 ? "idle machine" : "one after the other"),
                      {}};
      for (int round = 0; round < rounds; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
        const auto start = Clock::now();
        auto clone = base::sync_wait(warden->clone(parent->id, "clone", made.limits));
        if (!clone || !wait_for_data(clone->control.get())) {
          fmt::print("clone: {}\n", clone ? "no frame" : clone.error().message);
          return;
        }
        answered.ms.push_back(since(start));
      }
      print(std::move(answered));
    }
    warden->kill(parent->id);
  }

  void floors() {
    std::vector<Sample> samples{{"floor: fork of the same Python process", {}},
                                {"floor: the same into new namespaces", {}},
                                {"floor: the same with a network namespace", {}}};
    for (const std::string& line :
         lines_of(fmt::format("/usr/bin/python3 {}/floors.py {}", folder, rounds))) {
      const auto words = base::split(line, ' ');
      if (words.size() != 2) continue;
      const std::size_t at = words[0] == "fork" ? 0 : words[0] == "namespaces" ? 1 : 2;
      samples[at].ms.push_back(std::atof(std::string(words[1]).c_str()) * 1000);
    }
    for (Sample& each : samples) print(std::move(each));
    Sample fresh{"peer: a new process: python3, import boto3, resource", {}};
    for (int round = 0; round < 10; ++round) {
      const auto start = Clock::now();
      if (std::system(fmt::format("/usr/bin/python3 {}/load.py", folder).c_str()) != 0) return;
      fresh.ms.push_back(since(start));
    }
    print(std::move(fresh));
    Sample process{"floor: fork and exec of /usr/bin/true", {}};
    for (int round = 0; round < rounds; ++round) {
      const auto start = Clock::now();
      const pid_t child = ::fork();
      if (child == 0) {
        ::execl("/usr/bin/true", "true", nullptr);
        ::_exit(1);
      }
      ::waitpid(child, nullptr, 0);
      process.ms.push_back(since(start));
    }
    print(std::move(process));
  }
};

}  // namespace

int main(int argc, char** argv) {
  Bench bench;
  for (int at = 1; at + 1 < argc; at += 2) {
    if (std::strcmp(argv[at], "--rounds") == 0) bench.rounds = std::max(1, std::atoi(argv[at + 1]));
  }
  bench.runtime = (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() /
                   "runtimes/python")
                      .string();
  std::string folder = "/tmp/mayfly-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  bench.folder = folder;
  std::filesystem::create_directory(folder + "/code");
  for (const auto& each : {folder, folder + "/code"})
    std::filesystem::permissions(each, std::filesystem::perms(0755));
  put(folder + "/code/template.py", std::string(kLoad) + kTemplate);
  put(folder + "/load.py", kLoad);
  put(folder + "/floors.py", std::string(kLoad) + kFloors);
  bench.warden = sandbox::Warden::launch({folder + "/data"});

  fmt::print("{:<58} {:>9} {:>9} {:>9}  n\n", "milliseconds", "p50", "p99", "max");
  bench.floors();
  bench.starts(sandbox::Network::host, "start of /usr/bin/true, host network, until its end");
  bench.starts(sandbox::Network::isolated,
               "start of /usr/bin/true, isolated network, until its end");
  bench.clones(sandbox::Network::host, "host");
  bench.clones(sandbox::Network::isolated, "isolated");
  bench.warden.reset();
  std::filesystem::remove_all(folder);
  return 0;
}
