#include "zygote_wait.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "huge_pages.h"
#include "sandbox/channel.h"
#include "sandbox/init.h"
#include "sandbox/messages.h"
#include "sandbox/zygote_protocol.h"

namespace mayfly::zygote {
namespace {

using namespace mayfly::sandbox;

struct Common {
  Power power = Power::root;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string mount_point, etc_folder;
  SeccompFilters filters;
  std::vector<int> random_sources, placeholders;
};

// A library that reads /dev/urandom (AWS's CRT does) remembers the number. What else libraries opened cannot go along: there are
// no zygotes then, or a placeholder stands for it.
bool sort_descriptors(Descriptors others, Common& common) {
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

bool read_hello(std::span<char> buffer, Common& common) {
  auto packet = receive_packet(kZygoteChannel, buffer, Wait::yes);
  ZygoteHello hello;
  if (!packet || packet->size < sizeof hello) return false;
  std::memcpy(&hello, buffer.data(), sizeof hello);
  const std::size_t allowed = hello.allowed * sizeof(sock_filter), denied = hello.denied * sizeof(sock_filter);
  if (packet->size != sizeof hello + allowed + denied) return false;
  common.power = static_cast<Power>(hello.power);
  common.uid = hello.uid;
  common.gid = hello.gid;
  common.mount_point = hello.mount_point;
  common.etc_folder = hello.etc_folder;
  common.filters.allowed.resize(hello.allowed);
  common.filters.denied.resize(hello.denied);
  std::memcpy(common.filters.allowed.data(), buffer.data() + sizeof hello, allowed);
  std::memcpy(common.filters.denied.data(), buffer.data() + sizeof hello + allowed, denied);
  return true;
}

void reply(std::uint64_t id, const std::expected<Child, int>& child) {
  ZygoteReply message;
  message.id = id;
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

// In the fork: init, and then, returning, the function's process.
Start enter(const Common& common, std::span<char> encoded, const Packet& packet) {
  auto request = decode_request({encoded.data(), encoded.size()});
  explicit_bzero(encoded.data(), encoded.size());
  auto* start = request ? std::get_if<StartRequest>(&*request) : nullptr;
  if (start == nullptr) _exit(126);
  SandboxPlan plan{.spec = start->spec,
                   .filters = common.filters,
                   .mount_point = common.mount_point,
                   .etc_folder = common.etc_folder};
  const auto fd = [&packet](ZygoteDescriptor which) { return packet.fds[static_cast<std::size_t>(which)].get(); };
  plan.power = common.power;
  plan.outside_uid = common.uid;
  plan.outside_gid = common.gid;
  plan.channel = fd(ZygoteDescriptor::init);
  plan.setup_channel = fd(ZygoteDescriptor::setup);
  plan.control = fd(ZygoteDescriptor::control);
  plan.output = fd(ZygoteDescriptor::output);
  plan.clone_channel = fd(ZygoteDescriptor::clones);
  plan.program = Program::continued;
  plan.random_sources = common.random_sources;
  plan.placeholders = common.placeholders;
  run_sandbox_init(plan);
  return {std::move(start->spec.argv), std::move(start->spec.env)};
}

}  // namespace

std::optional<Start> wait(Descriptors others) {
  // Not of the heap: its remains would be in every fork.
  void* memory = mmap(nullptr, kMaxRequestBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::nullopt;
  const std::span<char> buffer(static_cast<char*>(memory), kMaxRequestBytes);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // as the warden; the function's process takes it back
  Common common;
  if (!read_hello(buffer, common) || !sort_descriptors(others, common)) return std::nullopt;
  mayfly_use_huge_pages();
  reply(0, Child{});
  for (;;) {
    auto packet = receive_packet(kZygoteChannel, buffer, Wait::yes);
    if (!packet || packet->size == 0) return std::nullopt;
    ZygoteOrder order;
    std::expected<Child, int> child = std::unexpected(EINVAL);
    if (packet->fds.size() == static_cast<std::size_t>(ZygoteDescriptor::count) && packet->size > sizeof order) {
      std::memcpy(&order, buffer.data(), sizeof order);
      SandboxSpec spec;
      spec.network = order.isolated_network != 0 ? Network::isolated : Network::host;
      // A child of the warden, like the inits that the warden makes by itself.
      child = clone_with(namespaces_of(spec, common.power) | CLONE_PARENT);
      if (child && child->pid == 0) {
        Start start = enter(common, buffer.subspan(sizeof order, packet->size - sizeof order), *packet);
        for (auto& each : packet->fds) (void)each.release();  // closed, by number
        return start;
      }
    }
    explicit_bzero(buffer.data(), packet->size);
    reply(order.id, child);
  }
}

}  // namespace mayfly::zygote
