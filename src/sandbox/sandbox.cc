#include "sandbox/sandbox.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "sandbox/channel.h"
#include "sandbox/files.h"
#include "sandbox/zygote.h"

namespace mayfly::sandbox {
namespace {

constexpr std::chrono::seconds kStartLimit{30};
// Functions go first when the whole machine runs out of memory; 1000 would be "always this one".
constexpr const char* kOutOfMemoryScore = "500";

void wipe(std::vector<std::string>& secrets) {
  for (std::string& each : secrets) ::explicit_bzero(each.data(), each.size());
  secrets.clear();
}

}  // namespace

Sandbox::Sandbox(Shared& shared, StartRequest request, uid_t outside_id)
    : shared_(shared),
      request_(std::move(request)),
      outside_id_(outside_id),
      usual_limits_(request_.spec.limits) {}

Sandbox::~Sandbox() {
  if (group_) shared_.keeper.remove(group_->name());
}

void Sandbox::begin(std::vector<base::UniqueFd> guest, Zygote* zygote) {
  auto etc = shared_.etc.refresh();
  if (!etc) return refuse(etc.error());
  group_ = shared_.cgroups.existing(request_.spec.name + "-" + std::to_string(request_.id));
  making_ = shared_.keeper.make(group_->name(), request_.spec.limits, [this](const auto& made) {
    if (made) return;
    failure_ = made.error();
    kill_everything();
  });
  auto setup = make_channel();
  auto orders = make_channel();
  if (!setup || !orders) return refuse("no descriptors left for a sandbox");
  ask_for_sender(setup->first.get());
  refuse_descriptors(orders->first.get());
  setup_channel_ = std::move(setup->first);
  clone_channel_ = std::move(orders->first);
  if (zygote != nullptr) {
    const int attached[] = {setup->second.get(), guest[0].get(), guest[1].get(),
                            orders->second.get()};
    zygote->order(request_, attached, [this](std::expected<Zygote::Init, std::string> init) {
      if (!init) return refuse(init.error());
      init_channel_ = std::move(init->channel);
      born(std::move(init->child));
    });
    wipe(request_.spec.env);
    wipe(request_.spec.argv);
    return;
  }
  auto init = make_channel();
  if (!init) return refuse("no descriptors left for a sandbox");
  ask_for_sender(init->first.get());
  init_channel_ = std::move(init->first);
  SandboxPlan plan{.spec = request_.spec,
                   .host = shared_.host,
                   .filters = shared_.filters,
                   .channel = init->second.get(),
                   .guest = {.setup = setup->second.get(),
                             .control = guest[0].get(),
                             .output = guest[1].get(),
                             .clones = orders->second.get()}};
  for (std::size_t next = 2; next < guest.size(); ++next)
    plan.guest.pipes.push_back(guest[next].get());
  auto child = clone_with(namespaces_of(request_.spec.network, shared_.host.power));
  if (!child) return refuse(error_text("making namespaces", child.error()));
  if (child->pid == 0) run_sandbox_init(plan);
  wipe(request_.spec.env);
  wipe(request_.spec.argv);
  born(std::move(*child));
}

void Sandbox::born(Child init) {
  init_ = std::move(init);
  if (!failure_.empty()) kill_everything();  // meanwhile
  init_watch_ = shared_.loop.watch(init_channel_.get(), [this] { on_init_message(); });
  setup_watch_ = shared_.loop.watch(setup_channel_.get(), [this] { on_setup_message(); });
  end_watch_ = shared_.loop.watch(init_.handle.get(), [this] { on_init_ended(); });
  deadline_ = shared_.loop.after(kStartLimit, [this] {
    failure_ = "it was not set up within 30 seconds";
    kill_everything();
  });
}

bool Sandbox::write_id_map(pid_t pid) const {
  const std::string process = "/proc/" + std::to_string(pid);
  const std::string outside = " " + std::to_string(outside_id_) + " 1";
  return write_file(process + "/setgroups", "deny") &&
         write_file(process + "/uid_map", std::to_string(kInsideUid) + outside) &&
         write_file(process + "/gid_map", std::to_string(kInsideGid) + outside);
}

void Sandbox::on_init_message() {
  InitMessage message;
  auto packet = receive_packet(init_channel_.get(),
                               {reinterpret_cast<char*>(&message), sizeof message}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof message) {
    // Its end follows on the pidfd.
    init_watch_.reset();
    return;
  }
  message.text[sizeof message.text - 1] = '\0';
  switch (message.kind) {
    case InitKind::map_me:
      if (write_id_map(packet->sender)) {
        (void)send_message(init_channel_.get(), {.kind = InitKind::mapped});
      } else {
        failure_ = "its id map could not be written";
        kill_everything();
      }
      break;
    case InitKind::started:
      if (packet->cut) {
        failure_ = error_text("descriptors of its listening sockets", EMFILE);
        kill_everything();
        break;
      }
      main_pid_ = message.value;
      listeners_ = std::move(packet->fds);
      init_started_ = true;
      say_started();
      break;
    case InitKind::exited:
      on_exited(message);
      break;
    case InitKind::prepared:
      for (const auto& nest : nests_) {
        if (nest->number() != static_cast<std::uint64_t>(message.status) || packet->fds.empty())
          continue;
        nest->prepared(message.value, std::move(packet->fds[0]));
        break;
      }
      break;
    case InitKind::failed:
      failure_ = message.text;
      break;
    default:
      break;
  }
}

// From the function's process, before its program runs; the end of the channel says that it runs.
void Sandbox::on_setup_message() {
  InitMessage message;
  auto packet = receive_packet(setup_channel_.get(),
                               {reinterpret_cast<char*>(&message), sizeof message}, Wait::no);
  if (!packet && packet.error() == EAGAIN) return;
  if (!packet || packet->size != sizeof message) {
    setup_watch_.reset();
    setup_channel_.reset();
    program_runs_ = listener_ && failure_.empty();
    return say_started();
  }
  message.text[sizeof message.text - 1] = '\0';
  if (message.kind == InitKind::failed) {
    failure_ = message.text;
  } else if (message.kind == InitKind::listener && packet->fds.size() == 1) {
    listener_ = std::move(packet->fds[0]);
    listener_watch_ = shared_.loop.watch(listener_.get(), [this] { on_held_call(); });
  } else if (message.kind == InitKind::main_here) {
    main_host_pid_ = packet->sender;
    (void)write_file("/proc/" + std::to_string(main_host_pid_) + "/oom_score_adj",
                     kOutOfMemoryScore);
    moving_ =
        shared_.keeper.add(group_->name(), main_host_pid_, init_.pid, [this](const auto& added) {
          if (added) {
            (void)send_message(setup_channel_.get(), {.kind = InitKind::go});
            return;
          }
          if (failure_.empty()) failure_ = added.error();
          kill_everything();
        });
  }
}

void Sandbox::say_started() {
  if (answered_ || !init_started_ || !program_runs_) return;
  answered_ = true;
  state_ = State::running;
  deadline_.reset();
  clone_watch_ = shared_.loop.watch(clone_channel_.get(), [this] { on_clone_channel(); });
  std::vector<int> attached;
  for (const base::UniqueFd& listener : listeners_) attached.push_back(listener.get());
  const bool inside_socket =
      request_.spec.inside_socket && request_.spec.network == Network::isolated;
  shared_.answer(StartedAnswer{request_.id, group_->usage_files(0), user(), inside_socket},
                 attached);
  listeners_.clear();
  // Only templates are made of zygotes.
  if (wanted_zygote() != 0) make_first_nest();
}

void Sandbox::refuse(const std::string& why) {
  answered_ = true;
  state_ = State::ended;
  shared_.answer(RefusedAnswer{request_.id, "starting " + request_.spec.name + ": " + why}, {});
  shared_.something_ended();
}

void Sandbox::on_exited(const InitMessage& message) {
  if (message.value == main_pid_ && !main_exit_) {
    main_exit_ = message;
    return main_ended();
  }
  // First those that this side knows by itself, then those whose numbers a template has told.
  for (const auto& nest : nests_) {
    if (nest->init_exited(message)) return;
  }
  for (const auto& nest : nests_) {
    if (nest->clone_exited(message)) return;
  }
}

bool Sandbox::has_live_clones() const {
  for (const auto& nest : nests_) {
    if (nest->id() && nest->state() != Nest::State::ended) return true;
  }
  return false;
}

// The function's process has ended. What it left running ends too; clones of it live on, as long as
// groups tell them apart from it.
void Sandbox::main_ended() {
  if (state_ == State::starting) return kill_everything();
  if (state_ != State::running) return;
  if (request_.spec.lingers) {
    Exit exit = exit_now();
    exit.lingers = true;
    return shared_.answer(ExitAnswer{exit}, {});
  }
  state_ = State::ending;
  clone_watch_.reset();
  refuse_all_clones("the template has ended");
  std::vector<Nest*> unused;
  for (const auto& nest : nests_) {
    if (nest->state() != Nest::State::running) unused.push_back(nest.get());
  }
  for (Nest* nest : unused) nest->end("the template has ended");
  if (!has_live_clones() || !shared_.cgroups.any()) return kill_everything();
  group_->kill_all();
  finish_if_done();
}

// With clones alive: waits until nothing is left of the template itself.
void Sandbox::finish_if_done() {
  if (state_ != State::ending) return;
  if (!has_live_clones()) return kill_everything();
  if (!group_) return;  // said already; the clones are waited for
  if (!group_->empty()) {
    group_->kill_all();
    retry_ = shared_.loop.after(std::chrono::milliseconds(2), [this] { finish_if_done(); });
    return;
  }
  say_exit();
}

void Sandbox::kill_everything() {
  if (init_.handle) ::syscall(SYS_pidfd_send_signal, init_.handle.get(), SIGKILL, nullptr, 0);
}

void Sandbox::terminate() {
  if (state_ == State::running)
    (void)send_message(init_channel_.get(), {.kind = InitKind::terminate});
}

void Sandbox::set_cpus(double cpus) {
  if (state_ != State::running) return;
  if (auto done = group_->set_cpus(cpus); !done)
    base::log_warn("sandbox {}: {}", request_.spec.name, done.error());
}

bool Sandbox::kill(ProcessId id) {
  if (id == request_.id) {
    if (state_ == State::starting) failure_ = "it was killed";
    if (state_ == State::running && has_live_clones() && shared_.cgroups.any()) {
      group_->kill_all();
    } else if (state_ != State::ending) {
      kill_everything();
    }
    return true;
  }
  for (const auto& nest : nests_) {
    if (nest->id() != id) continue;
    nest->end("it was killed");
    return true;
  }
  for (auto pending = pending_.begin(); pending != pending_.end(); ++pending) {
    if (pending->request.id != id) continue;
    shared_.answer(RefusedAnswer{id, "it was killed"}, {});
    pending_.erase(pending);
    return true;
  }
  return false;
}

void Sandbox::on_init_ended() {
  // What it said last is still in the channel: the exit of the function's process, or why it
  // failed.
  while (init_watch_) on_init_message();
  end_watch_.reset();
  while (::waitpid(init_.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  while (setup_watch_ && failure_.empty() && !answered_) on_setup_message();
  deadline_.reset();
  refuse_all_clones("the template has ended");
  std::vector<Nest*> all;
  for (const auto& nest : nests_) all.push_back(nest.get());
  for (Nest* nest : all) nest->init_is_gone();
  if (!answered_) return refuse(failure_.empty() ? "its first process was killed" : failure_);
  say_exit();
  state_ = State::ended;
  shared_.something_ended();
}

Exit Sandbox::exit_now() const {
  Exit exit;
  exit.id = request_.id;
  exit.signal = SIGKILL;  // where it went down with its init
  if (main_exit_) {
    exit.status = WIFEXITED(main_exit_->status) ? WEXITSTATUS(main_exit_->status) : 0;
    exit.signal = WIFSIGNALED(main_exit_->status) ? WTERMSIG(main_exit_->status) : 0;
    exit.usage = Usage{main_exit_->cpu_us, 0, main_exit_->peak_memory_bytes};
  }
  if (auto used = UsageReader(group_->usage_files(0)).read()) exit.usage = *used;
  exit.out_of_memory = group_->out_of_memory_kills() > 0;
  return exit;
}

void Sandbox::say_exit() {
  if (!group_) return;
  shared_.answer(ExitAnswer{exit_now()}, {});
  shared_.keeper.remove(group_->name());
  group_.reset();
}

}  // namespace mayfly::sandbox
