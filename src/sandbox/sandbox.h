// Sandbox: the warden's record of one started process: its init, its group, and the clones made of
// it.
//
// States run forward only: starting -> running -> ending -> ended. It tells the daemon what became
// of the request and of the process exactly once each. All waiting is in the warden's Loop; every
// step that depends on a process that runs a user's code has a deadline. Threads: the warden's one.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/cgroup.h"
#include "sandbox/group_keeper.h"
#include "sandbox/init.h"
#include "sandbox/loop.h"
#include "sandbox/messages.h"
#include "sandbox/nest.h"
#include "sandbox/root_fs.h"
#include "sandbox/seccomp_rules.h"

namespace mayfly::sandbox {

class Zygote;

// What all sandboxes of a warden share. Outlives them.
struct Shared {
  Loop& loop;
  const Cgroups& cgroups;
  GroupKeeper& keeper;
  const SeccompFilters& filters;
  SharedEtc& etc;
  HostSide host;
  std::function<void(const Answer&, std::span<const int> fds)> answer;
  std::function<void()> something_ended;  // a sandbox has reached State::ended
};

class Sandbox {
 public:
  Sandbox(Shared& shared, StartRequest request, uid_t outside_id);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // From `zygote` where there is one that is ready, otherwise (null) by exec.
  // `guest`: its control end, its output end, its ends of the pipes.
  void begin(std::vector<base::UniqueFd> guest, Zygote* zygote);
  void clone(CloneRequest request, base::UniqueFd control, base::UniqueFd output);
  // False where neither the process nor one of its clones has this id.
  bool kill(ProcessId id);
  void terminate();
  void set_cpus(double cpus);
  void kill_everything();

  ProcessId id() const { return request_.id; }
  uid_t outside_id() const { return outside_id_; }
  // Whose its processes are, as the machine sees it.
  uid_t user() const { return shared_.host.power == Power::root ? outside_id_ : ::geteuid(); }
  ProcessId wanted_zygote() const { return request_.spec.zygote; }
  bool ended() const { return state_ == State::ended; }

 private:
  friend class Nest;
  enum class State { starting, running, ending, ended };
  struct Pending {
    CloneRequest request;
    base::UniqueFd control, output;
    Loop::Handle deadline;
  };

  // sandbox.cc: the process itself
  void born(Child init);
  void on_init_message();
  void on_setup_message();
  void on_init_ended();
  void on_exited(const InitMessage& message);
  void refuse(const std::string& why);
  void say_started();
  void main_ended();
  void finish_if_done();
  Exit exit_now() const;
  void say_exit();
  bool write_id_map(pid_t pid) const;

  // clones.cc: templates and their clones
  void on_clone_channel();
  void on_held_call();
  bool may_enter(pid_t caller) const;
  void uninvited(const std::string& what);
  void pump();
  void add_nest(std::uint64_t tmp_bytes);
  void make_first_nest();
  void shrink_spares();
  void refuse_all_clones(const std::string& why);
  void nest_ended(Nest& nest);
  bool has_live_clones() const;
  Limits limits_of_clone(const Limits& asked) const;

  Shared& shared_;
  StartRequest request_;  // without argv and env once it runs: they are secrets
  uid_t outside_id_;
  State state_ = State::starting;
  bool answered_ = false;
  std::string failure_;

  std::optional<Group> group_;
  GroupKeeper::Ticket making_, moving_;
  Child init_;
  base::UniqueFd init_channel_, setup_channel_, clone_channel_, listener_;
  std::vector<base::UniqueFd> listeners_;
  bool init_started_ = false, program_runs_ = false;
  pid_t main_pid_ = -1;       // as init sees it
  pid_t main_host_pid_ = -1;  // as the warden sees it
  std::optional<InitMessage> main_exit_;
  Loop::Handle init_watch_, setup_watch_, clone_watch_, listener_watch_, end_watch_, deadline_,
      retry_;

  bool waiting_ = false;   // the template waits in the clone primitive
  std::string no_clones_;  // why not, where it cannot be cloned any more
  int uninvited_ = 0;
  std::int64_t shared_bytes_ = 0;
  std::list<std::unique_ptr<Nest>> nests_;
  std::deque<Pending> pending_;
  Limits usual_limits_;
  std::size_t spares_ = 1;
  Nest* busy_ = nullptr;  // the nest whose stand-by is being made or is forking: one at a time
  std::uint64_t next_nest_ = 1;
  Loop::Handle refill_, quiet_, first_;
  std::vector<std::unique_ptr<Nest>> dropped_;  // freed when no callback of theirs can be running
  Loop::Handle drop_;
};

}  // namespace mayfly::sandbox
