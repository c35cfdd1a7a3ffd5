// The part of Sandbox that turns a process into a template and has it cloned.
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/strings.h"
#include "clone_protocol.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/sandbox.h"

namespace mayfly::sandbox {
namespace {

// How long a clone's order may wait for the template to come to the clone primitive, and for its
// turn.
constexpr std::chrono::seconds kOrderLimit{30};
// A new nest is furnished a little after the last clone, so as not to take the processor from it.
constexpr std::chrono::milliseconds kRefillDelay{5};
// Without clones for this long, one spare is enough.
constexpr std::chrono::seconds kQuiet{10};
// Moving stand-bys into their groups costs the kernel one grace period, however many are moved
// within it: so a burst is served by making many nests side by side.
constexpr std::size_t kMaxSpares = 16;
constexpr int kMaxUninvited = 100;
// However much its template holds, a clone may allocate this much of its own.
constexpr std::uint64_t kLeastCloneMemory = 16ULL << 20;

}  // namespace

void Sandbox::on_clone_channel() {
  mayfly_clone_message message{};
  auto packet = receive_packet(clone_channel_.get(),
                               {reinterpret_cast<char*>(&message), sizeof message}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size == 0) {
    clone_watch_.reset();
    waiting_ = false;
    no_clones_ = "the process has closed its clone channel";
    return refuse_all_clones(no_clones_);
  }
  if (packet->size == sizeof message && message.kind == MAYFLY_CLONE_WAITING && !waiting_) {
    waiting_ = true;
    shared_bytes_ = group_->anonymous_bytes();
    pump();
  } else if (packet->size == sizeof message && message.kind == MAYFLY_CLONE_FAILED &&
             busy_ != nullptr && busy_->state() == Nest::State::arming) {
    message.step[sizeof message.step - 1] = '\0';
    busy_->end(error_text(std::string("the template failed at ") + message.step, message.value));
  } else {
    uninvited("it sent what was not asked for on its clone channel too often");
  }
}

// Words and calls out of turn cost the warden time, so a process has only so many.
void Sandbox::uninvited(const std::string& what) {
  if (++uninvited_ <= kMaxUninvited) return;
  // Without a listener the kernel refuses held calls by itself (ENOSYS).
  listener_watch_.reset();
  listener_.reset();
  clone_watch_.reset();
  clone_channel_.reset();
  waiting_ = false;
  no_clones_ = what;
  refuse_all_clones(what);
}

void Sandbox::clone(CloneRequest request, base::UniqueFd control, base::UniqueFd output) {
  if (state_ != State::running || !no_clones_.empty()) {
    const std::string why = no_clones_.empty() ? "the template has ended" : no_clones_;
    shared_.answer(RefusedAnswer{request.id, "cloning " + request_.spec.name + ": " + why}, {});
    return;
  }
  if (request.limits.open_files > request_.spec.limits.open_files ||
      request.limits.pids > request_.spec.limits.pids) {
    shared_.answer(
        RefusedAnswer{request.id,
                      "a clone cannot have more open files or processes than its template"},
        {});
    return;
  }
  const ProcessId id = request.id;
  usual_limits_ = request.limits;
  pending_.push_back({std::move(request), std::move(control), std::move(output), {}});
  pending_.back().deadline = shared_.loop.after(kOrderLimit, [this, id] {
    const auto found =
        std::ranges::find(pending_, id, [](const Pending& each) { return each.request.id; });
    if (found == pending_.end()) return;
    shared_.answer(
        RefusedAnswer{id, "the template did not come to wait for clone orders within 30 seconds"},
        {});
    pending_.erase(found);
  });
  // A clone that finds no nest ready is a sign of a burst: more are kept ready for a while.
  const auto ready = std::ranges::count(nests_, Nest::State::ready, &Nest::state);
  if (static_cast<std::size_t>(ready) < pending_.size())
    spares_ = std::clamp<std::size_t>(2 * spares_, 1, kMaxSpares);
  quiet_ = shared_.loop.after(kQuiet, [this] { shrink_spares(); });
  pump();
}

// Moves everything one step on that can move: orders to nests that are ready, furnished nests to
// the template, and new nests as many as are short.
void Sandbox::pump() {
  if (!waiting_ || state_ != State::running) return;
  while (busy_ == nullptr && !pending_.empty()) {
    const std::uint64_t tmp_bytes = pending_.front().request.limits.tmp_bytes;
    const auto ready = std::ranges::find_if(nests_, [tmp_bytes](const auto& nest) {
      return nest->state() == Nest::State::ready && nest->tmp_bytes() == tmp_bytes;
    });
    if (ready == nests_.end()) break;
    Pending order = std::move(pending_.front());
    pending_.pop_front();
    busy_ = ready->get();
    busy_->fork(std::move(order.request), std::move(order.control), std::move(order.output));
  }
  for (;;) {
    const auto bare = std::ranges::find_if(nests_, [](const auto& nest) {
      return nest->state() == Nest::State::furnished && nest->lacks_files();
    });
    if (bare == nests_.end()) break;
    (*bare)->complete();
  }
  if (busy_ == nullptr) {
    const auto next = std::ranges::find_if(
        nests_, [](const auto& nest) { return nest->state() == Nest::State::furnished; });
    if (next != nests_.end()) {
      busy_ = next->get();
      busy_->arm();
    }
  }
  std::size_t coming = 0;
  for (const auto& nest : nests_) {
    if (nest->state() <= Nest::State::ready && nest->tmp_bytes() == usual_limits_.tmp_bytes)
      ++coming;
  }
  for (; coming < std::min(pending_.size(), kMaxSpares); ++coming)
    add_nest(usual_limits_.tmp_bytes);
  if (coming < spares_ && !refill_ && busy_ == nullptr) {
    refill_ = shared_.loop.after(kRefillDelay, [this] {
      refill_ = {};
      if (pending_.empty()) {
        std::size_t there = 0;
        for (const auto& nest : nests_) there += nest->state() <= Nest::State::ready ? 1 : 0;
        for (; there < spares_; ++there) add_nest(usual_limits_.tmp_bytes);
      }
      pump();
    });
  }
}

void Sandbox::shrink_spares() {
  spares_ = 1;
  std::vector<Nest*> ready;
  for (const auto& nest : nests_) {
    if (nest->state() == Nest::State::ready) ready.push_back(nest.get());
  }
  for (std::size_t at = 1; at < ready.size(); ++at) ready[at]->end("");
}

void Sandbox::add_nest(std::uint64_t tmp_bytes) {
  Limits limits = usual_limits_;
  limits.tmp_bytes = tmp_bytes;
  const auto files = waiting_ ? TemplateFiles::now : TemplateFiles::later;
  nests_.push_back(std::make_unique<Nest>(*this, next_nest_++, limits, files));
  nests_.back()->begin();
}

// While INIT runs: the first clone finds its namespaces made.
void Sandbox::make_first_nest() {
  add_nest(usual_limits_.tmp_bytes);
  first_ = shared_.loop.after(kOrderLimit, [this] {
    // Where it still lacks the files, the process will not be a template any more.
    const auto bare =
        std::ranges::find_if(nests_, [](const auto& nest) { return nest->lacks_files(); });
    if (bare != nests_.end()) (*bare)->end("");
  });
}

// A clone's own limit leaves room for what it has in common with the template, which is accounted
// there.
Limits Sandbox::limits_of_clone(const Limits& asked) const {
  Limits limits = asked;
  const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(shared_bytes_, 0));
  limits.memory_bytes = std::max(asked.memory_bytes > held ? asked.memory_bytes - held : 0,
                                 std::min(kLeastCloneMemory, asked.memory_bytes));
  return limits;
}

// A sandboxed process called setns for a user namespace and is held. It is let through where a
// stand-by is expected and the caller is a child of the template; the kernel then still checks that
// the namespace is one that the template's user owns, and only nests are.
void Sandbox::on_held_call() {
  seccomp_notif call{};
  if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
    // ENOENT: the caller was killed meanwhile, or nobody is left who could call; then it would be
    // said forever.
    const int error = errno;
    pollfd state{listener_.get(), POLLIN, 0};
    ::poll(&state, 1, 0);
    if ((error != ENOENT && error != EINTR) || (state.revents & (POLLHUP | POLLERR)) != 0) {
      listener_watch_.reset();
      listener_.reset();
    }
    return;
  }
  seccomp_notif_resp answer{};
  answer.id = call.id;
  if (call.data.nr == SYS_setns && may_enter(static_cast<pid_t>(call.pid))) {
    // SAFETY: the arguments are a descriptor number and a flag in registers; whatever descriptor is
    // put there in the meantime, the kernel's own check of ownership decides. See
    // docs/decisions/0002-clone-by-notification.md.
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    answer.error = -EPERM;
  }
  ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
  if (answer.error != 0) uninvited("it called setns uninvited too often");
}

bool Sandbox::may_enter(pid_t caller) const {
  return busy_ != nullptr && busy_->state() == Nest::State::arming &&
         parent_of(caller) == main_host_pid_;
}

void Sandbox::refuse_all_clones(const std::string& why) {
  auto refused = std::exchange(pending_, {});
  for (const Pending& each : refused) {
    shared_.answer(RefusedAnswer{each.request.id, "cloning " + request_.spec.name + ": " + why},
                   {});
  }
}

void Sandbox::nest_ended(Nest& nest) {
  const auto found =
      std::ranges::find_if(nests_, [&nest](const auto& each) { return each.get() == &nest; });
  if (found == nests_.end()) return;
  const bool was_used = nest.id().has_value();
  const std::string why = nest.why();
  dropped_.push_back(std::move(*found));
  nests_.erase(found);
  // Callbacks of the nest may be on the stack.
  drop_ = shared_.loop.after(std::chrono::milliseconds(0), [this] { dropped_.clear(); });
  if (busy_ == &nest) busy_ = nullptr;
  if (state_ == State::ending) return finish_if_done();
  if (was_used || why.empty()) return pump();
  // Nests that fail before they are of use would fail again and again: tell those who wait, and try
  // anew on demand.
  if (state_ == State::running) {
    refuse_all_clones(why);
    spares_ = 0;
  }
}

}  // namespace mayfly::sandbox
