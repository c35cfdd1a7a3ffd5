#include "sandbox/nest.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "clone_protocol.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/sandbox.h"

namespace mayfly::sandbox {
namespace {

using CloneMessage = mayfly_clone_message;

std::string_view bytes_of(const CloneMessage& message) {
  return {reinterpret_cast<const char*>(&message), sizeof message};
}

constexpr std::chrono::seconds kStepLimit{10};

}  // namespace

Nest::Nest(Sandbox& parent, std::uint64_t number, const Limits& limits, TemplateFiles files)
    : parent_(parent),
      number_(number),
      limits_(limits),
      files_(files),
      held_when_made_(parent.shared_bytes_) {}

Nest::~Nest() {
  if (group_) parent_.shared_.keeper.remove(group_->name());
}

void Nest::set_deadline(const char* step) {
  deadline_ = parent_.shared_.loop.after(kStepLimit, [this, step] {
    end(std::string("a clone was not ") + step + " within 10 seconds");
  });
}

void Nest::begin() {
  group_ = parent_.shared_.cgroups.existing(parent_.request_.spec.name + "-" +
                                            std::to_string(parent_.id()) + "-clone-" +
                                            std::to_string(number_));
  making_ = parent_.shared_.keeper.make(group_->name(), parent_.limits_of_clone(limits_),
                                        [this](const auto& made) {
                                          if (!made) end(made.error());
                                        });
  auto ends = make_channel();
  if (!ends) return end(error_text("making a channel", ends.error()));
  channel_ = std::move(ends->first);
  channel_watch_ = parent_.shared_.loop.watch(channel_.get(), [this] { on_channel(); });
  const int attached[] = {ends->second.get()};
  InitMessage order{.kind = InitKind::prepare, .value = static_cast<std::int32_t>(number_)};
  order.status = static_cast<std::int32_t>(files_);
  order.bytes = limits_.tmp_bytes;
  if (!send_message(parent_.init_channel_.get(), order, attached))
    return end("the sandbox has ended");
  set_deadline("prepared");
}

void Nest::prepared(pid_t init_pid, base::UniqueFd handle) {
  init_pid_ = init_pid;
  init_handle_ = std::move(handle);
  furnished_if_complete();
}

void Nest::on_channel() {
  InitMessage message;
  auto packet =
      receive_packet(channel_.get(), {reinterpret_cast<char*>(&message), sizeof message}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof message) return end("its namespaces ended");
  message.text[sizeof message.text - 1] = '\0';
  if (message.kind == InitKind::failed) return end(message.text);
  if (message.kind == InitKind::completed && state_ == State::completing) {
    files_ = TemplateFiles::now;
    state_ = State::furnished;
    deadline_.reset();
    return parent_.pump();
  }
  if (message.kind != InitKind::furnished) return;
  const std::size_t own = parent_.request_.spec.network == Network::isolated ? 6 : 5;
  if (packet->fds.size() < own) return end("its namespaces are incomplete");
  for (std::size_t at = 0; at < packet->fds.size(); ++at) {
    (at < own ? namespaces_ : listeners_).push_back(std::move(packet->fds[at]));
  }
  furnished_if_complete();
}

void Nest::furnished_if_complete() {
  if (state_ != State::preparing || !init_handle_ || namespaces_.empty()) return;
  state_ = State::furnished;
  deadline_.reset();
  parent_.pump();
}

void Nest::complete() {
  if (!send_message(channel_.get(), {.kind = InitKind::complete}))
    return end("its namespaces ended");
  state_ = State::completing;
  set_deadline("given the template's files");
}

void Nest::arm() {
  auto ends = make_channel();
  if (!ends) return end(error_text("making a channel", ends.error()));
  ask_for_sender(ends->first.get());
  refuse_descriptors(ends->first.get());
  stand_by_ = std::move(ends->first);
  std::vector<int> attached{ends->second.get()};
  for (const base::UniqueFd& each : namespaces_) attached.push_back(each.get());
  CloneMessage order{};
  order.kind = MAYFLY_CLONE_STAND_BY;
  state_ = State::arming;
  if (!send_packet(parent_.clone_channel_.get(), bytes_of(order), attached, Wait::no)) {
    return end("the template does not take orders");
  }
  namespaces_.clear();
  stand_by_watch_ = parent_.shared_.loop.watch(stand_by_.get(), [this] { on_stand_by(); });
  set_deadline("readied");
}

void Nest::on_stand_by() {
  CloneMessage message{};
  auto packet = receive_packet(stand_by_.get(), {reinterpret_cast<char*>(&message), sizeof message},
                               Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof message) return end("the template's stand-by ended");
  message.step[sizeof message.step - 1] = '\0';
  if (message.kind == MAYFLY_CLONE_FAILED) {
    return end(error_text(std::string("the template's stand-by failed at ") + message.step,
                          message.value));
  }
  if (message.kind == MAYFLY_CLONE_READY && state_ == State::arming) {
    // What it forks is born in the clone's group. Moving takes an RCU grace period: done ahead of
    // need. In the meantime the template may make the next stand-by; this one only waits.
    state_ = State::moving;
    moving_ = parent_.shared_.keeper.add(group_->name(), packet->sender, parent_.main_host_pid_,
                                         [this](const auto& added) {
                                           if (!added) return end(added.error());
                                           state_ = State::ready;
                                           deadline_.reset();
                                           parent_.pump();
                                         });
    parent_.busy_ = nullptr;
    return parent_.pump();
  }
  if (message.kind == MAYFLY_CLONE_FORKED && state_ == State::forking && message.value > 0) {
    return forked(message.value);
  }
  end("the template's stand-by spoke out of turn");
}

void Nest::fork(CloneRequest order, base::UniqueFd control, base::UniqueFd output) {
  order_ = std::move(order);
  state_ = State::forking;
  const Limits limits = parent_.limits_of_clone(order_->limits);
  CloneMessage go{};
  go.kind = MAYFLY_CLONE_GO;
  go.open_files = limits.open_files;
  go.processes = limits.pids;
  const Limits& made = limits_;
  const Limits& asked = order_->limits;
  if (asked.memory_bytes != made.memory_bytes || asked.cpus != made.cpus ||
      asked.pids != made.pids || held_when_made_ != parent_.shared_bytes_) {
    if (auto done = group_->set_limits(limits); !done) return end(done.error());
  }
  const int attached[] = {control.get(), output.get()};
  if (!send_packet(stand_by_.get(), bytes_of(go), attached, Wait::no))
    return end("the template's stand-by ended");
  set_deadline("forked");
}

void Nest::forked(pid_t pid) {
  clone_pid_ = pid;
  state_ = State::running;
  deadline_.reset();
  stand_by_watch_.reset();
  stand_by_.reset();
  shared_bytes_ = parent_.shared_bytes_;
  (void)send_message(parent_.init_channel_.get(), {.kind = InitKind::watch, .value = pid});
  std::vector<int> attached;
  for (const base::UniqueFd& listener : listeners_) attached.push_back(listener.get());
  told_started_ = true;
  parent_.shared_.answer(
      StartedAnswer{order_->id, group_->usage_files(shared_bytes_), parent_.user()}, attached);
  listeners_.clear();
  parent_.busy_ = nullptr;
  parent_.pump();
}

bool Nest::init_exited(const InitMessage& message) {
  if (init_pid_ <= 0 || message.value != init_pid_) return false;
  end("its namespaces ended");
  finish();
  return true;
}

bool Nest::clone_exited(const InitMessage& message) {
  if (clone_pid_ <= 0 || message.value != clone_pid_ || clone_exit_) return false;
  clone_exit_ = message;
  end("");  // what the clone left running goes with it
  return true;
}

void Nest::end(const std::string& why) {
  if (state_ == State::ending || state_ == State::ended) return;
  why_ = why;
  state_ = State::ending;
  deadline_.reset();
  stand_by_watch_.reset();
  stand_by_.reset();
  channel_watch_.reset();
  channel_.reset();
  namespaces_.clear();
  making_.reset();
  moving_.reset();
  if (parent_.busy_ == this) parent_.busy_ = nullptr;
  if (init_handle_) {
    // With the first process of a pid namespace everything in it dies. Its exit is told by the
    // sandbox's init.
    ::syscall(SYS_pidfd_send_signal, init_handle_.get(), SIGKILL, nullptr, 0);
  } else {
    finish();  // it never came to be, or finds its channel closed and ends by itself
  }
}

void Nest::init_is_gone() {
  end("its sandbox ended");
  finish();
}

void Nest::finish() {
  if (state_ == State::ended) return;
  state_ = State::ended;
  if (order_ && !told_started_) {
    parent_.shared_.answer(
        RefusedAnswer{order_->id, why_.empty() ? "the clone ended at once" : why_}, {});
  } else if (order_) {
    Exit exit;
    exit.id = order_->id;
    exit.signal = SIGKILL;  // where it went down with its namespaces
    if (clone_exit_) {
      exit.status = WIFEXITED(clone_exit_->status) ? WEXITSTATUS(clone_exit_->status) : 0;
      exit.signal = WIFSIGNALED(clone_exit_->status) ? WTERMSIG(clone_exit_->status) : 0;
    }
    exit.usage = Usage{clone_exit_ ? clone_exit_->cpu_us : 0, 0,
                       clone_exit_ ? clone_exit_->peak_memory_bytes : 0};
    if (auto used = UsageReader(group_->usage_files(shared_bytes_)).read()) exit.usage = *used;
    exit.out_of_memory = group_->out_of_memory_kills() > 0;
    parent_.shared_.answer(ExitAnswer{exit}, {});
  }
  parent_.nest_ended(*this);
}

}  // namespace mayfly::sandbox
