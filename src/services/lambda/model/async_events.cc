#include "services/lambda/model/async_events.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/strings.h"
#include "services/lambda/errors.h"
#include "services/lambda/model/invoker.h"
#include "services/lambda/model/lineage.h"
#include "wire/row.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kKind = "lambda.event";  // stored
constexpr std::int32_t kRetries = 2;
constexpr std::int32_t kMaxAgeSeconds = 6 * 3600;
constexpr std::chrono::seconds kMaxPause{300};

std::chrono::seconds pause_after(std::int32_t throttles) {
  const int exponent = std::min(throttles, 9);
  return std::min(kMaxPause, std::chrono::seconds{std::int64_t{1} << exponent});
}

// The id of the event that follows from an event: the same each time, so that a repeated
// transaction asks for one event.
std::string derived_id(const std::string& request_id) {
  const std::string hex = base::to_hex(base::sha256(request_id + "/destination"));
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20, 12);
}

wire::Document parsed_or_text(const std::string& payload) {
  auto document = wire::parse_json(payload);
  return document ? std::move(*document) : wire::Document(payload);
}

}  // namespace

// How an event ended, for its destination.
struct AsyncEvents::Verdict {
  std::string condition;                      // Success, RetriesExhausted, EventAgeExceeded, ...
  std::optional<ports::InvokeResult> result;  // of the last run, where there was one
  std::int32_t runs = 0;
};

void enqueue_event(store::Transaction& transaction, const base::Scope& scope,
                   const AsyncEvent& event, base::WallTime not_before) {
  work::enqueue(transaction, {.kind = std::string(kKind),
                              .scope = scope,
                              .payload = wire::to_row(event),
                              .not_before = not_before,
                              .id = event.request_id});
}

void AsyncEvents::attach(work::WorkQueue& queue, int concurrency) {
  queue.handle(std::string(kKind), concurrency,
               [this, &queue](work::Work work) { return handle(queue, std::move(work)); });
}

void AsyncEvents::tell(const base::Scope& scope, const AsyncEvent& event, std::string_view metric,
                       std::string_view unit, double value) {
  parts_.metrics.put({scope, event.name, event.qualifier, parts_.clock.now(), metric, unit, value});
}

base::Task<work::WorkOutcome> AsyncEvents::handle(work::WorkQueue& queue, work::Work work) {
  auto event = wire::from_row<AsyncEvent>(work.payload);
  if (!event) {
    base::log_error("an asynchronous event cannot be read and is dropped: {}",
                    event.error().message);
    co_return work::WorkOutcome::done();
  }
  EventConfigRow config;
  {
    const std::string qualifier =
        event->qualifier.empty() ? std::string(kLatest) : event->qualifier;
    std::unique_ptr<store::Transaction> transaction = parts_.store.begin();
    auto row = co_await find_row<EventConfigRow>(
        *transaction, event_config_key(work.scope, event->name, qualifier));
    if (row && *row) config = std::move(**row);
  }
  const base::WallTime deadline =
      base::from_epoch_ms(event->accepted_ms) +
      std::chrono::seconds{config.max_age_seconds.value_or(kMaxAgeSeconds)};
  if (parts_.clock.now() >= deadline) {
    const std::int32_t runs = event->errors;
    co_return co_await finish(queue, std::move(work), std::move(*event),
                              {"EventAgeExceeded", std::nullopt, runs});
  }

  tell(work.scope, *event, "AsyncEventAge", "Milliseconds",
       static_cast<double>(base::epoch_ms(parts_.clock.now()) - event->accepted_ms));
  ports::InvokeRequest request;
  request.scope = work.scope;
  request.function = event->name;
  request.qualifier = event->qualifier;
  request.payload = event->payload.bytes;
  request.client_context = event->client_context;
  request.trace_header = event->trace_header;
  auto result = co_await parts_.invoker.run(std::move(request), event->request_id);
  if (!result) {
    const wire::ApiError& error = result.error();
    if (error.spec == &kResourceNotFound) {
      // Deleted meanwhile: so are its events.
      tell(work.scope, *event, "AsyncEventsDropped", "Count", 1);
      base::log_info("event {} is dropped: {}", event->request_id, error.message);
      co_return work::WorkOutcome::done();
    }
    if (error.spec == &kRecursiveInvocation) {
      base::log_warn("event {} is dropped: {}", event->request_id, error.message);
      const std::int32_t runs = event->errors;
      co_return co_await finish(queue, std::move(work), std::move(*event),
                                {"RecursiveInvocation", std::nullopt, runs});
    }
    const wire::Document* reason = error.members.find("Reason");
    if (error.spec == &kTooManyRequests && reason != nullptr &&
        *reason == wire::Document("ReservedFunctionConcurrentInvocationLimitExceeded")) {
      std::unique_ptr<store::Transaction> transaction = parts_.store.begin();
      auto function =
          co_await find_row<FunctionRow>(*transaction, function_key(work.scope, event->name));
      if (function && *function && (*function)->reserved_concurrency == 0) {
        co_return co_await finish(queue, std::move(work), std::move(*event),
                                  {"ZeroReservedConcurrency", std::nullopt, 0});
      }
    }
    const base::WallTime again =
        std::min(parts_.clock.now() + pause_after(event->throttles++), deadline);
    co_return work::WorkOutcome::retry_with(again, wire::to_row(std::move(*event)));
  }
  if (result->function_error && stopping_) {
    co_return work::WorkOutcome::retry_at(parts_.clock.now() + std::chrono::seconds{1});
  }
  event->throttles = 0;
  const std::int32_t runs = event->errors + 1;
  if (!result->function_error) {
    co_return co_await finish(queue, std::move(work), std::move(*event),
                              {"Success", std::move(*result), runs});
  }
  ++event->errors;
  if (event->errors > config.retries.value_or(kRetries)) {
    co_return co_await finish(queue, std::move(work), std::move(*event),
                              {"RetriesExhausted", std::move(*result), runs});
  }
  const base::WallTime again = parts_.clock.now() + retry_pause_ * event->errors;
  if (again >= deadline) {
    co_return co_await finish(queue, std::move(work), std::move(*event),
                              {"EventAgeExceeded", std::move(*result), runs});
  }
  co_return work::WorkOutcome::retry_with(again, wire::to_row(std::move(*event)));
}

namespace {

// The record that a destination gets, as AWS writes it.
std::string destination_record(const base::Scope& scope, const AsyncEvent& event,
                               const std::string& condition,
                               const std::optional<ports::InvokeResult>& result, std::int32_t runs,
                               base::WallTime now) {
  wire::Document context;
  context.set("requestId", event.request_id);
  context.set("functionArn",
              function_arn(scope, event.name,
                           event.qualifier.empty() ? kLatest : std::string_view(event.qualifier)));
  context.set("condition", condition);
  context.set("approximateInvokeCount", static_cast<std::int64_t>(runs));
  wire::Document record;
  record.set("version", "1.0");
  record.set("timestamp", base::iso8601_ms(now));
  record.set("requestContext", std::move(context));
  record.set("requestPayload", parsed_or_text(event.payload.bytes));
  if (result) {
    wire::Document response;
    response.set("statusCode", 200);
    response.set("executedVersion", result->executed_version);
    if (result->function_error) response.set("functionError", *result->function_error);
    record.set("responseContext", std::move(response));
    record.set("responsePayload", parsed_or_text(result->payload));
  }
  return wire::to_json(record);
}

}  // namespace

base::Task<work::WorkOutcome> AsyncEvents::finish(work::WorkQueue& queue, work::Work work,
                                                  AsyncEvent event, Verdict verdict) {
  const std::string qualifier = event.qualifier.empty() ? std::string(kLatest) : event.qualifier;
  bool ended = false;              // by this call
  std::optional<AsyncEvent> next;  // for the destination
  bool undelivered = false;        // the destination is not there
  auto done = co_await store::transact(
      parts_.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto config = co_await find_row<EventConfigRow>(
            transaction, event_config_key(work.scope, event.name, qualifier));
        if (!config) co_return std::unexpected(config.error());
        auto mine = co_await queue.finish_in(transaction, work);
        if (!mine) co_return failed(mine.error());
        ended = *mine;
        next.reset();
        undelivered = false;
        if (!*mine || !*config) co_return wire::Result<void>{};
        const std::optional<std::string>& arn =
            verdict.condition == "Success" ? (*config)->on_success : (*config)->on_failure;
        const std::optional<FunctionName> destination =
            arn ? parse_function_name(*arn) : std::nullopt;
        if (!destination) co_return wire::Result<void>{};
        auto there = co_await find_row<FunctionRow>(transaction,
                                                    function_key(work.scope, destination->name));
        if (!there) co_return std::unexpected(there.error());
        undelivered = !*there;
        if (undelivered) co_return wire::Result<void>{};
        next.emplace();
        next->name = destination->name;
        next->qualifier = destination->qualifier;
        next->request_id = derived_id(event.request_id);
        next->payload =
            wire::Blob{destination_record(work.scope, event, verdict.condition, verdict.result,
                                          verdict.runs, parts_.clock.now())};
        next->accepted_ms = base::epoch_ms(parts_.clock.now());
        // The destination belongs to the chain that led to it.
        next->trace_header = next_in_chain(event.trace_header, function_arn(work.scope, event.name),
                                           parts_.clock.now(), parts_.ids);
        enqueue_event(transaction, work.scope, *next, parts_.clock.now());
        co_return wire::Result<void>{};
      });
  if (!done) {
    base::log_warn("the end of event {} could not be stored: {}", event.request_id,
                   done.error().message);
    co_return work::WorkOutcome::retry_with(parts_.clock.now() + std::chrono::seconds{1},
                                            wire::to_row(std::move(event)));
  }
  if (ended && verdict.condition != "Success")
    tell(work.scope, event, "AsyncEventsDropped", "Count", 1);
  if (undelivered) {
    tell(work.scope, event, "DestinationDeliveryFailures", "Count", 1);
    base::log_warn("the record of event {} is lost: its destination does not exist any more",
                   event.request_id);
  }
  if (next) tell(work.scope, *next, "AsyncEventsReceived", "Count", 1);
  co_return work::WorkOutcome::done();
}

}  // namespace mayfly::lambda
