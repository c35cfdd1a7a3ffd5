#include "sandbox/group_keeper.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"

namespace mayfly::sandbox {
namespace {

constexpr int kRetryMs = 5;
constexpr int kFarewellRounds = 200;

struct Done {
  std::uint64_t number = 0;
  std::int32_t failed = 0;
  char why[256] = {};
};

}  // namespace

struct GroupKeeper::Order {
  enum class Kind : std::uint32_t { make, add, remove } kind = Kind::make;
  std::int32_t pid = 0;
  std::int32_t parent = 0;
  std::uint32_t pids = 0;
  std::uint64_t number = 0;
  std::uint64_t memory_bytes = 0;
  double cpus = 0;
  char name[256] = {};
};

// From /proc/<pid>/stat: "pid (any text) state ppid ...".
pid_t parent_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!text) return -1;
  const std::size_t end = text->rfind(')');
  if (end == std::string::npos) return -1;
  const auto words = base::split(std::string_view(*text).substr(end + 1), ' ');
  const auto parent = words.size() > 2 ? base::parse_int(words[2]) : std::nullopt;
  return parent ? static_cast<pid_t>(*parent) : -1;
}

GroupKeeper::GroupKeeper(Loop& loop, const Cgroups& cgroups, Moves moves)
    : loop_(loop), cgroups_(cgroups), moves_(moves) {
  auto ends = make_channel();
  if (!ends)
    throw std::system_error(ends.error(), std::generic_category(), "the group keeper's channel");
  process_ = ::fork();
  if (process_ < 0)
    throw std::system_error(errno, std::generic_category(), "forking the group keeper");
  if (process_ == 0) {
    ends->first.reset();
    run(ends->second.get(), cgroups);
  }
  channel_ = std::move(ends->first);
  watch_ = loop.watch(channel_.get(), [this] { on_answer(); });
}

GroupKeeper::~GroupKeeper() {
  watch_.reset();
  tell_.reset();
  channel_.reset();
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

GroupKeeper::Ticket GroupKeeper::send(Order order, std::function<void(Result)> done) {
  order.number = next_++;
  waiting_.emplace(order.number, std::move(done));
  const std::string_view bytes{reinterpret_cast<const char*>(&order), sizeof order};
  if (!send_packet(channel_.get(), bytes, {}, Wait::yes)) watch_.reset();
  return Ticket{this, order.number};
}

GroupKeeper::Ticket GroupKeeper::make(const std::string& name, const Limits& limits,
                                      std::function<void(Result)> done) {
  Order order;
  order.kind = Order::Kind::make;
  order.pids = limits.pids;
  order.memory_bytes = limits.memory_bytes;
  order.cpus = limits.cpus;
  std::strncpy(order.name, name.c_str(), sizeof order.name - 1);
  being_made_.emplace(next_, name);
  return send(order, std::move(done));
}

GroupKeeper::Ticket GroupKeeper::add(const std::string& name, pid_t pid, pid_t parent,
                                     std::function<void(Result)> done) {
  Order order;
  order.kind = Order::Kind::add;
  order.pid = pid;
  order.parent = parent;
  std::strncpy(order.name, name.c_str(), sizeof order.name - 1);
  const bool made =
      std::ranges::none_of(being_made_, [&name](const auto& each) { return each.second == name; });
  if (moves_ != Moves::quick || !made) return send(order, std::move(done));
  const std::uint64_t number = next_++;
  waiting_.emplace(number, std::move(done));
  carried_out_.emplace_back(number, carry_out(cgroups_, order));
  tell_ = loop_.after(std::chrono::milliseconds(0), [this] {
    for (const auto& [each, result] : std::exchange(carried_out_, {})) answer(each, result);
  });
  return Ticket{this, number};
}

void GroupKeeper::remove(const std::string& name) {
  Order order;
  order.kind = Order::Kind::remove;
  std::strncpy(order.name, name.c_str(), sizeof order.name - 1);
  const Ticket nobody_waits = send(order, {});
}

void GroupKeeper::on_answer() {
  Done done;
  auto packet =
      receive_packet(channel_.get(), {reinterpret_cast<char*>(&done), sizeof done}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof done) {
    // Without its keeper the warden cannot limit anything: everything that waits fails, and what
    // follows too.
    watch_.reset();
    auto waiting = std::exchange(waiting_, {});
    for (const auto& [number, callback] : waiting) {
      if (callback) callback(std::unexpected("the warden's group keeper has ended"));
    }
    return;
  }
  done.why[sizeof done.why - 1] = '\0';
  being_made_.erase(done.number);
  answer(done.number, done.failed != 0 ? Result{std::unexpected(std::string(done.why))} : Result{});
}

void GroupKeeper::answer(std::uint64_t number, const Result& result) {
  auto waiting = waiting_.extract(number);
  if (!waiting.empty() && waiting.mapped()) waiting.mapped()(result);
}

GroupKeeper::Result GroupKeeper::carry_out(const Cgroups& cgroups, const Order& order) {
  if (order.kind == Order::Kind::add) {
    if (parent_of(order.pid) != order.parent) return std::unexpected("it has ended");
    return cgroups.existing(order.name).add(order.pid);
  }
  Limits limits;
  limits.memory_bytes = order.memory_bytes;
  limits.cpus = order.cpus;
  limits.pids = order.pids;
  auto made = cgroups.make(order.name, limits);
  if (!made) return std::unexpected(std::move(made).error());
  return {};
}

void GroupKeeper::run(int channel, const Cgroups& cgroups) {
  ::prctl(PR_SET_NAME, "mayfly-groups", 0, 0, 0);
  const auto number = static_cast<unsigned>(channel);
  if (number > 3) ::syscall(SYS_close_range, 3U, number - 1, 0);
  ::syscall(SYS_close_range, number + 1, ~0U, 0);
  std::vector<std::string> leaving;
  auto remove_some = [&] {
    std::erase_if(leaving, [&](const std::string& name) {
      const Group group = cgroups.existing(name);
      if (group.remove()) return true;
      group.kill_all();
      return false;
    });
  };
  for (;;) {
    pollfd wait{channel, POLLIN, 0};
    if (::poll(&wait, 1, leaving.empty() ? -1 : kRetryMs) == 0) {
      remove_some();
      continue;
    }
    Order order;
    auto packet =
        receive_packet(channel, {reinterpret_cast<char*>(&order), sizeof order}, Wait::yes);
    if (!packet || packet->size != sizeof order) break;
    Result result;
    if (order.kind != Order::Kind::remove) {
      result = carry_out(cgroups, order);
    } else {
      leaving.emplace_back(order.name);
      remove_some();
    }
    Done answer{.number = order.number, .failed = result ? 0 : 1};
    if (!result) std::strncpy(answer.why, result.error().c_str(), sizeof answer.why - 1);
    (void)send_packet(channel, {reinterpret_cast<const char*>(&answer), sizeof answer}, {},
                      Wait::no);
  }
  // The warden goes. What cannot be removed in a second is in its record.
  for (int round = 0; round < kFarewellRounds && !leaving.empty(); ++round) {
    remove_some();
    ::poll(nullptr, 0, kRetryMs);
  }
  ::_exit(0);
}

}  // namespace mayfly::sandbox
