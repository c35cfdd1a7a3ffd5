// Nest: the warden's record of the namespaces and the group made for one clone, and of the clone
// that lives in them.
//
// preparing (init makes it) -> furnished (-> completing -> furnished, where that was while the
// template's INIT ran) -> arming (the template's stand-by enters it) -> ready ->
// forking -> running
// -> ending -> ended. It is made ahead of need up to `ready`; an order to clone then costs one fork
// of the template. Whatever fails on the way ends the nest; its order, if it has one, is refused.
// Threads: the warden's one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/cgroup.h"
#include "sandbox/group_keeper.h"
#include "sandbox/init.h"
#include "sandbox/init_messages.h"
#include "sandbox/loop.h"
#include "sandbox/messages.h"

namespace mayfly::sandbox {

class Sandbox;

class Nest {
 public:
  enum class State {
    preparing,
    furnished,
    completing,
    arming,
    moving,
    ready,
    forking,
    running,
    ending,
    ended
  };

  Nest(Sandbox& parent, std::uint64_t number, const Limits& limits, TemplateFiles files);
  ~Nest();
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;

  State state() const { return state_; }
  std::uint64_t number() const { return number_; }
  std::uint64_t tmp_bytes() const { return limits_.tmp_bytes; }
  const std::string& why() const { return why_; }
  // The clone's, once it has been ordered.
  std::optional<ProcessId> id() const { return order_ ? std::optional(order_->id) : std::nullopt; }

  void begin();  // preparing
  void prepared(pid_t init_pid, base::UniqueFd handle);
  bool lacks_files() const { return files_ == TemplateFiles::later; }
  void complete();  // furnished -> completing
  void arm();       // furnished -> arming
  void fork(CloneRequest order, base::UniqueFd control, base::UniqueFd output);  // ready -> forking
  // A process ended that init watched. True where it was one of this nest.
  bool init_exited(const InitMessage& message);
  bool clone_exited(const InitMessage& message);
  void end(const std::string& why);  // kills what is in it
  void init_is_gone();               // the sandbox's init has ended, and everything with it

 private:
  void on_channel();
  void on_stand_by();
  void forked(pid_t pid);
  void furnished_if_complete();
  void finish();
  void set_deadline(const char* step);

  Sandbox& parent_;
  std::uint64_t number_;
  Limits limits_;
  TemplateFiles files_;
  std::int64_t held_when_made_ = 0;  // by the template
  State state_ = State::preparing;
  std::string why_;  // it ended, where not by the clone's own exit
  std::optional<Group> group_;
  GroupKeeper::Ticket making_, moving_;
  pid_t init_pid_ = -1;  // as the sandbox's init sees it
  base::UniqueFd init_handle_;
  base::UniqueFd channel_, stand_by_;
  std::vector<base::UniqueFd> namespaces_, listeners_;
  std::optional<CloneRequest> order_;
  bool told_started_ = false;
  pid_t clone_pid_ = -1;
  std::optional<InitMessage> clone_exit_;
  std::int64_t shared_bytes_ = 0;
  Loop::Handle channel_watch_, stand_by_watch_, deadline_;
};

}  // namespace mayfly::sandbox
