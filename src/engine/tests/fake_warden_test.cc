// The FakeWarden's implementation (the build takes tests/*_test.cc) and a test of the fake itself.
#include "engine/tests/fake_warden.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/one_shot.h"
#include "base/spawn.h"
#include "wire/json.h"

namespace mayfly::engine::testing {

std::optional<Frame> GuestEnd::receive() {
  while (true) {
    auto frame = reader_.next();
    if (!frame) return std::nullopt;
    if (*frame) return std::move(**frame);
    std::array<char, 65536> step{};
    const ssize_t got = ::recv(control_.get(), step.data(), step.size(), 0);
    if (got <= 0) return std::nullopt;
    reader_.append({step.data(), static_cast<std::size_t>(got)});
  }
}

void GuestEnd::send(FrameType type, std::string_view payload) {
  std::string bytes = frame_header(type, payload.size());
  bytes += payload;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent =
        ::send(control_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return;
    done += static_cast<std::size_t>(sent);
  }
}

void GuestEnd::print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(output_.get(), text.data(), text.size());
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::optional<GuestEnd::Invoke> GuestEnd::next_event() {
  while (true) {
    auto frame = receive();
    if (!frame) return std::nullopt;
    if (frame->type == FrameType::environment) {
      const auto document = wire::parse_json(frame->payload);
      if (!document || document->as_map() == nullptr) return std::nullopt;
      for (const auto& [name, value] : *document->as_map()) variables[name] = *value.as_string();
      continue;
    }
    if (frame->type != FrameType::invoke || frame->payload.size() < 4) return std::nullopt;
    std::size_t n = 0;
    for (int i = 3; i >= 0; --i)
      n = (n << 8) | static_cast<unsigned char>(frame->payload[static_cast<std::size_t>(i)]);
    return Invoke{frame->payload.substr(4, n), frame->payload.substr(4 + n)};
  }
}

FakeWarden::~FakeWarden() {
  on_exit({});
  std::vector<sandbox::ProcessId> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, process] : processes_) ids.push_back(id);
  }
  for (const auto id : ids) kill(id);
  for (auto& [id, process] : processes_) {
    process->thread.join();
    ::close(process->control);
  }
}

base::Task<std::expected<sandbox::Started, sandbox::SandboxError>> FakeWarden::start(
    sandbox::SandboxSpec spec) {
  if (refusal_) co_return std::unexpected(sandbox::SandboxError{*refusal_});
  std::map<std::string, std::string> variables;
  for (const std::string& text : spec.env) {
    const std::size_t equals = text.find('=');
    variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  {
    const std::lock_guard lock(mutex_);
    ++started_;
  }
  co_return run(std::move(variables), false, spec.limits.cpus);
}

base::Task<std::expected<sandbox::Started, sandbox::SandboxError>> FakeWarden::clone(
    sandbox::ProcessId of, std::string, sandbox::Limits limits) {
  std::map<std::string, std::string> variables;
  {
    const std::lock_guard lock(mutex_);
    ++cloned_;
    const auto found = processes_.find(of);
    if (found == processes_.end() || found->second->ended)
      co_return std::unexpected(sandbox::SandboxError{"no such template"});
    variables = found->second->variables;
  }
  co_return run(std::move(variables), true, limits.cpus);
}

std::expected<sandbox::Started, sandbox::SandboxError> FakeWarden::run(
    std::map<std::string, std::string> variables, bool is_clone, double cpus) {
  std::array<int, 2> sockets{}, pipe{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0 ||
      ::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return std::unexpected(sandbox::SandboxError{"no descriptors"});
  }
  sandbox::Started started;
  started.user = ::geteuid();
  started.control.reset(sockets[0]);
  started.output.reset(pipe[0]);
  ::fcntl(sockets[0], F_SETFL, O_NONBLOCK);
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  auto guest = std::make_shared<GuestEnd>(base::UniqueFd(sockets[1]), base::UniqueFd(pipe[1]),
                                          variables, is_clone);
  const std::lock_guard lock(mutex_);
  started.id = next_++;
  auto process = std::make_unique<Process>();
  process->variables = std::move(variables);
  process->cpus = cpus;
  process->control = ::fcntl(sockets[1], F_DUPFD_CLOEXEC, 3);
  process->thread = std::thread([this, id = started.id, guest]() mutable {
    sandbox::Exit exit = script_(*guest);
    exit.id = id;
    guest.reset();
    {
      const std::lock_guard inner(mutex_);
      Process& own = *processes_.at(id);
      own.ended = true;
      ::shutdown(own.control, SHUT_RDWR);  // as if the last descriptor were closed
      if (own.killed) {
        exit.status = 0;
        exit.signal = 9;
      }
    }
    const std::lock_guard telling(exit_mutex_);
    if (on_exit_) on_exit_(exit);
  });
  processes_.emplace(started.id, std::move(process));
  return started;
}

void FakeWarden::set_cpus(sandbox::ProcessId id, double cpus) {
  const std::lock_guard lock(mutex_);
  if (const auto found = processes_.find(id); found != processes_.end()) found->second->cpus = cpus;
}

void FakeWarden::kill(sandbox::ProcessId id) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(id);
  if (found == processes_.end() || found->second->ended) return;
  found->second->killed = true;
  ::shutdown(found->second->control, SHUT_RDWR);
}

std::optional<sandbox::Usage> FakeWarden::usage(sandbox::ProcessId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(id);
  if (found == processes_.end() || found->second->ended) return std::nullopt;
  return sandbox::Usage{1000, memory_, memory_ + (1 << 20)};
}

int FakeWarden::started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

int FakeWarden::cloned() const {
  const std::lock_guard lock(mutex_);
  return cloned_;
}

int FakeWarden::alive() const {
  const std::lock_guard lock(mutex_);
  int count = 0;
  for (const auto& [id, process] : processes_) count += process->ended ? 0 : 1;
  return count;
}

std::vector<double> FakeWarden::cpus() const {
  const std::lock_guard lock(mutex_);
  std::vector<double> cpus;
  for (const auto& [id, process] : processes_) {
    if (!process->ended) cpus.push_back(process->cpus);
  }
  return cpus;
}

namespace {

TEST(FakeWardenTest, TellsTheExitOfAKilledProcess) {
  FakeWarden warden([](GuestEnd& guest) {
    while (guest.receive()) {
    }
    return sandbox::Exit{};
  });
  base::OneShot<int> signal;
  warden.on_exit([signal](sandbox::Exit exit) { signal.set(exit.signal); });
  auto started = base::sync_wait(warden.start({}));
  ASSERT_TRUE(started);
  warden.kill(started->id);
  EXPECT_EQ(base::sync_wait([](base::OneShot<int> wait) -> base::Task<int> {
              co_return co_await wait.wait();
            }(signal)),
            9);
}

}  // namespace
}  // namespace mayfly::engine::testing
