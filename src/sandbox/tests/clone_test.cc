// Templates and their clones.
#include <sys/stat.h>

#include <set>

#include "sandbox/tests/python_guest.h"

namespace mayfly::sandbox {
namespace {

class Clone : public PythonTest {};

TEST_F(Clone, HasTheTemplatesStateAndItsOwnProcess) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->run("import builtins; builtins.made_in_init = [1, 2, 3]");
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->value("made_in_init"), "[1, 2, 3]");
  EXPECT_EQ(child->value("__import__('os').getpid()"), "2");
  EXPECT_EQ(child->value("__import__('os').getuid()"), "1051");
  EXPECT_EQ(child->value("__import__('os').getcwd()"), "/var/task");
  EXPECT_EQ(child->value("__import__('os').environ['SECRET']"), "of-the-function");
  EXPECT_EQ(
      child->value(
          "__import__('threading').current_thread() is __import__('threading').main_thread()"),
      "True");
}

TEST_F(Clone, AHundredOneAfterTheOtherAndNothingIsLeft) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->run("import random, os, sys");
  parent->wait_for_clones();
  std::set<std::string> randoms;
  for (int round = 0; round < 100; ++round) {
    auto child = clone(*parent);
    ASSERT_TRUE(child) << round;
    randoms.insert(child->value("__import__('random').random()"));
    EXPECT_EQ(child->value("len([p for p in __import__('os').listdir('/proc') if p.isdigit()])"),
              "2");
    child->started.control.reset();
    auto exit = warden_.exit_of(child->id());
    ASSERT_TRUE(exit) << round;
    EXPECT_EQ(exit->status, 0);
    EXPECT_EQ(exit->signal, 0);
  }
  EXPECT_EQ(randoms.size(), 100U) << "clones draw the same random numbers";
}

TEST_F(Clone, ManyAtOnce) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  constexpr int kCount = 20;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::expected<Started, SandboxError>> results;
  for (int at = 0; at < kCount; ++at) {
    base::spawn(warden_->clone(parent->id(), "many", Limits{}),
                [&](std::expected<Started, SandboxError> result) {
                  std::lock_guard lock(mutex);
                  results.push_back(std::move(result));
                  changed.notify_all();
                });
  }
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                               [&] { return results.size() == kCount; }));
  for (auto& result : results) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(read_frame(result->control.get()).second, "clone");
  }
}

TEST_F(Clone, FilesInTmpAreItsOwnAndStartAsInitLeftThem) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->run(
      "import os; os.makedirs('/tmp/a/b'); open('/tmp/a/b/model', 'w').write('weights'); "
      "os.chmod('/tmp/a/b/model', 0o600); os.symlink('b/model', '/tmp/a/link')");
  parent->wait_for_clones();
  auto one = clone(*parent), two = clone(*parent);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->value("open('/tmp/a/link').read()"), "weights");
  EXPECT_EQ(one->value("oct(__import__('os').stat('/tmp/a/b/model').st_mode)"), "0o100600");
  one->run("open('/tmp/mine', 'w').write('x'); open('/tmp/a/b/model', 'w').write('changed')");
  EXPECT_EQ(two->value("__import__('os').path.exists('/tmp/mine')"), "False");
  EXPECT_EQ(two->value("open('/tmp/a/b/model').read()"), "weights");
}

TEST_F(Clone, TellsHowItEnded) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  const std::pair<const char*, std::pair<int, int>> cases[] = {
      {"import os; os._exit(7)", {7, 0}},
      {"import os; os.kill(os.getpid(), 9)", {0, SIGKILL}},
      {"import os; os.kill(os.getpid(), 15)", {0, SIGTERM}},
      {"import os; os.abort()", {0, SIGABRT}}};
  for (const auto& [code, expected] : cases) {
    auto child = clone(*parent);
    ASSERT_TRUE(child);
    child->send(code);
    auto exit = warden_.exit_of(child->id());
    ASSERT_TRUE(exit) << code;
    EXPECT_EQ(exit->status, expected.first) << code;
    EXPECT_EQ(exit->signal, expected.second) << code;
    EXPECT_FALSE(warden_->usage(child->id()));
  }
}

TEST_F(Clone, KillEndsItAndWhatItStarted) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  child->run(
      "import subprocess; subprocess.Popen(['sh', '-c', 'setsid sleep 1000 & exec setsid sleep "
      "1000'])");
  warden_->kill(child->id());
  auto exit = warden_.exit_of(child->id());
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(read_all(child->started.output.get()), "");
  EXPECT_FALSE(warden_.has_exited(parent->id()));
  EXPECT_TRUE(clone(*parent));
}

TEST_F(Clone, DaemonsThatOutliveItEndWithIt) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  child->run("import subprocess; subprocess.Popen(['sh', '-c', '(setsid sleep 1000 &) &']).wait()");
  child->send("import os; os._exit(0)");
  ASSERT_TRUE(warden_.exit_of(child->id()));
  EXPECT_EQ(read_all(child->started.output.get()), "");
}

TEST_F(Clone, OutlivesItsTemplate) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  warden_->kill(parent->id());
  auto exit = warden_.exit_of(parent->id());
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_FALSE(warden_.clone(parent->id()));
  if (!in_force(*warden_, "process limit")) {
    GTEST_SKIP() << "without cgroups clones end with their template";
  }
  EXPECT_EQ(child->value("6 * 7"), "42");
  child->started.control.reset();
  auto end = warden_.exit_of(child->id());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 0);
}

TEST_F(Clone, IsNotToBeHadOfAProcessThatDoesNotWait) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->run("import os; os.close(4)");
  auto refused = warden_.clone(parent->id());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("clone channel"), std::string::npos)
      << refused.error().message;
}

TEST_F(Clone, HasItsOwnLimits) {
  auto parent = start(spec());
  ASSERT_TRUE(parent);
  parent->wait_for_clones();
  Limits limits;
  limits.tmp_bytes = 1 << 20;
  limits.memory_bytes = 64 << 20;
  limits.open_files = 100;
  auto child = clone(*parent, limits);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->value("__import__('resource').getrlimit(__import__('resource').RLIMIT_NOFILE)"),
            "(100, 100)");
  EXPECT_EQ(child->value("(lambda s: s.f_blocks * s.f_frsize)(__import__('os').statvfs('/tmp'))"),
            "1048576");
  EXPECT_EQ(child->run("open('/tmp/big', 'wb').write(bytes(2 << 20))"),
            "OSError: [Errno 28] No space left on device");
  if (!in_force(*warden_, "memory limit")) GTEST_SKIP() << "no cgroups: no memory limit";
  const auto usage = warden_->usage(child->id());
  ASSERT_TRUE(usage);
  EXPECT_GT(usage->memory_bytes, 1 << 20);
  child->send("x = bytearray(100 << 20)");
  auto exit = warden_.exit_of(child->id());
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_TRUE(exit->out_of_memory);
  EXPECT_EQ(clone(*parent)->value("'the template is well'"), "the template is well");
}

TEST_F(Clone, InAnIsolatedNetworkHasListenersOfItsOwn) {
  SandboxSpec isolated = spec();
  isolated.network = Network::isolated;
  isolated.listen_ports = {4566, 9001};
  auto parent = start(isolated);
  ASSERT_TRUE(parent);
  ASSERT_EQ(parent->started.listeners.size(), 2U);
  parent->wait_for_clones();
  auto child = clone(*parent);
  ASSERT_TRUE(child);
  ASSERT_EQ(child->started.listeners.size(), 2U);
  child->send(
      "import socket; s = socket.create_connection(('127.0.0.1', 4566)); s.sendall(b'hi'); result "
      "= s.recv(9)");
  pollfd wait{child->started.listeners[0].get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, kPatienceMs), 1);
  base::UniqueFd peer{::accept(child->started.listeners[0].get(), nullptr, nullptr)};
  char text[2];
  ASSERT_EQ(::recv(peer.get(), text, 2, MSG_WAITALL), 2);
  ASSERT_EQ(::send(peer.get(), "ho", 2, MSG_NOSIGNAL), 2);
  EXPECT_EQ(read_frame(child->started.control.get()).second, "b'ho'");
  EXPECT_EQ(child->value("[n for _, n in __import__('socket').if_nameindex()]"), "['lo']");
  EXPECT_NE(
      child->run("import socket; socket.create_connection(('1.1.1.1', 80), 1)").find("unreachable"),
      std::string::npos);
}

TEST_F(Clone, StateThatMustNotBeCopiedIsCounted) {
  auto guest = start(spec());
  ASSERT_TRUE(guest);
  const std::string state =
      "[_mayfly.process_state()[k] for k in "
      "('threads', 'children', 'sockets', 'event_fds', 'writable_files', 'shared_mappings')]";
  const std::string look = "import _mayfly; result = " + state;
  EXPECT_EQ(guest->run(look), "[1, 0, 0, 0, 0, 0]");
  guest->run(
      "import threading, socket, builtins, subprocess, mmap, select\n"
      "builtins.t = threading.Thread(target=lambda: __import__('time').sleep(1000), daemon=True); "
      "t.start()\n"
      "builtins.s = socket.socket()\n"
      "builtins.f = open('/tmp/x', 'w')\n"
      "builtins.e = select.epoll()\n"
      "builtins.m = mmap.mmap(-1, 4096)\n"
      "builtins.p = subprocess.Popen(['sleep', '1000'])");
  EXPECT_EQ(guest->run(look), "[2, 1, 1, 1, 1, 1]");
}

}  // namespace
}  // namespace mayfly::sandbox
