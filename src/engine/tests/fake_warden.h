// FakeWarden: "processes" are threads that run a script at the guest's end of real sockets and
// pipes. No isolation, no interpreter: what is tested is the engine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/guest/frames.h"
#include "sandbox/warden.h"

namespace mayfly::engine::testing {

// The guest's side of a process. Its calls block; receive() ends with nullopt when the process was
// killed or the engine left.
class GuestEnd {
 public:
  GuestEnd(base::UniqueFd control, base::UniqueFd output,
           std::map<std::string, std::string> variables, bool is_clone)
      : variables(std::move(variables)),
        is_clone(is_clone),
        control_(std::move(control)),
        output_(std::move(output)) {}

  std::optional<Frame> receive();
  void send(FrameType type, std::string_view payload);
  void print(std::string_view text);
  void close_control() { control_.reset(); }
  int control() const { return control_.get(); }

  struct Invoke {
    std::string header, payload;
  };
  // The next event; environment frames in front of it are put into `variables`.
  std::optional<Invoke> next_event();

  std::map<std::string, std::string> variables;
  const bool is_clone;

 private:
  base::UniqueFd control_, output_;
  FrameReader reader_;
};

// Returns how the process ends.
using Script = std::function<sandbox::Exit(GuestEnd&)>;

class FakeWarden final : public sandbox::Warden {
 public:
  explicit FakeWarden(Script script) : script_(std::move(script)) {}
  ~FakeWarden() override;

  std::vector<sandbox::Feature> report() const override { return {}; }
  base::Task<std::expected<sandbox::Started, sandbox::SandboxError>> start(
      sandbox::SandboxSpec spec) override;
  sandbox::ProcessId start_zygote(sandbox::ZygoteSpec) override { return 0; }
  base::Task<std::expected<sandbox::Started, sandbox::SandboxError>> clone(
      sandbox::ProcessId of, std::string name, sandbox::Limits limits) override;
  void kill(sandbox::ProcessId id) override;
  void terminate(sandbox::ProcessId) override {}
  void set_cpus(sandbox::ProcessId id, double cpus) override;
  std::optional<sandbox::Usage> usage(sandbox::ProcessId id) const override;
  void on_exit(std::function<void(sandbox::Exit)> handler) override {
    const std::lock_guard lock(exit_mutex_);
    on_exit_ = std::move(handler);
  }

  // For tests.
  void refuse(std::string message) { refusal_ = std::move(message); }
  int started() const;
  int cloned() const;
  int alive() const;
  // The share of CPU that each process that lives has, oldest first.
  std::vector<double> cpus() const;
  void set_memory(std::int64_t bytes) { memory_ = bytes; }

 private:
  struct Process {
    std::thread thread;
    int control = -1;  // a duplicate, for kill()
    bool killed = false;
    bool ended = false;
    double cpus = 0;
    std::map<std::string, std::string> variables;
  };
  std::expected<sandbox::Started, sandbox::SandboxError> run(
      std::map<std::string, std::string> variables, bool is_clone, double cpus);

  Script script_;
  std::mutex exit_mutex_;  // held while on_exit_ is called
  std::function<void(sandbox::Exit)> on_exit_;
  std::optional<std::string> refusal_;
  std::int64_t memory_ = 10 << 20;
  mutable std::mutex mutex_;
  sandbox::ProcessId next_ = 1;
  int started_ = 0, cloned_ = 0;
  std::map<sandbox::ProcessId, std::unique_ptr<Process>> processes_;
};

}  // namespace mayfly::engine::testing
