// The daemon's side of the warden: sends requests, and one thread that receives answers.
#include "sandbox/warden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <future>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/one_shot.h"
#include "sandbox/cgroup.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/messages.h"
#include "sandbox/warden_process.h"

namespace mayfly::sandbox {
namespace {

using StartResult = std::expected<Started, SandboxError>;

// The daemon's ends of a process's descriptors, and the guest's.
struct Ends {
  base::UniqueFd control, output;
  std::vector<base::UniqueFd> pipes;
  std::vector<base::UniqueFd> guest;  // its control, its output, its pipes
};

std::expected<Ends, int> make_ends(std::uint32_t pipes) {
  int control[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
    return std::unexpected(errno);
  Ends ends;
  ends.control.reset(control[0]);
  ends.guest.emplace_back(control[1]);
  ::fcntl(control[0], F_SETFL, O_NONBLOCK);
  refuse_descriptors(control[0]);
  for (std::uint32_t made = 0; made <= pipes; ++made) {
    int pipe[2] = {-1, -1};
    if (::pipe2(pipe, O_CLOEXEC) != 0) return std::unexpected(errno);
    ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
    (made == 0 ? ends.output : ends.pipes.emplace_back()).reset(pipe[0]);
    ends.guest.emplace_back(pipe[1]);
  }
  return ends;
}

class WardenClient final : public Warden {
 public:
  WardenClient(base::UniqueFd channel, pid_t process)
      : channel_(std::move(channel)), process_(process), reader_([this] { receive(); }) {}

  ~WardenClient() override {
    stopping_ = true;
    // The warden sees the end of the requests, ends every sandbox and exits; the reader sees that.
    ::shutdown(channel_.get(), SHUT_WR);
    reader_.join();
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  std::vector<Feature> report() const override;
  base::Task<StartResult> start(SandboxSpec spec) override;
  ProcessId start_zygote(ZygoteSpec spec) override {
    const ProcessId id = next_id_++;
    (void)send(ZygoteRequest{id, std::move(spec)}, {});
    return id;
  }
  base::Task<StartResult> clone(ProcessId of, std::string name, Limits limits) override;
  void kill(ProcessId id) override { (void)send(KillRequest{id}, {}); }
  void terminate(ProcessId id) override { (void)send(TerminateRequest{id}, {}); }
  void set_cpus(ProcessId id, double cpus) override { (void)send(CpusRequest{id, cpus}, {}); }
  std::optional<Usage> usage(ProcessId id) const override;
  void on_exit(std::function<void(Exit)> handler) override {
    std::lock_guard lock(telling_);
    exit_handler_ = std::move(handler);
  }

 private:
  struct Waiting {
    base::OneShot<StartResult> result;
    Ends ends;
  };
  struct Known {
    std::mutex mutex;
    UsageReader reader;
    explicit Known(UsageFiles files) : reader(std::move(files)) {}
  };

  std::expected<void, int> send(const Request& request, std::span<const int> fds) const {
    return send_packet(channel_.get(), encode(request), fds, Wait::yes);
  }
  base::Task<StartResult> ask(ProcessId id, Request request);
  void receive();
  void on_answer(StartedAnswer answer, Packet packet);
  void on_answer(RefusedAnswer answer, Packet packet);
  void on_answer(ExitAnswer answer, Packet packet);
  void on_answer(ReportAnswer answer, Packet packet);
  void on_warden_gone();
  void tell_exit(const Exit& exit);

  base::UniqueFd channel_;
  pid_t process_;
  std::atomic<bool> stopping_ = false;
  std::atomic<ProcessId> next_id_ = 1;
  mutable std::mutex mutex_;
  bool gone_ = false;
  std::map<ProcessId, Waiting> waiting_;
  std::map<ProcessId, std::shared_ptr<Known>> known_;
  mutable std::vector<std::promise<std::vector<Feature>>> reports_;
  // Held while the handler is called, or whoever waits for an answer is resumed: that touches his
  // executor, which may be gone as soon as on_exit() has returned.
  std::mutex telling_;
  std::function<void(Exit)> exit_handler_;
  std::thread reader_;
};

base::Task<StartResult> WardenClient::start(SandboxSpec spec) {
  if (auto fault = fault_of(spec)) {
    StartResult refused = std::unexpected(SandboxError{*fault});
    co_return refused;
  }
  const ProcessId id = next_id_++;
  Request request = StartRequest{id, std::move(spec)};
  co_return co_await ask(id, std::move(request));
}

base::Task<StartResult> WardenClient::clone(ProcessId of, std::string name, Limits limits) {
  auto fault = fault_of_name(name);
  if (!fault) fault = fault_of(limits);
  if (fault) {
    StartResult refused = std::unexpected(SandboxError{*fault});
    co_return refused;
  }
  const ProcessId id = next_id_++;
  Request request = CloneRequest{id, of, std::move(name), limits};
  co_return co_await ask(id, std::move(request));
}

base::Task<StartResult> WardenClient::ask(ProcessId id, Request request) {
  const std::string bytes = encode(request);
  const auto* start = std::get_if<StartRequest>(&request);
  auto ends = make_ends(start != nullptr ? start->spec.pipes : 0);
  std::string fault;
  if (!ends) fault = error_text("descriptors for a sandbox", ends.error());
  if (bytes.size() > kMaxRequestBytes) fault = "arguments and environment are too large";
  base::OneShot<StartResult> result;
  if (fault.empty()) {
    const std::vector<base::UniqueFd> guest = std::move(ends->guest);
    std::vector<int> attached;
    for (const base::UniqueFd& each : guest) attached.push_back(each.get());
    std::unique_lock lock(mutex_);
    if (gone_) {
      fault = "the warden has ended";
    } else {
      waiting_.emplace(id, Waiting{result, std::move(*ends)});
      lock.unlock();
      if (auto sent = send_packet(channel_.get(), bytes, attached, Wait::yes); !sent) {
        // Its end is also noticed by the reader, which answers all that wait; whoever takes this
        // one out answers it.
        lock.lock();
        if (waiting_.erase(id) > 0) fault = error_text("asking the warden", sent.error());
      }
    }
  }
  if (!fault.empty()) {
    StartResult refused = std::unexpected(SandboxError{fault});
    co_return refused;
  }
  co_return co_await result.wait();
}

std::optional<Usage> WardenClient::usage(ProcessId id) const {
  std::shared_ptr<Known> known;
  {
    std::lock_guard lock(mutex_);
    const auto found = known_.find(id);
    if (found == known_.end()) return std::nullopt;
    known = found->second;
  }
  std::lock_guard lock(known->mutex);
  return known->reader.read();
}

std::vector<Feature> WardenClient::report() const {
  std::future<std::vector<Feature>> answer;
  {
    std::lock_guard lock(mutex_);
    if (!gone_) answer = reports_.emplace_back().get_future();
  }
  if (!answer.valid() || !send(ReportRequest{}, {}))
    return {{"sandboxes", false, "the warden has ended"}};
  return answer.get();
}

void WardenClient::receive() {
  std::vector<char> buffer(kMaxRequestBytes);
  for (;;) {
    auto packet = receive_packet(channel_.get(), buffer, Wait::yes);
    if (!packet && packet.error() == EMSGSIZE) continue;
    if (!packet || packet->size == 0) break;
    auto answer = decode_answer({buffer.data(), packet->size});
    if (!answer) continue;
    const std::lock_guard lock(telling_);
    std::visit([&](auto& each) { on_answer(std::move(each), std::move(*packet)); }, *answer);
  }
  const std::lock_guard lock(telling_);
  on_warden_gone();
}

void WardenClient::on_answer(StartedAnswer answer, Packet packet) {
  std::unique_lock lock(mutex_);
  auto waiting = waiting_.extract(answer.id);
  if (waiting.empty()) return;
  known_.emplace(answer.id, std::make_shared<Known>(std::move(answer.usage)));
  lock.unlock();
  if (packet.cut) {
    kill(answer.id);
    waiting.mapped().result.set(
        std::unexpected(SandboxError{error_text("descriptors of a sandbox", EMFILE)}));
    return;
  }
  Ends& ends = waiting.mapped().ends;
  base::UniqueFd inside_socket;
  if (answer.inside_socket && !packet.fds.empty()) {
    inside_socket = std::move(packet.fds.back());
    packet.fds.pop_back();
  }
  waiting.mapped().result.set(Started{answer.id, std::move(ends.control), std::move(ends.output),
                                      std::move(ends.pipes), std::move(packet.fds),
                                      std::move(inside_socket), answer.user});
}

void WardenClient::on_answer(RefusedAnswer answer, Packet) {
  std::unique_lock lock(mutex_);
  auto waiting = waiting_.extract(answer.id);
  lock.unlock();
  if (!waiting.empty())
    waiting.mapped().result.set(std::unexpected(SandboxError{std::move(answer.message)}));
}

void WardenClient::on_answer(ExitAnswer answer, Packet) {
  std::unique_lock lock(mutex_);
  const bool was_known =
      answer.exit.lingers ? known_.contains(answer.exit.id) : known_.erase(answer.exit.id) > 0;
  lock.unlock();
  if (was_known) tell_exit(answer.exit);
}

void WardenClient::tell_exit(const Exit& exit) {
  if (exit_handler_ && !stopping_) exit_handler_(exit);
}

void WardenClient::on_answer(ReportAnswer answer, Packet) {
  std::lock_guard lock(mutex_);
  for (auto& waiting : std::exchange(reports_, {})) waiting.set_value(answer.features);
}

// The sandboxes ended with it.
void WardenClient::on_warden_gone() {
  std::unique_lock lock(mutex_);
  gone_ = true;
  auto waiting = std::exchange(waiting_, {});
  auto known = std::exchange(known_, {});
  auto reports = std::exchange(reports_, {});
  lock.unlock();
  for (auto& [id, each] : waiting)
    each.result.set(std::unexpected(SandboxError{"the warden has ended"}));
  for (auto& each : reports) each.set_value({{"sandboxes", false, "the warden has ended"}});
  for (const auto& [id, each] : known) {
    Exit exit;
    exit.id = id;
    exit.signal = SIGKILL;
    tell_exit(exit);
  }
}

}  // namespace

std::unique_ptr<Warden> Warden::launch(WardenOptions options) {
  auto ends = make_channel();
  if (!ends) throw std::system_error(ends.error(), std::generic_category(), "the warden's channel");
  if (auto made = make_folders(options.data_folder); !made) {
    throw std::system_error(made.error(), std::generic_category(), options.data_folder);
  }
  const pid_t daemon = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) throw std::system_error(errno, std::generic_category(), "forking the warden");
  if (process == 0) {
    ends->first.reset();
    run_warden(std::move(ends->second), options, daemon);
  }
  ends->second.reset();
  return std::make_unique<WardenClient>(std::move(ends->first), process);
}

}  // namespace mayfly::sandbox
