// A Python guest that runs what a test sends it, as a template and as its clones. Needs
// /usr/bin/python3 and _mayfly.
#pragma once

#include "sandbox/tests/support.h"

namespace mayfly::sandbox {

// Commands: 'x' runs the payload and answers the repr of `result`, or the exception; 'w' waits for
// clone orders.
inline constexpr const char* kGuest = R"(
import sys
sys.path.insert(0, '/var/runtime')
import _mayfly
_mayfly.send_frame('R', b'up')
while True:
    frame = _mayfly.recv_frame()
    if frame is None:
        sys.exit(0)
    kind, payload = frame
    if kind == 'w':
        _mayfly.wait_for_clone()
        _mayfly.send_frame('R', b'clone')
        continue
    space = {'result': None}
    try:
        exec(payload.decode(), space)
        answer = str(space['result'])
    except BaseException as error:
        answer = type(error).__name__ + ': ' + str(error)
    sys.stdout.flush()
    _mayfly.send_frame('r', answer.encode())
)";

class Guest {
 public:
  explicit Guest(Started started) : started(std::move(started)) {}
  std::string run(const std::string& code) {
    write_frame(started.control.get(), 'x', code);
    auto [type, payload] = read_frame(started.control.get());
    return type == 'r' ? payload : "<gone>";
  }
  std::string value(const std::string& expression) { return run("result = (" + expression + ")"); }
  void send(const std::string& code) { write_frame(started.control.get(), 'x', code); }
  void wait_for_clones() { write_frame(started.control.get(), 'w', ""); }
  ProcessId id() const { return started.id; }

  Started started;
};

class PythonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_sandbox()) GTEST_SKIP() << "this machine cannot start sandboxes";
    if (!std::filesystem::exists("/usr/bin/python3")) GTEST_SKIP() << "no /usr/bin/python3";
    ASSERT_TRUE(std::filesystem::exists(runtime() + "/_mayfly.abi3.so"))
        << "build the target `runtimes`";
    code_ = make_folder("code");
    put_file(code_ + "/guest.py", kGuest);
  }
  void TearDown() override {
    if (!code_.empty()) std::filesystem::remove_all(code_);
  }
  static std::string runtime() { return std::string(MAYFLY_BUILD_DIR) + "/runtimes/python"; }

  SandboxSpec spec() const {
    SandboxSpec spec;
    spec.name = "guest";
    spec.argv = {"/usr/bin/python3", "-S", "-B", "/var/task/guest.py"};
    spec.env = {"PATH=/usr/bin:/bin", "SECRET=of-the-function"};
    spec.code_folder = code_;
    spec.runtime_folder = runtime();
    return spec;
  }
  std::optional<Guest> start(SandboxSpec spec) {
    auto started = warden_.start(std::move(spec));
    if (!started) {
      ADD_FAILURE() << started.error().message;
      return std::nullopt;
    }
    Guest guest{std::move(*started)};
    if (read_frame(guest.started.control.get()).second != "up") {
      ADD_FAILURE() << "the guest does not come up: " << read_all(guest.started.output.get());
      return std::nullopt;
    }
    return guest;
  }
  std::optional<Guest> clone(const Guest& of, Limits limits = {}) {
    auto started = warden_.clone(of.id(), limits);
    if (!started) {
      ADD_FAILURE() << started.error().message;
      return std::nullopt;
    }
    Guest guest{std::move(*started)};
    if (read_frame(guest.started.control.get()).second != "clone") {
      ADD_FAILURE() << "the clone does not come up: " << read_all(guest.started.output.get());
      return std::nullopt;
    }
    return guest;
  }

  TestWarden warden_;
  std::string code_;
};

}  // namespace mayfly::sandbox
