// Asynchronous events: accepted by one commit, run by the work queue until they succeed or have had
// their chances.
//
// As on AWS: a function's error is retried twice, after one and two minutes; throttles and faults
// of the service go back with growing pauses (1 s to 5 min) until the event is too old (6 h); both
// numbers can be set per function and qualifier (EventConfigRow). Then a configured destination
// gets the record. The event's end and the destination's event commit together. An event that was
// running when the daemon died runs again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "base/arn.h"
#include "base/clock.h"
#include "base/ids.h"
#include "ports/metric_sink.h"
#include "store/store.h"
#include "wire/shape.h"
#include "work/queue.h"

namespace mayfly::lambda {

struct AsyncEvent {
  std::string name, qualifier, request_id, client_context, trace_header;
  wire::Blob payload;
  std::int64_t accepted_ms = 0;
  std::int32_t errors = 0;     // of the function, so far
  std::int32_t throttles = 0;  // throttles and faults in a row
  static constexpr auto shape() {
    using Self = AsyncEvent;
    return std::tuple{wire::field("name", &Self::name),
                      wire::field("qualifier", &Self::qualifier),
                      wire::field("id", &Self::request_id),
                      wire::field("context", &Self::client_context),
                      wire::field("trace", &Self::trace_header),
                      wire::field("payload", &Self::payload),
                      wire::field("accepted", &Self::accepted_ms),
                      wire::field("errors", &Self::errors),
                      wire::field("throttles", &Self::throttles)};
  }
};

void enqueue_event(store::Transaction& transaction, const base::Scope& scope,
                   const AsyncEvent& event, base::WallTime not_before);

class Invoker;
class AsyncEvents {
 public:
  // All outlive it.
  struct Parts {
    store::Store& store;
    const base::Clock& clock;
    base::Ids& ids;
    Invoker& invoker;
    ports::MetricSink& metrics;
  };
  // `retry_pause`: before the first retry of an event that failed; twice that before the second.
  AsyncEvents(Parts parts, std::chrono::seconds retry_pause)
      : parts_(parts), retry_pause_(retry_pause) {}
  // Makes `queue` run events with this; before queue.start(). At most `concurrency` of them at a
  // time.
  void attach(work::WorkQueue& queue, int concurrency);
  // From now on an event that ends in an error was cut off by us: it runs again, and that run does
  // not count.
  void stopping() { stopping_ = true; }

 private:
  struct Verdict;
  base::Task<work::WorkOutcome> handle(work::WorkQueue& queue, work::Work work);
  base::Task<work::WorkOutcome> finish(work::WorkQueue& queue, work::Work work, AsyncEvent event,
                                       Verdict verdict);

  void tell(const base::Scope& scope, const AsyncEvent& event, std::string_view metric,
            std::string_view unit, double value);

  const Parts parts_;
  const std::chrono::seconds retry_pause_;
  std::atomic<bool> stopping_{false};
};

}  // namespace mayfly::lambda
