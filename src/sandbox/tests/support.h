// What the sandbox's tests share: a warden with a folder of its own, exits as they come, and the
// guest's side of frames.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/spawn.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

constexpr int kPatienceMs = 30'000;

inline std::string make_folder(const std::string& kind) {
  std::string path = "/tmp/mayfly-" + kind + "-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  return path;
}

inline void put_file(const std::string& path, const std::string& text, unsigned mode = 0644) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms(mode));
}

// A warden, and the exits that it told.
class TestWarden {
 public:
  TestWarden() : folder_(make_folder("warden")), warden_(Warden::launch({folder_})) {
    warden_->on_exit([this](Exit exit) {
      std::lock_guard lock(mutex_);
      (exit.lingers ? first_exits_ : exits_).emplace(exit.id, exit);
      changed_.notify_all();
    });
  }
  ~TestWarden() {
    warden_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Warden& operator*() { return *warden_; }
  Warden* operator->() { return warden_.get(); }
  void stop() { warden_.reset(); }
  const std::string& folder() const { return folder_; }

  std::expected<Started, SandboxError> start(SandboxSpec spec) {
    return base::sync_wait(warden_->start(std::move(spec)));
  }
  std::expected<Started, SandboxError> clone(ProcessId of, Limits limits = {}) {
    return base::sync_wait(warden_->clone(of, "clone", limits));
  }
  std::optional<Exit> exit_of(ProcessId id) { return wait_for(exits_, id); }
  // Of the first process of a sandbox that lingers.
  std::optional<Exit> first_exit_of(ProcessId id) { return wait_for(first_exits_, id); }
  bool has_exited(ProcessId id) {
    std::lock_guard lock(mutex_);
    return exits_.contains(id);
  }

 private:
  using Exits = std::map<ProcessId, Exit>;
  std::optional<Exit> wait_for(const Exits& exits, ProcessId id) {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                                        [&] { return exits.contains(id); });
    return came ? std::optional(exits.at(id)) : std::nullopt;
  }

  std::string folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Exits exits_, first_exits_;
  std::unique_ptr<Warden> warden_;
};

// Everything until the other side closes.
inline std::string read_all(int fd) {
  std::string text;
  char part[4096];
  for (;;) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) <= 0) return text + "<silence>";
    const ssize_t got = ::read(fd, part, sizeof part);
    if (got < 0 && errno == EAGAIN) continue;
    if (got <= 0) return text;
    text.append(part, static_cast<std::size_t>(got));
  }
}

// One frame of docs/formats/guest-protocol.md: its type and payload; type 0 where the guest has
// closed.
inline std::pair<char, std::string> read_frame(int fd) {
  auto exactly = [fd](std::size_t size) {
    std::string text;
    while (text.size() < size) {
      pollfd wait{fd, POLLIN, 0};
      if (::poll(&wait, 1, kPatienceMs) <= 0) return std::string();
      char part[4096];
      const ssize_t got = ::read(fd, part, std::min(sizeof part, size - text.size()));
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) return std::string();
      text.append(part, static_cast<std::size_t>(got));
    }
    return text;
  };
  const std::string head = exactly(4);
  if (head.size() != 4) return {0, ""};
  std::uint32_t size = 0;
  std::memcpy(&size, head.data(), 4);
  std::string body = exactly(size);
  if (body.empty()) return {0, ""};
  return {body[0], body.substr(1)};
}

inline void write_frame(int fd, char type, const std::string& payload) {
  const auto size = static_cast<std::uint32_t>(payload.size() + 1);
  std::string frame(reinterpret_cast<const char*>(&size), 4);
  frame += type;
  frame += payload;
  std::size_t put = 0;
  while (put < frame.size()) {
    const ssize_t done = ::send(fd, frame.data() + put, frame.size() - put, MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN) return;
    if (done > 0) put += static_cast<std::size_t>(done);
  }
}

inline SandboxSpec shell(const std::string& script) {
  SandboxSpec spec;
  spec.name = "test";
  spec.argv = {"/bin/sh", "-c", script};
  spec.env = {"PATH=/usr/bin:/bin", "HOME=/tmp"};
  return spec;
}

inline bool in_force(Warden& warden, const std::string& name) {
  for (const Feature& feature : warden.report()) {
    if (feature.name == name) return feature.in_force;
  }
  ADD_FAILURE() << "no such feature: " << name;
  return false;
}

inline bool can_sandbox() {
  static const bool can = [] {
    TestWarden warden;
    auto started = warden.start(shell("exit 0"));
    if (!started) ADD_FAILURE() << started.error().message;
    return started.has_value();
  }();
  return can;
}

}  // namespace mayfly::sandbox
