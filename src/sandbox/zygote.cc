#include "sandbox/zygote.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/log.h"
#include "sandbox/blank.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/sandbox.h"
#include "sandbox/zygote_protocol.h"

namespace mayfly::sandbox {
namespace {

constexpr std::chrono::seconds kAnswerLimit{5};
// The next sandbox is made ahead when the event that took the last one is likely to be over:
// before, it would take a processor from it.
constexpr std::chrono::milliseconds kRefill{20};

[[noreturn]] void run_program(const ZygoteSpec& spec, int channel) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  for (int number = 1; number <= SIGRTMAX; ++number) ::signal(number, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDWR);
  const int moved = ::fcntl(channel, F_DUPFD, 64);
  if (nothing < 0 || moved < 0 || ::dup2(nothing, 0) != 0 || ::dup2(nothing, 1) != 1 ||
      ::dup2(moved, kZygoteChannel) != kZygoteChannel ||
      ::dup2(nothing, kZygoteReserved) != kZygoteReserved) {
    ::_exit(126);
  }
  ::syscall(SYS_close_range, kZygoteReserved + 1, ~0U, 0);
  std::vector<char*> argv, env;
  for (const std::string& each : spec.argv) argv.push_back(const_cast<char*>(each.c_str()));
  for (const std::string& each : spec.env) env.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  env.push_back(nullptr);
  if (::chdir("/") == 0) ::execve(argv[0], argv.data(), env.data());
  ::_exit(127);
}

template <std::size_t size>
bool put(char (&into)[size], const std::string& text) {
  if (text.size() >= size) return false;
  std::memcpy(into, text.c_str(), text.size() + 1);
  return true;
}

}  // namespace

Zygote::Zygote(Shared& shared, ZygoteRequest request)
    : shared_(shared), network_(request.spec.network) {
  auto ends = make_channel();
  if (!ends) return;
  pid_ = ::fork();
  if (pid_ == 0) run_program(request.spec, ends->second.get());
  if (pid_ < 0) return;
  channel_ = std::move(ends->first);
  if (!greet()) {
    channel_.reset();
    return;
  }
  watch_ = shared_.loop.watch(channel_.get(), [this] { on_reply(); });
}

Zygote::~Zygote() {
  drop_ahead();
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Zygote::greet() {
  ZygoteHello hello;
  const HostSide& host = shared_.host;
  hello.power = static_cast<std::uint32_t>(host.power);
  hello.uid = host.uid;
  hello.gid = host.gid;
  hello.allowed = static_cast<std::uint32_t>(shared_.filters.allowed.size());
  hello.denied = static_cast<std::uint32_t>(shared_.filters.denied.size());
  if (!put(hello.mount_point, host.mount_point) || !put(hello.etc_folder, host.etc_folder))
    return false;
  std::string bytes(reinterpret_cast<const char*>(&hello), sizeof hello);
  for (const auto* filter : {&shared_.filters.allowed, &shared_.filters.denied}) {
    bytes.append(reinterpret_cast<const char*>(filter->data()),
                 filter->size() * sizeof(sock_filter));
  }
  return send_packet(channel_.get(), bytes, {}, Wait::no).has_value();
}

std::expected<Zygote::Blank, std::string> Zygote::make(Network network) {
  if (auto etc = shared_.etc.refresh(); !etc) return std::unexpected(etc.error());
  auto ends = make_channel();
  if (!ends) return std::unexpected(error_text("a channel", ends.error()));
  ask_for_sender(ends->first.get());
  BlankOrder order;
  order.number = next_number_++;
  order.isolated_network = network == Network::isolated ? 1 : 0;
  const int attached[] = {ends->second.get()};
  auto sent = send_packet(channel_.get(), {reinterpret_cast<const char*>(&order), sizeof order},
                          attached, Wait::no);
  if (!sent) return std::unexpected(error_text("asking the zygote", sent.error()));
  deadline_ = shared_.loop.after(kAnswerLimit, [this] { end("the zygote does not answer"); });
  return Blank{order.number, network, std::move(ends->first), std::nullopt, {}};
}

void Zygote::make_ahead() {
  refill_.reset();
  if (!ready_ || ahead_) return;
  auto made = make(network_);
  if (!made) return base::log_warn("no sandbox is made ahead: {}", made.error());
  ahead_ = std::move(*made);
}

void Zygote::drop_ahead() {
  if (ahead_ && ahead_->child) {
    ::syscall(SYS_pidfd_send_signal, ahead_->child->handle.get(), SIGKILL, nullptr, 0);
    while (::waitpid(ahead_->child->pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ahead_.reset();
}

// The sandbox that was made ahead, or a new one, with its order.
std::expected<Zygote::Blank, std::string> Zygote::take(Network network, std::string_view order,
                                                       std::span<const int> descriptors) {
  if (ahead_ && ahead_->network == network) {
    if (send_packet(ahead_->channel.get(), order, descriptors, Wait::no)) {
      Blank blank = std::move(*ahead_);
      ahead_.reset();
      blank.end.reset();
      return blank;
    }
    drop_ahead();  // it has ended, and its end is not noticed yet
  }
  auto blank = make(network);
  if (!blank) return blank;
  auto sent = send_packet(blank->channel.get(), order, descriptors, Wait::no);
  if (!sent) return std::unexpected(error_text("ordering a sandbox", sent.error()));
  return blank;
}

void Zygote::order(const StartRequest& request, std::span<const int> descriptors, Born born) {
  std::string bytes = encode(Request{request});
  auto blank = take(request.spec.network, bytes, descriptors);
  ::explicit_bzero(bytes.data(), bytes.size());
  if (!refill_) refill_ = shared_.loop.after(kRefill, [this] { make_ahead(); });
  if (!blank) return born(std::unexpected(blank.error()));
  if (blank->child) return born(Init{std::move(*blank->child), std::move(blank->channel)});
  waiting_.emplace(blank->number, Waiting{std::move(blank->channel), std::move(born)});
}

void Zygote::on_reply() {
  ZygoteReply reply;
  auto packet =
      receive_packet(channel_.get(), {reinterpret_cast<char*>(&reply), sizeof reply}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof reply) return end("the zygote has ended");
  if (reply.number == 0) {
    ready_ = true;
    return make_ahead();
  }
  std::expected<Child, std::string> child =
      std::unexpected(error_text("forking the zygote", reply.error));
  if (reply.error == 0 && packet->fds.size() == 1)
    child = Child{reply.pid, std::move(packet->fds[0])};
  const bool is_ahead = ahead_ && ahead_->number == reply.number;
  auto waiting = waiting_.extract(reply.number);
  if (waiting_.empty() && (is_ahead || !ahead_ || ahead_->child)) deadline_.reset();
  if (is_ahead) {
    if (!child) {
      base::log_warn("a sandbox ahead: {}", child.error());
      return drop_ahead();
    }
    ahead_->child = std::move(*child);
    // Not made anew at once: what ended it might end the next one too.
    ahead_->end = shared_.loop.watch(ahead_->child->handle.get(), [this] {
      base::log_warn("a sandbox that was made ahead has ended");
      drop_ahead();
    });
    return;
  }
  if (waiting.empty()) return;
  auto& [channel, born] = waiting.mapped();
  if (!child) return born(std::unexpected(child.error()));
  born(Init{std::move(*child), std::move(channel)});
}

void Zygote::end(const std::string& why) {
  ready_ = false;
  watch_.reset();
  deadline_.reset();
  refill_.reset();
  channel_.reset();
  drop_ahead();
  ::kill(pid_, SIGKILL);
  base::log_warn("{}", why);
  for (auto& [number, each] : std::exchange(waiting_, {})) each.born(std::unexpected(why));
}

}  // namespace mayfly::sandbox
