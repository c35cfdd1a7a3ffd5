// GroupKeeper: makes groups, moves processes into them and removes them, in a helper process of the
// warden.
//
// Why a process of its own: the kernel holds one lock for all of that, and moving a process waits
// for an RCU grace period under it, 10 ms and more on a busy machine. The warden must not stand
// still for so long, or an order to clone would wait for a group that it does not need. A process
// and not a thread, since the warden forks. Where the kernel moves processes at once
// (docs/decisions/ 0012), the warden does that by itself: to wait for the helper's turn on a busy
// processor takes longer.
//
// The helper carries out orders one after the other. Threads: the warden's one; answers come
// through its Loop.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/cgroup.h"
#include "sandbox/loop.h"

namespace mayfly::sandbox {

class GroupKeeper {
 public:
  using Result = std::expected<void, std::string>;

  // Forks the helper. `moves`: what the kernel does.
  GroupKeeper(Loop& loop, const Cgroups& cgroups, Moves moves);
  // Lets it finish what was ordered, and waits for its end.
  ~GroupKeeper();
  GroupKeeper(const GroupKeeper&) = delete;
  GroupKeeper& operator=(const GroupKeeper&) = delete;

  // Forgets the callback of an order when destroyed; the order itself is carried out.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : keeper_(std::exchange(other.keeper_, nullptr)), number_(other.number_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      if (this != &other) {
        reset();
        keeper_ = std::exchange(other.keeper_, nullptr);
        number_ = other.number_;
      }
      return *this;
    }
    ~Ticket() { reset(); }
    void reset() {
      if (auto* keeper = std::exchange(keeper_, nullptr)) keeper->waiting_.erase(number_);
    }

   private:
    friend class GroupKeeper;
    Ticket(GroupKeeper* keeper, std::uint64_t number) : keeper_(keeper), number_(number) {}
    GroupKeeper* keeper_ = nullptr;
    std::uint64_t number_ = 0;
  };

  // What is ordered for the group afterwards is carried out after it was made.
  [[nodiscard]] Ticket make(const std::string& name, const Limits& limits,
                            std::function<void(Result)> done);
  // `parent`: of the process, so that a number that was reused in the meantime is noticed.
  [[nodiscard]] Ticket add(const std::string& name, pid_t pid, pid_t parent,
                           std::function<void(Result)> done);
  // As soon as nothing runs in it; whatever does is killed.
  void remove(const std::string& name);

 private:
  struct Order;
  [[nodiscard]] Ticket send(Order order, std::function<void(Result)> done);
  void on_answer();
  void answer(std::uint64_t number, const Result& result);
  static Result carry_out(const Cgroups& cgroups, const Order& order);
  [[noreturn]] static void run(int channel, const Cgroups& cgroups);

  Loop& loop_;
  const Cgroups& cgroups_;
  const Moves moves_;
  base::UniqueFd channel_;
  pid_t process_ = -1;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::function<void(Result)>> waiting_;
  std::map<std::uint64_t, std::string> being_made_;            // names of groups, by their orders
  std::vector<std::pair<std::uint64_t, Result>> carried_out_;  // here, and not yet told
  Loop::Handle watch_, tell_;
};

// The parent of a process; -1 where there is none (any more).
pid_t parent_of(pid_t pid);

}  // namespace mayfly::sandbox
