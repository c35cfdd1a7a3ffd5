#include "zygote_wait.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "huge_pages.h"
#include "sandbox/blank.h"
#include "sandbox/channel.h"
#include "sandbox/messages.h"
#include "sandbox/zygote_protocol.h"

namespace mayfly::zygote {
namespace {

using namespace mayfly::sandbox;

// What all sandboxes of this process have in common; in the forks it is still there.
struct Common {
  HostSide host;
  SeccompFilters filters;
  std::vector<int> random_sources, placeholders;

  BlankPlan plan(Network network, int channel) const {
    return {.host = host,
            .filters = filters,
            .network = network,
            .channel = channel,
            .random_sources = random_sources,
            .placeholders = placeholders};
  }
};
Common common;
base::UniqueFd init;  // of the sandbox that this fork is in

// A library that reads /dev/urandom (AWS's CRT does) remembers the number. What else libraries opened cannot go along: there are
// no zygotes then, or a placeholder stands for it.
bool sort_descriptors(Descriptors others) {
  constexpr unsigned kMemoryDevices = 1, kRandom = 8, kUrandom = 9;
  for (int fd = kZygoteReserved + 1; fd < 1024; ++fd) {
    struct stat info{};
    if (fstat(fd, &info) != 0) continue;
    const unsigned kind = minor(info.st_rdev);
    if (S_ISCHR(info.st_mode) && major(info.st_rdev) == kMemoryDevices && (kind == kRandom || kind == kUrandom)) {
      common.random_sources.push_back(fd);
    } else if (others == Descriptors::replaced) {
      common.placeholders.push_back(fd);
    } else {
      return false;
    }
  }
  return true;
}

bool read_hello() {
  std::vector<char> buffer(kMaxRequestBytes);
  auto packet = receive_packet(kZygoteChannel, buffer, Wait::yes);
  ZygoteHello hello;
  if (!packet || packet->size < sizeof hello) return false;
  std::memcpy(&hello, buffer.data(), sizeof hello);
  const std::size_t allowed = hello.allowed * sizeof(sock_filter), denied = hello.denied * sizeof(sock_filter);
  if (packet->size != sizeof hello + allowed + denied) return false;
  common.host = {.mount_point = hello.mount_point,
                 .etc_folder = hello.etc_folder,
                 .power = static_cast<Power>(hello.power),
                 .uid = hello.uid,
                 .gid = hello.gid};
  common.filters.allowed.resize(hello.allowed);
  common.filters.denied.resize(hello.denied);
  std::memcpy(common.filters.allowed.data(), buffer.data() + sizeof hello, allowed);
  std::memcpy(common.filters.denied.data(), buffer.data() + sizeof hello + allowed, denied);
  return true;
}

void reply(std::uint64_t number, const std::expected<Child, int>& child) {
  ZygoteReply message;
  message.number = number;
  int handle = -1;
  if (child) {
    message.pid = child->pid;
    handle = child->handle.get();
  } else {
    message.error = child.error();
  }
  const std::span<const int> attached(&handle, handle >= 0 ? 1 : 0);
  (void)send_packet(kZygoteChannel, {reinterpret_cast<const char*>(&message), sizeof message}, attached, Wait::yes);
}

}  // namespace

bool wait(Descriptors others) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // as the warden; the function's process takes it back
  if (!read_hello() || !sort_descriptors(others)) return false;
  mayfly_use_huge_pages();
  reply(0, Child{});
  for (;;) {
    BlankOrder order;
    auto packet = receive_packet(kZygoteChannel, {reinterpret_cast<char*>(&order), sizeof order}, Wait::yes);
    if (!packet || packet->size == 0) return false;
    std::expected<Child, int> child = std::unexpected(EINVAL);
    if (packet->fds.size() == 1 && packet->size == sizeof order) {
      const Network network = order.isolated_network != 0 ? Network::isolated : Network::host;
      // A child of the warden, like the inits that the warden makes by itself.
      child = clone_with(namespaces_of(network, common.host.power) | CLONE_PARENT);
      if (child && child->pid == 0) {
        init = run_blank_init(common.plan(network, packet->fds[0].get()));
        (void)packet->fds[0].release();  // closed, by number
        return true;
      }
    }
    reply(order.number, child);
  }
}

bool order_is_there() { return sandbox::order_is_there(init); }

Start take_order() {
  SandboxSpec spec = sandbox::take_order(common.plan({}, -1), std::move(init));
  return {std::move(spec.argv), std::move(spec.env)};
}

}  // namespace mayfly::zygote
