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
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/sandbox.h"
#include "sandbox/zygote_protocol.h"

namespace mayfly::sandbox {
namespace {

constexpr std::chrono::seconds kAnswerLimit{5};

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

Zygote::Zygote(Shared& shared, ZygoteRequest request) : shared_(shared) {
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
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Zygote::greet() {
  ZygoteHello hello;
  hello.power = static_cast<std::uint32_t>(shared_.power);
  hello.uid = ::geteuid();
  hello.gid = ::getegid();
  hello.allowed = static_cast<std::uint32_t>(shared_.filters.allowed.size());
  hello.denied = static_cast<std::uint32_t>(shared_.filters.denied.size());
  if (!put(hello.mount_point, shared_.mount_point) || !put(hello.etc_folder, shared_.etc.folder()))
    return false;
  std::string bytes(reinterpret_cast<const char*>(&hello), sizeof hello);
  for (const auto* filter : {&shared_.filters.allowed, &shared_.filters.denied}) {
    bytes.append(reinterpret_cast<const char*>(filter->data()),
                 filter->size() * sizeof(sock_filter));
  }
  return send_packet(channel_.get(), bytes, {}, Wait::no).has_value();
}

void Zygote::order(const StartRequest& request, std::span<const int> descriptors, Born born) {
  ZygoteOrder order;
  order.id = request.id;
  order.isolated_network = request.spec.network == Network::isolated ? 1 : 0;
  std::string encoded = encode(Request{request});
  std::string bytes(reinterpret_cast<const char*>(&order), sizeof order);
  bytes += encoded;
  ::explicit_bzero(encoded.data(), encoded.size());
  const auto sent = send_packet(channel_.get(), bytes, descriptors, Wait::no);
  ::explicit_bzero(bytes.data(), bytes.size());
  if (!sent) return born(std::unexpected(error_text("asking the zygote", sent.error())));
  waiting_.emplace(request.id, std::move(born));
  deadline_ = shared_.loop.after(kAnswerLimit, [this] { end("the zygote does not answer"); });
}

void Zygote::on_reply() {
  ZygoteReply reply;
  auto packet =
      receive_packet(channel_.get(), {reinterpret_cast<char*>(&reply), sizeof reply}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof reply) return end("the zygote has ended");
  if (reply.id == 0) {
    ready_ = true;
    return;
  }
  auto waiting = waiting_.extract(reply.id);
  if (waiting_.empty()) deadline_.reset();
  if (waiting.empty()) return;
  if (reply.error != 0 || packet->fds.size() != 1) {
    return waiting.mapped()(std::unexpected(error_text("forking the zygote", reply.error)));
  }
  waiting.mapped()(Child{reply.pid, std::move(packet->fds[0])});
}

void Zygote::end(const std::string& why) {
  ready_ = false;
  watch_.reset();
  deadline_.reset();
  channel_.reset();
  ::kill(pid_, SIGKILL);
  base::log_warn("{}", why);
  for (auto& [id, born] : std::exchange(waiting_, {})) born(std::unexpected(why));
}

}  // namespace mayfly::sandbox
