#include "engine/environment/environment.h"

#include <algorithm>
#include <utility>

#include "engine/report/closing.h"

namespace mayfly::engine {
namespace {

constexpr std::size_t kReadBudget = 256 * 1024;  // of output, each time the loop comes by
constexpr std::size_t kDrainBudget =
    4 * 1024 * 1024;  // at the end of an event: a pipe holds far less
constexpr std::size_t kFlushBytes = 64 * 1024;
constexpr std::chrono::milliseconds kFlushDelay{250};
constexpr std::chrono::milliseconds kExitPatience{1'000};

}  // namespace

std::chrono::milliseconds time_limit(const FunctionSpec& function) {
  constexpr std::chrono::hours kNoLimit{24 * 365};
  return function.timeout_s > 0 ? std::chrono::seconds(function.timeout_s)
                                : std::chrono::milliseconds(kNoLimit);
}

Environment::Environment(const Services& services, Owner& owner, http::Loop& loop, Setup setup)
    : services_(services),
      owner_(owner),
      loop_(loop),
      setup_(std::move(setup)),
      lines_(setup_.function->log_format, setup_.function->system_log_level),
      output_(services.clock) {
  output_.set_pipe(Output::From::function, std::move(setup_.output));
  output_.set_pipe(Output::From::extensions, std::move(setup_.extensions_output));
}

Environment::~Environment() = default;

void Environment::open(std::unique_ptr<Guest> guest, std::function<void()> on_close) {
  guest_ = std::move(guest);
  on_close_ = std::move(on_close);
  if (setup_.extensions != nullptr) {
    output_.listen([telemetry = setup_.extensions->telemetry()](
                       Output::From from, base::WallTime time, std::string_view line) {
      telemetry->add_line(
          from == Output::From::function ? Telemetry::Kind::function : Telemetry::Kind::extension,
          time, line);
    });
    setup_.extensions->telemetry()->listen([this](const Subscriber& subscriber) {
      drain_output();  // what was written before it asked
      output_.add(lines_.subscription(services_.clock.now(), subscriber));
    });
    setup_.extensions->attach([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->extensions_changed();
    });
  }
  // A process that ended before it could be opened is told by exited(), which comes as a task of
  // its own.
  watch_output(Output::From::function);
  watch_output(Output::From::extensions);
  if (setup_.extensions_ends)
    extension_ends_.emplace(loop_, std::move(setup_.extensions_ends), *setup_.extensions);
}

void Environment::watch_output(Output::From from) {
  if (output_.fd(from) < 0) return;
  output_watches_[static_cast<std::size_t>(from)] =
      loop_.watch_readable(output_.fd(from), [this, from] { output_readable(from); });
}

base::Task<InitResult> Environment::initialize(std::chrono::milliseconds budget, InitPhase phase) {
  init_phase_ = phase;
  init_started_ = services_.clock.monotonic();
  tell_init_start();
  if (state_ == State::ended) {
    InitResult result;
    result.exit.status = 1;
    co_return result;
  }
  init_.emplace();
  arm_deadline(init_started_ + budget);
  const base::OneShot<InitResult> done = *init_;
  co_return co_await done.wait();
}

void Environment::ready(ColdStartCost cost, const std::string& log_stream,
                        Initialization initialization) {
  if (state_ != State::initializing) return;
  state_ = State::idle;
  initialization_ = initialization;
  cost_ = cost;
  if (cost.kind != ports::ColdStart::clone) {
    if (const auto usage = services_.warden.usage(id())) cpu_before_us_ = usage->cpu_us;
  }
  const bool provisioned = initialization == Initialization::provisioned_concurrency;
  guest_->set_variables(
      {{"AWS_LAMBDA_LOG_STREAM_NAME", log_stream},
       {"AWS_LAMBDA_INITIALIZATION_TYPE", provisioned ? "provisioned-concurrency" : "on-demand"}});
}

void Environment::begin(std::unique_ptr<Pending> pending,
                        std::optional<base::MonotonicTime> started) {
  if (state_ == State::ended) return owner_.returned(std::move(pending));
  pending_ = std::move(pending);
  started_ = started.value_or(services_.clock.monotonic());
  started_wall_ = services_.clock.now();
  open_event(services_, lines_, output_, *setup_.function, pending_->event);
  if (Telemetry* telemetry = wanted_telemetry()) {
    telemetry->add(Telemetry::Kind::platform,
                   telemetry_records().start(services_.clock.now(), pending_->event.request_id,
                                             setup_.function->version));
  }
  state_ = State::busy;
  delivery_.emplace(services_.options, services_.clock, pending_->event.stream);
  const auto limit = time_limit(*setup_.function);
  if (setup_.function->timeout_s > 0) arm_deadline(started_ + limit);
  const auto left = limit - std::chrono::duration_cast<std::chrono::milliseconds>(
                                services_.clock.monotonic() - started_);
  const std::int64_t deadline_ms = base::epoch_ms(started_wall_ + left);
  if (setup_.extensions != nullptr) setup_.extensions->invoke(pending_->event, deadline_ms);
  guest_->invoke(pending_->event, deadline_ms);
}

void Environment::end() {
  switch (state_) {
    case State::ended:
      return;
    case State::initializing:
      if (init_) {
        InitResult result;
        result.exit.signal = 9;
        return finish_init(std::move(result));
      }
      return leave();
    case State::idle:
      return leave();
    case State::busy:
      // exited() answers the event once the process is gone; or its answer is on its way already.
      doomed_ = true;
      services_.warden.kill(id());
      return;
  }
}

void Environment::exited(sandbox::Exit exit) {
  const bool runtime_ended = std::exchange(runtime_alive_, false);
  if (exit.lingers ? !runtime_ended : !std::exchange(process_alive_, false)) return;
  const auto self = shared_from_this();
  // With the last extension the runtime ends: what ended first is to be told.
  if (extension_ends_ && state_ != State::ended) {
    extension_ends_->read();
    extensions_changed();
  }
  if (guest_ && state_ != State::ended) guest_->process_ended();
  switch (state_) {
    case State::initializing:
      drain_output();
      if (init_) {
        InitResult result;
        result.exit = exit;
        finish_init(std::move(result));
      } else {
        leave();
      }
      break;
    case State::busy:
      if (delivery_->began()) {
        fail(truncated_failure(pending_->event.request_id,
                               exit.out_of_memory ? "Runtime.OutOfMemory" : ""),
             exit.usage);
      } else {
        fail(exit_failure(pending_->event.request_id, exit), exit.usage);
      }
      break;
    case State::idle:
      drain_output();
      leave();
      break;
    case State::ended:
      if (exit.lingers) {
        shut_down_extensions();
      } else if (shutdown_timer_) {
        shutdown_timer_.reset();
        runtime_timer_.reset();
        drain_output();
        flush_lines();
        loop_.post([self] { self->close(); });
      }
      break;
  }
}

void Environment::arm_deadline(base::MonotonicTime at) {
  deadline_ = at;
  if (timer_ && timer_at_ <= at) return;
  timer_at_ = at;
  const auto delay =
      std::max(at - services_.clock.monotonic(), base::MonotonicTime::duration::zero());
  timer_ =
      loop_.after(std::chrono::ceil<std::chrono::microseconds>(delay), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->deadline_fired();
      });
}

void Environment::deadline_fired() {
  timer_.reset();
  check_deadline();
  if (deadline_ && state_ != State::ended) arm_deadline(*deadline_);
}

void Environment::check_deadline() {
  if (!deadline_ || services_.clock.monotonic() < *deadline_) return;
  if (state_ == State::initializing && init_) {
    InitResult result;
    result.timed_out = true;
    finish_init(std::move(result));
  } else if (state_ == State::busy) {
    const sandbox::Usage usage = services_.warden.usage(id()).value_or(sandbox::Usage{});
    fail(timeout_failure(pending_->event.request_id, base::iso8601_ms(services_.clock.now()),
                         time_limit(*setup_.function)),
         usage);
  }
}

void Environment::finish_init(InitResult result) {
  if (!init_) return;
  const base::OneShot<InitResult> done = *std::exchange(init_, std::nullopt);
  deadline_.reset();
  result.init_ms =
      std::chrono::duration<double, std::milli>(services_.clock.monotonic() - init_started_)
          .count();
  // One that failed and still runs has not told yet what it used.
  if (!result.ok && result.exit.usage.peak_memory_bytes == 0)
    result.exit.usage = services_.warden.usage(id()).value_or(sandbox::Usage{});
  drain_output();
  tell_init_end(result);
  if (setup_.extensions != nullptr) setup_.extensions->init_ended();
  if (!result.ok) leave(result.timed_out ? "timeout" : "failure");
  flush_lines();
  done.set(std::move(result));
}

void Environment::tell_init_start() {
  const base::WallTime now = services_.clock.now();
  output_.add(lines_.init_start(now, setup_.label, *setup_.function));
  if (Telemetry* telemetry = wanted_telemetry()) {
    telemetry->add(Telemetry::Kind::platform,
                   telemetry_records().init_start(now, setup_.label, *setup_.function));
  }
}

void Environment::tell_init_end(const InitResult& result) {
  InitReport report;
  report.init_ms = result.init_ms;
  report.phase = init_phase_;
  report.status = result.ok ? "success" : result.timed_out ? "timeout" : "error";
  if (result.extension) {
    report.error_type = result.extension->type;
  } else if (result.error) {
    report.error_type = result.error->error_type;
  } else if (!result.ok && !result.timed_out) {
    report.error_type = result.exit.out_of_memory ? "Runtime.OutOfMemory" : "Runtime.ExitError";
  }
  const base::WallTime now = services_.clock.now();
  std::vector<ExtensionState> extensions;
  if (setup_.extensions != nullptr) extensions = setup_.extensions->states();
  output_.add(lines_.init_runtime_done(now, report));
  for (const ExtensionState& each : extensions) output_.add(lines_.extension(now, each));
  output_.add(lines_.init_report(now, report));
  Telemetry* telemetry = wanted_telemetry();
  if (telemetry == nullptr) return;
  telemetry->add(Telemetry::Kind::platform, telemetry_records().init_runtime_done(now, report));
  for (const ExtensionState& each : extensions)
    telemetry->add(Telemetry::Kind::platform, telemetry_records().extension(now, each));
  telemetry->add(Telemetry::Kind::platform, telemetry_records().init_report(now, report));
}

void Environment::guest_ready(Readiness readiness) {
  if (state_ != State::initializing || !init_) return end();
  if (setup_.extensions != nullptr) {
    if (!setup_.extensions->waiting()) {
      readiness_ = std::move(readiness);
      return;
    }
  }
  InitResult result;
  result.ok = true;
  result.readiness = std::move(readiness);
  finish_init(std::move(result));
}

void Environment::guest_init_failed(Answer error) {
  if (state_ != State::initializing || !init_) return end();
  InitResult result;
  result.error = std::move(error);
  finish_init(std::move(result));
}

void Environment::guest_answered(Answer answer) {
  if (state_ != State::busy) return end();  // nobody asked it
  complete(std::move(answer));
}

void Environment::guest_stream_begins(std::string content_type) {
  if (state_ != State::busy || delivery_->began()) return end();
  delivery_->begin({ResponseStream::Mode::streaming, std::move(content_type)},
                   [&loop = loop_, weak = weak_from_this()] {
                     loop.post([weak] {
                       const auto self = weak.lock();
                       if (!self) return;
                       self->waits_for_reader_ = false;
                       self->let_flow();
                     });
                   });
}

void Environment::guest_stream_chunk(std::string bytes) {
  if (state_ == State::ended) return;
  if (state_ != State::busy || !delivery_->began()) return end();
  const Delivery::Added added = delivery_->add(std::move(bytes));
  if (added.too_large) {
    const sandbox::Usage usage = services_.warden.usage(id()).value_or(sandbox::Usage{});
    return fail(too_large_failure(delivery_->limit()), usage);
  }
  waits_for_reader_ = waits_for_reader_ || added.full;
  if (added.wait.count() > 0) {
    waits_for_pace_ = true;
    pace_timer_ = loop_.after(added.wait, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->waits_for_pace_ = false;
      self->let_flow();
    });
  }
  if (waits_for_reader_ || waits_for_pace_) guest_->set_flow(Guest::Flow::hold);
}

void Environment::let_flow() {
  if (state_ == State::busy && !waits_for_reader_ && !waits_for_pace_)
    guest_->set_flow(Guest::Flow::go);
}

void Environment::guest_stream_ends(std::optional<Answer> error) {
  if (state_ == State::ended) return;
  if (state_ != State::busy || !delivery_->began()) return end();
  if (error) return complete(std::move(*error));
  Answer answer;
  answer.payload = delivery_->collected();
  complete(std::move(answer));
}

void Environment::guest_lost(Loss loss) {
  if (!process_alive_) return;
  if (state_ == State::ended) return shut_down_extensions();
  if (loss == Loss::truncated && state_ == State::busy) {
    const sandbox::Usage usage = services_.warden.usage(id()).value_or(sandbox::Usage{});
    return fail(truncated_failure(pending_->event.request_id, ""), usage);
  }
  if (loss == Loss::broken || state_ == State::idle) return end();
  // It closes its end on its way out (Node.js does so well before it exits): its exit tells with
  // which status. One that only closed the socket and lives on is ended.
  exit_timer_ = loop_.after(kExitPatience, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->services_.warden.kill(self->id());
  });
}

void Environment::complete(Answer answer) {
  const auto self = shared_from_this();
  if (setup_.extensions != nullptr && !answer.delivered && !setup_.extensions->waiting())
    return answer_early(std::move(answer));
  deadline_.reset();
  drain_output();
  const auto duration = services_.clock.monotonic() - started_;
  const sandbox::Usage usage = services_.warden.usage(id()).value_or(sandbox::Usage{});
  std::optional<Failure> failure;
  if (answer.payload.size() > services_.options.response_limit)
    failure = too_large_failure(services_.options.response_limit);
  if (!failure && !answer.is_error && !answer.delivered && !delivery_->began())
    answer.payload = delivery_->whole(std::move(answer.payload), std::move(answer.content_type));
  Closing end = closing(std::move(answer), duration, usage);
  if (failure) end.failure = &*failure;
  cpu_before_us_ = usage.cpu_us;
  Outcome outcome = close_event(services_, lines_, output_, setup_.log_stream, std::move(end));
  const std::unique_ptr<Pending> answered = std::move(pending_);
  state_ = State::idle;
  if (waits_for_reader_ || waits_for_pace_) {
    waits_for_reader_ = waits_for_pace_ = false;
    pace_timer_.reset();
    guest_->set_flow(Guest::Flow::go);
  }
  if (process_alive_ && !doomed_) {
    // First the next event: the guest works while this one's caller is told.
    if (std::unique_ptr<Pending> next = owner_.finished(self, usage.memory_bytes))
      begin(std::move(next));
  } else {
    leave();
  }
  answered->done.set(std::move(outcome));
}

ports::Provisioned Environment::provisioned() const {
  if (initialization_ == Initialization::provisioned_concurrency) return ports::Provisioned::used;
  return pending_->wants_provisioned ? ports::Provisioned::spilled : ports::Provisioned::none;
}

Closing Environment::closing(Answer answer, std::chrono::nanoseconds duration,
                             const sandbox::Usage& usage) {
  const ColdStartCost cost = std::exchange(cost_, std::nullopt).value_or(ColdStartCost{});
  const auto produced = static_cast<std::int64_t>(answer.payload.size());
  Closing out{*setup_.function,
              pending_->event,
              std::move(answer),
              nullptr,
              started_wall_,
              duration,
              cost.init_ms,
              cost.kind,
              usage.peak_memory_bytes,
              std::max<std::int64_t>(0, usage.cpu_us - cpu_before_us_),
              pending_->concurrency,
              wanted_telemetry(),
              provisioned()};
  out.produced_bytes = produced;
  const bool extended =
      setup_.extensions != nullptr && setup_.extensions->kind() != Extensions::Kind::none;
  if (extended) out.extensions = std::chrono::nanoseconds::zero();
  if (const auto answered = std::exchange(answered_, std::nullopt)) {
    out.extensions =
        std::max(duration - (answered->at - started_), std::chrono::nanoseconds::zero());
    out.produced_bytes = answered->bytes;
    out.runtime_done = Closing::RuntimeDone::told;
  }
  return out;
}

void Environment::fail(Failure failure, sandbox::Usage usage) {
  const auto self = shared_from_this();
  deadline_.reset();
  held_answer_.reset();
  drain_output();
  auto duration = services_.clock.monotonic() - started_;
  if (failure.timeout)
    duration = time_limit(*setup_.function);  // Lambda reports and bills exactly the limit
  Closing end = closing(Answer{}, duration, usage);
  end.failure = &failure;
  Outcome outcome = close_event(services_, lines_, output_, setup_.log_stream, std::move(end));
  const std::unique_ptr<Pending> answered = std::move(pending_);
  leave(failure.timeout ? "timeout" : "failure");
  answered->done.set(std::move(outcome));
}

void Environment::output_readable(Output::From from) {
  if (output_.read(from, kReadBudget) == Output::State::closed)
    output_watches_[static_cast<std::size_t>(from)].reset();
  if (output_.pending_bytes() >= kFlushBytes) return flush_lines();
  if (!flush_timer_ && !output_.empty()) {
    flush_timer_ = loop_.after(kFlushDelay, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->flush_timer_.reset();
        self->flush_lines();
      }
    });
  }
}

void Environment::drain_output() {
  output_.read(Output::From::function, kDrainBudget);
  output_.read(Output::From::extensions, kDrainBudget);
  output_.end_lines();
}

void Environment::flush_lines() {
  append_lines(services_, output_, *setup_.function, setup_.log_stream);
}

void Environment::leave(std::string_view shutdown_reason) {
  if (state_ == State::ended) return;
  state_ = State::ended;
  deadline_.reset();
  flush_lines();
  owner_.ended(shared_from_this());
  if (process_alive_ && shut_down(shutdown_reason)) return;
  if (process_alive_) services_.warden.kill(id());
  // Not here: this may be called out of the guest or of one of the watches.
  loop_.post([self = shared_from_this()] { self->close(); });
}

void Environment::close() {
  for (auto& watch : output_watches_) watch.reset();
  extension_ends_.reset();
  flush_timer_.reset();
  exit_timer_.reset();
  timer_.reset();
  pace_timer_.reset();
  runtime_timer_.reset();
  if (setup_.extensions != nullptr) setup_.extensions->close();
  guest_.reset();
  output_.close();
  if (on_close_) std::exchange(on_close_, nullptr)();
}

}  // namespace mayfly::engine
