// Environment: one sandboxed process of a function version: a template, or what handles events, one
// at a time.
//
// It speaks with its guest, reads its output, keeps its deadlines, notices its end, and writes its
// lines, its usage records and its callers' outcomes. It decides nothing: the scheduler gives it
// events and ends it.
//
// Life: open() -> INIT (exec, template) or ready at once (clone) -> idle <-> busy -> ended.
// Everything but the constructor, id() and loop() happens on its loop. Owned by the registry until
// its process has ended, and by the pool. Failure: a process that ends, in whatever state, ends its
// environment; the event it had is answered as Lambda answers it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/environment/delivery.h"
#include "engine/environment/output.h"
#include "engine/environment/pending.h"
#include "engine/guest/guest.h"
#include "engine/report/closing.h"
#include "engine/report/failure.h"
#include "engine/report/lines.h"
#include "engine/runtime_api/extension_ends.h"
#include "engine/runtime_api/extensions.h"
#include "engine/services.h"

namespace mayfly::engine {

struct Pool;

// How INIT ended.
struct InitResult {
  bool ok = false;
  double init_ms = 0;
  Readiness readiness;                        // where ok
  bool timed_out = false;                     // else: the budget ran out,
  std::optional<Answer> error;                //   the guest told an error,
  std::optional<ExtensionFailure> extension;  // an extension gave up or crashed,
  sandbox::Exit exit;                         //   or it ended by itself
};

// How long an event of the function may take; a function without a limit is told that it has a
// year.
std::chrono::milliseconds time_limit(const FunctionSpec& function);

// What the first event of an environment finds and is told about in its REPORT.
struct ColdStartCost {
  ports::ColdStart kind = ports::ColdStart::none;
  double init_ms = 0;
};

class Environment final : public std::enable_shared_from_this<Environment>, private Guest::Events {
 public:
  class Owner {
   public:
    // The environment has answered and is free; the event that it shall take next, or null.
    // `memory_bytes`: what it holds now.
    virtual std::unique_ptr<Pending> finished(const std::shared_ptr<Environment>& environment,
                                              std::int64_t memory_bytes) = 0;
    // It takes no more events; called once, before the outcome of its last event is set.
    virtual void ended(const std::shared_ptr<Environment>& environment) = 0;
    // It had ended before it could take this event: another one has to.
    virtual void returned(std::unique_ptr<Pending> pending) = 0;

   protected:
    ~Owner() = default;
  };

  struct Setup {
    std::shared_ptr<const FunctionSpec> function;
    RuntimeLabel label;
    std::string log_stream;
    sandbox::ProcessId id = 0;
    base::UniqueFd output;
    std::shared_ptr<Extensions> extensions = nullptr;  // where it has, or may have, any
    // Of external ones: what they write, and lines that tell how each has ended ("STATUS NAME").
    base::UniqueFd extensions_output = {}, extensions_ends = {};
  };

  // The scheduler's own notes, under the scheduler's lock.
  enum class Place { starting, template_, prepared, idle, busy, gone };
  struct Slot {
    std::shared_ptr<Pool> pool;
    Place place = Place::starting;
    bool provisioned = false;
    bool unused = false;  // it has run INIT and never an event
    enum class Made { started, cloned } made = Made::started;
    std::int64_t charge_bytes = 0;
    base::MonotonicTime idle_since;
  };

  Environment(const Services& services, Owner& owner, http::Loop& loop, Setup setup);
  ~Environment();

  sandbox::ProcessId id() const { return setup_.id; }
  http::Loop& loop() const { return loop_; }
  const std::shared_ptr<const FunctionSpec>& function() const { return setup_.function; }
  const RuntimeLabel& label() const { return setup_.label; }
  const std::string& log_stream() const { return setup_.log_stream; }
  Guest::Events& guest_events() { return *this; }

  Slot& slot() { return slot_; }

  // Begins to watch the output. `on_close` runs when the environment lets go of its descriptors
  // (listeners of its own).
  void open(std::unique_ptr<Guest> guest, std::function<void()> on_close);
  // Writes INIT_START and waits for INIT to end, at most `budget`. The environment has ended where
  // it did not end well.
  base::Task<InitResult> initialize(std::chrono::milliseconds budget, InitPhase phase);
  // From now on it takes events; the first one bears the cost. The guest is told first where it
  // logs, and why it was started.
  enum class Initialization { on_demand, provisioned_concurrency };
  void ready(ColdStartCost cost, const std::string& log_stream, Initialization initialization);
  // Idle only. `started`: when its time began (now, unless an INIT inside the invocation came
  // before).
  void begin(std::unique_ptr<Pending> pending, std::optional<base::MonotonicTime> started = {});
  // Kills the process. An event under way is answered as by its exit.
  void end();
  void exited(sandbox::Exit exit);
  // Acts where the deadline of the event, or of INIT, has passed by the clock.
  void check_deadline();

 private:
  enum class State { initializing, idle, busy, ended };

  void guest_ready(Readiness readiness) override;
  void guest_init_failed(Answer error) override;
  void guest_answered(Answer answer) override;
  void guest_stream_begins(std::string content_type) override;
  void guest_stream_chunk(std::string bytes) override;
  void guest_stream_ends(std::optional<Answer> error) override;
  void guest_lost(Loss loss) override;

  void watch_output(Output::From from);
  void output_readable(Output::From from);
  void drain_output();
  void flush_lines();
  void arm_deadline(base::MonotonicTime at);
  void deadline_fired();
  void finish_init(InitResult result);
  void let_flow();
  void complete(Answer answer);
  void extensions_changed();
  Telemetry* wanted_telemetry() const;  // null where nobody has, or can have, subscribed
  void tell_init_start();
  void tell_init_end(const InitResult& result);
  // The shutdown phase: SIGTERM for the runtime, SHUTDOWN for external extensions, the end.
  bool shut_down(std::string_view reason);
  void shut_down_extensions();
  void tell_shutdown();
  // The caller is answered while extensions still work on the event.
  void answer_early(Answer answer);
  void fail(Failure failure, sandbox::Usage usage);
  ports::Provisioned provisioned() const;
  Closing closing(Answer answer, std::chrono::nanoseconds duration, const sandbox::Usage& usage);
  void leave(std::string_view shutdown_reason = "spindown");
  void close();

  const Services& services_;
  Owner& owner_;
  http::Loop& loop_;
  Setup setup_;
  Slot slot_;
  Initialization initialization_ = Initialization::on_demand;
  PlatformLines lines_;
  State state_ = State::initializing;
  // The sandbox, and the runtime in it: extensions outlive that by the shutdown phase.
  bool process_alive_ = true, runtime_alive_ = true;
  bool doomed_ = false;  // told to end while it was busy: takes no further event

  std::unique_ptr<Guest> guest_;
  std::function<void()> on_close_;
  Output output_;
  std::unique_ptr<http::Loop::Token> output_watches_[2];
  std::optional<ExtensionEnds> extension_ends_;
  std::unique_ptr<http::Loop::Token> flush_timer_;
  std::unique_ptr<http::Loop::Token> exit_timer_;

  // One timer that is moved only when it fires too early, so that an event does not cost a timer.
  std::optional<base::MonotonicTime> deadline_;
  base::MonotonicTime timer_at_{};
  std::unique_ptr<http::Loop::Token> timer_;

  std::optional<base::OneShot<InitResult>> init_;
  base::MonotonicTime init_started_{};
  InitPhase init_phase_ = InitPhase::init;

  std::optional<Readiness> readiness_;  // the runtime's, while extensions are not ready
  std::optional<Answer> held_answer_;   // was delivered; extensions still work on the event
  struct Answered {
    base::MonotonicTime at;
    std::int64_t bytes;
  };
  std::optional<Answered> answered_;  // of that
  std::unique_ptr<http::Loop::Token> runtime_timer_, shutdown_timer_;
  std::string shutdown_reason_;  // while the runtime is asked to end, and extensions not yet
  std::int64_t shutdown_deadline_ms_ = 0;

  std::unique_ptr<Pending> pending_;
  std::optional<Delivery> delivery_;  // of the event under way
  bool waits_for_reader_ = false, waits_for_pace_ = false;
  std::unique_ptr<http::Loop::Token> pace_timer_;
  base::MonotonicTime started_{};
  base::WallTime started_wall_{};
  std::optional<ColdStartCost> cost_;
  std::int64_t cpu_before_us_ = 0;
};

}  // namespace mayfly::engine
