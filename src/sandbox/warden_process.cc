#include "sandbox/warden_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/report.h"
#include "sandbox/sandbox.h"
#include "sandbox/zygote.h"

namespace mayfly::sandbox {
namespace {

// Ids of functions outside: far from those of people and services, and from those of another
// daemon's functions.
constexpr uid_t kFirstId = 0x6000'0000;
constexpr uid_t kIdsEach = 0x1'0000;
constexpr std::chrono::milliseconds kGroupRetry{5};
constexpr std::chrono::seconds kFarewell{10};
constexpr int kFarewellRounds = 200;
constexpr const char* kNoDescriptors =
    "descriptors are missing: the warden may have reached its limit of open files";

class WardenProcess {
 public:
  WardenProcess(base::UniqueFd channel, const WardenOptions& options, pid_t daemon)
      : channel_(std::move(channel)),
        folder_(options.data_folder + "/sandbox"),
        loop_(clock_),
        cgroups_(Cgroups::detect(daemon)),
        quick_moves_(options.moves == Moves::quick && cgroups_.any() ? Cgroups::favor_moves()
                                                                     : base::UniqueFd{}),
        etc_(folder_ + "/etc", options.hosts),
        buffer_(kMaxRequestBytes) {}

  void run();

 private:
  std::string record() const { return folder_ + "/groups"; }
  void clean_up_after_the_last();
  std::expected<void, int> write_record() const;
  bool prepare();
  void on_request();
  void handle(StartRequest request, Packet packet);
  void handle(CloneRequest request, Packet packet);
  void handle(const KillRequest& request, const Packet& packet);
  void handle(const TerminateRequest& request, const Packet& packet);
  void handle(const CpusRequest& request, const Packet& packet);
  void handle(const ReportRequest& request, const Packet& packet);
  void handle(ZygoteRequest request, const Packet& packet);
  void answer(const Answer& answer, std::span<const int> fds);
  void sweep();
  void farewell();
  uid_t free_outside_id();

  base::UniqueFd channel_;
  std::string folder_;
  base::SystemClock clock_;
  Loop loop_;
  Cgroups cgroups_;
  base::UniqueFd quick_moves_;
  std::unique_ptr<GroupKeeper> keeper_;
  SeccompFilters filters_;
  SharedEtc etc_;
  std::string fault_;  // why nothing can be started
  std::optional<Shared> shared_;
  std::vector<char> buffer_;
  std::map<ProcessId, std::unique_ptr<Zygote>> zygotes_;
  std::map<ProcessId, std::unique_ptr<Sandbox>> sandboxes_;
  uid_t next_id_ = 0;
  bool leaving_now_ = false;
  std::vector<std::string> earlier_;  // groups of wardens that were killed
  Loop::Handle requests_, retry_earlier_, sweeping_, last_call_;
};

// What a warden killed together with its daemon left. Its processes die by themselves, but may
// still be at it.
void WardenProcess::clean_up_after_the_last() {
  std::erase_if(earlier_, [](const std::string& folder) { return Cgroups::remove_tree(folder); });
  (void)write_record();
  if (!earlier_.empty())
    retry_earlier_ = loop_.after(kGroupRetry, [this] { clean_up_after_the_last(); });
}

std::expected<void, int> WardenProcess::write_record() const {
  std::string groups;
  for (const std::string& folder : earlier_) groups += folder + "\n";
  for (const std::string& folder : cgroups_.layout().folders()) groups += folder + "\n";
  return replace_file(record(), groups);
}

bool WardenProcess::prepare() {
  if (auto made = make_folders(folder_ + "/root"); !made) {
    fault_ = error_text("making " + folder_ + "/root", made.error());
    return false;
  }
  const std::string left = read_file(record()).value_or("");
  for (std::string_view line : base::split(left, '\n')) {
    if (!line.empty()) earlier_.emplace_back(line);
  }
  if (auto done = write_record(); !done) {
    fault_ = error_text("writing " + record(), done.error());
    return false;
  }
  auto filters = compile_seccomp_filters();
  if (!filters) {
    fault_ = filters.error();
    return false;
  }
  filters_ = std::move(*filters);
  clean_up_after_the_last();
  return true;
}

void WardenProcess::run() {
  keeper_ =
      std::make_unique<GroupKeeper>(loop_, cgroups_, quick_moves_ ? Moves::quick : Moves::usual);
  shared_.emplace(Shared{.loop = loop_,
                         .cgroups = cgroups_,
                         .keeper = *keeper_,
                         .filters = filters_,
                         .etc = etc_,
                         .host = {.mount_point = folder_ + "/root",
                                  .etc_folder = etc_.folder(),
                                  .power = ::geteuid() == 0 ? Power::root : Power::user,
                                  .uid = ::geteuid(),
                                  .gid = ::getegid()},
                         .answer = {},
                         .something_ended = {}});
  shared_->answer = [this](const Answer& each, std::span<const int> fds) { answer(each, fds); };
  shared_->something_ended = [this] {
    sweeping_ = loop_.after(std::chrono::milliseconds(0), [this] { sweep(); });
  };
  prepare();
  requests_ = loop_.watch(channel_.get(), [this] { on_request(); });
  loop_.run();
  sandboxes_.clear();
  zygotes_.clear();
  keeper_.reset();
  // The kernel lets go of a group a moment after the last process in it has ended.
  auto left = cgroups_.layout().folders();
  for (int round = 0; round < kFarewellRounds && !left.empty(); ++round) {
    if (round > 0) ::poll(nullptr, 0, static_cast<int>(kGroupRetry.count()));
    std::erase_if(left, [](const std::string& folder) { return Cgroups::remove_tree(folder); });
  }
  // Whatever is left is in the record for the next warden.
  if (left.empty() && earlier_.empty()) ::unlink(record().c_str());
}

void WardenProcess::on_request() {
  auto packet = receive_packet(channel_.get(), buffer_, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet && packet.error() == EMSGSIZE) return;
  if (!packet || packet->size == 0) return farewell();
  auto request = decode_request({buffer_.data(), packet->size});
  ::explicit_bzero(buffer_.data(), packet->size);
  if (!request) return;  // the daemon checks before it sends
  std::visit([&](auto& each) { handle(std::move(each), std::move(*packet)); }, *request);
}

void WardenProcess::handle(StartRequest request, Packet packet) {
  auto fault = !fault_.empty() ? std::optional(fault_) : fault_of(request.spec);
  if (!fault && packet.fds.size() != 2 + request.spec.pipes) fault = kNoDescriptors;
  if (!fault && sandboxes_.contains(request.id)) fault = "its number is taken";
  if (fault) return answer(RefusedAnswer{request.id, *fault}, {});
  const ProcessId id = request.id;
  auto sandbox = std::make_unique<Sandbox>(*shared_, std::move(request), free_outside_id());
  Sandbox& made = *sandbox;
  sandboxes_.emplace(id, std::move(sandbox));
  const auto zygote = zygotes_.find(made.wanted_zygote());
  const bool usable = zygote != zygotes_.end() && zygote->second->ready();
  made.begin(std::move(packet.fds), usable ? zygote->second.get() : nullptr);
}

void WardenProcess::handle(ZygoteRequest request, const Packet&) {
  if (!fault_.empty() || request.spec.argv.empty()) return;
  const ProcessId id = request.id;
  zygotes_.emplace(id, std::make_unique<Zygote>(*shared_, std::move(request)));
}

void WardenProcess::handle(CloneRequest request, Packet packet) {
  const auto found = sandboxes_.find(request.of);
  auto fault = fault_of(request.limits);
  if (!fault) fault = fault_of_name(request.name);
  if (!fault && found == sandboxes_.end()) fault = "no such template";
  if (!fault && packet.fds.size() != 2) fault = kNoDescriptors;
  if (fault) return answer(RefusedAnswer{request.id, *fault}, {});
  found->second->clone(std::move(request), std::move(packet.fds[0]), std::move(packet.fds[1]));
}

void WardenProcess::handle(const KillRequest& request, const Packet&) {
  if (zygotes_.erase(request.id) > 0) return;
  for (const auto& [id, sandbox] : sandboxes_) {
    if (sandbox->kill(request.id)) return;
  }
}

void WardenProcess::handle(const TerminateRequest& request, const Packet&) {
  const auto found = sandboxes_.find(request.id);
  if (found != sandboxes_.end()) found->second->terminate();
}

void WardenProcess::handle(const CpusRequest& request, const Packet&) {
  const auto found = sandboxes_.find(request.id);
  if (found != sandboxes_.end() && !fault_of_cpus(request.cpus))
    found->second->set_cpus(request.cpus);
}

void WardenProcess::handle(const ReportRequest&, const Packet&) {
  auto features = report_isolation(cgroups_, shared_->host.power);
  if (!fault_.empty()) features.push_back({"sandboxes", false, fault_});
  answer(ReportAnswer{std::move(features)}, {});
}

void WardenProcess::answer(const Answer& answer, std::span<const int> fds) {
  // The daemon's reader thread only hands out answers, so it takes them; where it is gone, nobody
  // wants them.
  (void)send_packet(channel_.get(), encode(answer), fds, Wait::yes);
}

void WardenProcess::sweep() {
  std::erase_if(sandboxes_, [](const auto& each) { return each.second->ended(); });
  if (leaving_now_ && sandboxes_.empty()) loop_.stop();
}

void WardenProcess::farewell() {
  leaving_now_ = true;
  requests_.reset();
  for (const auto& [id, sandbox] : sandboxes_) sandbox->kill_everything();
  last_call_ = loop_.after(kFarewell, [this] { loop_.stop(); });
  sweep();
}

uid_t WardenProcess::free_outside_id() {
  const uid_t first = kFirstId + static_cast<uid_t>(::getpid() % 0x1000) * kIdsEach;
  std::set<uid_t> taken;
  for (const auto& [id, sandbox] : sandboxes_) taken.insert(sandbox->outside_id());
  uid_t id = 0;
  do {
    id = first + next_id_;
    next_id_ = (next_id_ + 1) % kIdsEach;
  } while (taken.contains(id));
  return id;
}

// The daemon's command line and environment are in this process's memory, and in that of every init
// forked from it.
void forget_arguments() {
  const auto text = read_file("/proc/self/stat");
  if (!text) return;
  const std::size_t end = text->rfind(')');
  if (end == std::string::npos) return;
  const auto words = base::split(std::string_view(*text).substr(end + 2), ' ');
  constexpr std::size_t kArgumentsStart = 45;  // fields 48 to 51; the state is field 3
  if (words.size() < kArgumentsStart + 4) return;
  for (std::size_t at : {kArgumentsStart, kArgumentsStart + 2}) {
    const auto from = base::parse_int(words[at]), to = base::parse_int(words[at + 1]);
    if (!from || !to || *from == 0 || *to <= *from) continue;
    // SAFETY: the kernel names the strings that it put on this process's own stack; nothing reads
    // them from here on (environ is emptied).
    std::memset(reinterpret_cast<void*>(*from), 0, static_cast<std::size_t>(*to - *from));
  }
  ::clearenv();
}

}  // namespace

void run_warden(base::UniqueFd daemon_channel, const WardenOptions& options, pid_t daemon) {
  // A terminal's interrupt is for the daemon; this process goes when the daemon has gone.
  ::setsid();
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2})
    ::signal(number, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
  ::prctl(PR_SET_NAME, "mayfly-warden", 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  base::UniqueFd channel{::fcntl(daemon_channel.get(), F_DUPFD_CLOEXEC, 3)};
  const auto number = static_cast<unsigned>(channel.get());
  if (number > 3) ::syscall(SYS_close_range, 3U, number - 1, 0);
  ::syscall(SYS_close_range, number + 1, ~0U, 0);
  (void)daemon_channel.release();
  forget_arguments();
  try {
    WardenProcess{std::move(channel), options, daemon}.run();
  } catch (const std::exception& error) {
    base::log_error("the warden ends: {}", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace mayfly::sandbox
