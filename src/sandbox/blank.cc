#include "sandbox/blank.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "sandbox/channel.h"
#include "sandbox/descriptors.h"
#include "sandbox/files.h"
#include "sandbox/function_process.h"
#include "sandbox/init_messages.h"
#include "sandbox/messages.h"

namespace mayfly::sandbox {
namespace {

constexpr auto kEnds = static_cast<std::size_t>(OrderDescriptor::count);

// The bytes of an order: a function's secrets, so not on the heap, where they would stay.
class OrderBytes {
 public:
  OrderBytes()
      : memory_(::mmap(nullptr, kMaxRequestBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) ::_exit(126);
  }
  ~OrderBytes() { ::munmap(memory_, kMaxRequestBytes); }
  OrderBytes(const OrderBytes&) = delete;
  OrderBytes& operator=(const OrderBytes&) = delete;
  std::span<char> all() const { return {static_cast<char*>(memory_), kMaxRequestBytes}; }

 private:
  void* memory_;
};

// Ends the process where there is no (proper) order.
Packet receive_order(int channel, const OrderBytes& bytes) {
  auto packet = receive_packet(channel, bytes.all(), Wait::yes);
  if (!packet || packet->size == 0) ::_exit(0);
  if (packet->fds.size() != kEnds) give_up(channel, "descriptors of an order are missing");
  return std::move(*packet);
}

StartRequest decode_order(const OrderBytes& bytes, const Packet& packet, int channel) {
  auto request = decode_request({bytes.all().data(), packet.size});
  auto* start = request ? std::get_if<StartRequest>(&*request) : nullptr;
  if (start == nullptr) give_up(channel, "an order that is none");
  return std::move(*start);
}

// Those of `numbers` that are /dev/null: the event loops that were made anew since have taken
// others.
std::vector<int> still_held(const std::vector<int>& numbers) {
  constexpr unsigned kMemoryDevices = 1, kNull = 3;
  std::vector<int> held;
  for (const int number : numbers) {
    struct stat info{};
    if (::fstat(number, &info) == 0 && S_ISCHR(info.st_mode) &&
        info.st_rdev == makedev(kMemoryDevices, kNull)) {
      held.push_back(number);
    }
  }
  return held;
}

// init, from when the function's process is there.
[[noreturn]] void wait_and_serve(const BlankPlan& plan, pid_t main, base::UniqueFd inner,
                                 base::UniqueFd signals) {
  while (!wait_for_word(plan.channel, signals.get())) {
    if (::waitpid(main, nullptr, WNOHANG) != 0)
      give_up(plan.channel, "the zygote's fork has ended before its order");
  }
  std::optional<StartRequest> request;
  {
    const OrderBytes bytes;
    const Packet packet = receive_order(plan.channel, bytes);
    std::array<int, kEnds> ends{};
    std::ranges::transform(packet.fds, ends.begin(), &base::UniqueFd::get);
    if (!send_packet(inner.get(), {bytes.all().data(), packet.size}, ends, Wait::yes))
      give_up(plan.channel, "the zygote's fork does not take its order");
    request = decode_order(bytes, packet, plan.channel);
  }
  // It may be busy with files of the host, which are not there any more a moment later.
  auto waiting = receive_message(inner.get());
  if (!waiting || waiting->first.kind != InitKind::waiting)
    give_up(plan.channel, "the zygote's fork has ended before its order");
  auto sockets = complete_sandbox(plan.host, request->spec, plan.channel);
  if (!sockets) give_up(plan.channel, sockets.error());
  base::UniqueFd user;
  if (plan.host.power == Power::root) {
    user.reset(::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
    if (!user) give_up(plan.channel, error_text("/proc/self/ns/user", errno));
  }
  const int attached[] = {user.get()};
  const std::span<const int> all(attached, user ? 1 : 0);
  if (!send_message(inner.get(), {.kind = InitKind::built}, all))
    give_up(plan.channel, "the zygote's fork has ended");
  user.reset();
  const SandboxPlan sandbox{
      .spec = request->spec, .host = plan.host, .filters = plan.filters, .channel = plan.channel};
  inner.reset();
  serve_sandbox(sandbox, main, std::move(*sockets), std::move(signals));
}

}  // namespace

base::UniqueFd run_blank_init(const BlankPlan& plan) {
  std::vector<int> kept = plan.random_sources;
  kept.push_back(plan.channel);
  close_all_but(std::move(kept));
  char name[16] = {};
  ::prctl(PR_GET_NAME, name, 0, 0, 0);
  ::prctl(PR_SET_NAME, kInitName, 0, 0, 0);
  // Nothing that is opened from here on gets one of these numbers.
  std::vector<int> held = plan.placeholders;
  held.insert(held.end(), {3, 4});
  const auto check = [&plan](const std::expected<void, std::string>& done) {
    if (!done) give_up(plan.channel, done.error());
  };
  check(hold(held));
  check(furnish_sandbox(plan.host, plan.network, ""));
  auto inner = make_channel();
  if (!inner) give_up(plan.channel, error_text("a channel", inner.error()));
  base::UniqueFd signals = block_and_take_child_signals();
  const std::vector<int> before = open_descriptors();
  const pid_t main = ::fork();
  if (main < 0) give_up(plan.channel, error_text("fork", errno));
  if (main != 0) {
    inner->second.reset();
    wait_and_serve(plan, main, std::move(inner->first), std::move(signals));
  }

  ::prctl(PR_SET_NAME, name, 0, 0, 0);
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // Fork handlers made what is there now and was not there before.
  kept = plan.random_sources;
  kept.insert(kept.end(), held.begin(), held.end());
  std::ranges::set_difference(open_descriptors(), before, std::back_inserter(kept));
  // Out of the way of the numbers of a guest.
  base::UniqueFd init{::fcntl(inner->second.get(), F_DUPFD_CLOEXEC, 64)};
  if (!init) ::_exit(126);
  kept.push_back(init.get());
  // What is closed here by number has owners.
  (void)inner->first.release();
  (void)inner->second.release();
  (void)signals.release();
  close_all_but(std::move(kept));
  return init;
}

bool order_is_there(const base::UniqueFd& init) {
  pollfd one{init.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

SandboxSpec take_order(const BlankPlan& plan, base::UniqueFd init) {
  if (!send_message(init.get(), {.kind = InitKind::waiting})) ::_exit(0);
  std::optional<StartRequest> request;
  Packet packet;
  {
    const OrderBytes bytes;
    packet = receive_order(init.get(), bytes);
    request = decode_order(bytes, packet, init.get());
  }
  const auto end = [&packet](OrderDescriptor which) {
    return packet.fds[static_cast<std::size_t>(which)].get();
  };
  const GuestEnds ends{.setup = end(OrderDescriptor::setup),
                       .control = end(OrderDescriptor::control),
                       .output = end(OrderDescriptor::output),
                       .clones = end(OrderDescriptor::clones)};
  join_group(ends.setup);
  auto built = receive_message(init.get());
  if (!built || built->first.kind != InitKind::built) ::_exit(126);
  init.reset();
  const auto check = [&ends](const std::expected<void, std::string>& done) {
    if (!done) give_up(ends.setup, done.error());
  };
  if (plan.host.power == Power::root) check(leave_groups());
  if (!built->second.fds.empty() && ::setns(built->second.fds[0].get(), CLONE_NEWUSER) != 0)
    give_up(ends.setup, error_text("entering the user namespace", errno));
  built->second.fds.clear();
  check(hold(still_held(plan.placeholders)));  // with the sandbox's own
  const int report = place_ends(ends);
  packet.fds.clear();
  for (const int number : plan.random_sources) {
    const int source = ::open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (source < 0 || (source != number && ::dup3(source, number, O_CLOEXEC) != number))
      give_up(report, error_text("opening /dev/urandom", errno));
    if (source != number) ::close(source);
  }
  confine(request->spec, plan.host, plan.filters, report);
  ::close(report);  // as exec does, which tells that all is well
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return std::move(request->spec);
}

}  // namespace mayfly::sandbox
