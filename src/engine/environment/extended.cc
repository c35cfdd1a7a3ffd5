// What extensions make of an environment's life: INIT and events that wait for them, an answer that
// does not, and the shutdown phase.
#include <utility>

#include "engine/environment/environment.h"

namespace mayfly::engine {
namespace {

// Of the shutdown phase, as AWS has them: with external extensions, of which the runtime has a part
// before they are told; and with internal ones only.
constexpr std::chrono::milliseconds kShutdownBudget{2'000};
constexpr std::chrono::milliseconds kRuntimeBudget{600};
constexpr std::chrono::milliseconds kInternalBudget{500};

}  // namespace

Telemetry* Environment::wanted_telemetry() const {
  if (setup_.extensions == nullptr || !setup_.extensions->telemetry()->wanted()) return nullptr;
  return setup_.extensions->telemetry().get();
}

void Environment::extensions_changed() {
  if (state_ == State::ended) return;
  if (auto failure = setup_.extensions->failure()) {
    if (state_ == State::busy) {
      const sandbox::Usage usage = services_.warden.usage(id()).value_or(sandbox::Usage{});
      return fail(extension_failure(pending_->event.request_id, *failure), usage);
    }
    if (!init_) return leave("failure");
    InitResult result;
    result.extension = std::move(failure);
    return finish_init(std::move(result));
  }
  if (!setup_.extensions->waiting()) return;
  if (state_ == State::initializing && readiness_) {
    Readiness readiness = *std::exchange(readiness_, std::nullopt);
    guest_ready(std::move(readiness));
  } else if (state_ == State::busy && held_answer_) {
    complete(*std::exchange(held_answer_, std::nullopt));
  }
}

void Environment::answer_early(Answer answer) {
  Outcome outcome;
  outcome.cold_start = cost_ ? cost_->kind : ports::ColdStart::none;
  outcome.init_ms = cost_ ? cost_->init_ms : 0;
  const base::MonotonicTime now = services_.clock.monotonic();
  outcome.duration_ms = std::chrono::duration<double, std::milli>(now - started_).count();
  drain_output();
  outcome.log_tail = output_.tail();
  if (answer.is_error) {
    outcome.function_error = "Unhandled";
    outcome.error_type = answer.error_type;
    outcome.payload = answer.payload;
  } else if (answer.payload.size() <= services_.options.response_limit) {
    outcome.payload = delivery_->began() ? std::exchange(answer.payload, {})
                                         : delivery_->whole(std::exchange(answer.payload, {}),
                                                            answer.content_type);
  }
  answer.delivered = true;
  const bool too_large = answer.payload.size() > services_.options.response_limit;
  if (too_large) {
    const Failure failure = too_large_failure(services_.options.response_limit);
    outcome.payload = failure.payload;
    outcome.function_error = "Unhandled";
    outcome.error_type = failure.error_type;
  }
  answered_ = Answered{now, static_cast<std::int64_t>(outcome.payload.size())};
  // Extensions may wait for this before they ask for their next event.
  if (Telemetry* telemetry = wanted_telemetry()) {
    Report report;
    report.request_id = pending_->event.request_id;
    report.duration_ms = outcome.duration_ms;
    report.produced_bytes = answered_->bytes;
    if (outcome.function_error) {
      report.status = "error";
      report.error_type = outcome.error_type;
    }
    telemetry->add(Telemetry::Kind::platform,
                   telemetry_records().runtime_done(services_.clock.now(), report));
  }
  held_answer_ = std::move(answer);
  pending_->done.set(std::move(outcome));
}

// exited() closes it. The output is read until then: extensions say their last words.
bool Environment::shut_down(std::string_view reason) {
  using Kind = Extensions::Kind;
  const Kind kind = setup_.extensions != nullptr ? setup_.extensions->kind() : Kind::none;
  if (kind == Kind::none || (kind == Kind::internal && !runtime_alive_)) return false;
  const auto budget = kind == Kind::external ? kShutdownBudget : kInternalBudget;
  shutdown_timer_ = loop_.after(budget, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->services_.warden.kill(self->id());
  });
  shutdown_reason_ = reason;
  shutdown_deadline_ms_ = base::epoch_ms(services_.clock.now() + budget);
  if (!runtime_alive_) {
    tell_shutdown();
    return true;
  }
  services_.warden.terminate(id());
  if (kind == Kind::internal) return true;
  // guest_lost() or exited() may tell sooner that the runtime has ended.
  runtime_timer_ = loop_.after(kRuntimeBudget, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->shut_down_extensions();
  });
  return true;
}

void Environment::shut_down_extensions() {
  if (!runtime_timer_) return;
  runtime_timer_.reset();
  tell_shutdown();
}

void Environment::tell_shutdown() {
  drain_output();
  if (!setup_.extensions->shut_down(shutdown_reason_, shutdown_deadline_ms_))
    services_.warden.kill(id());
}

}  // namespace mayfly::engine
