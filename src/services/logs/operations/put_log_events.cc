#include <fmt/format.h>

#include "services/logs/errors.h"
#include "services/logs/operations/operations.h"

namespace mayfly::logs {

namespace {

constexpr std::int64_t kHourMs = 3'600'000;

// What a batch must be as a whole; a batch that is not is refused as a whole.
wire::Result<void> check_batch(const std::vector<InputLogEvent>& events) {
  std::int64_t bytes = 0;
  std::int64_t previous = events.front().timestamp;
  for (const InputLogEvent& event : events) {
    const std::int64_t size = static_cast<std::int64_t>(event.message.size());
    if (size + kEventOverhead > kMaxEventBytes) {
      return wire::fail(kInvalidParameter,
                        fmt::format("Log event too large: {} bytes exceeds limit of {}",
                                    size + kEventOverhead, kMaxEventBytes));
    }
    if (event.timestamp < previous) {
      return wire::fail(
          kInvalidParameter,
          "Log events in a single PutLogEvents request must be in chronological order.");
    }
    previous = event.timestamp;
    bytes += size + kEventOverhead;
  }
  if (bytes > kMaxBatchBytes) {
    return wire::fail(
        kInvalidParameter,
        fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kMaxBatchBytes));
  }
  if (events.back().timestamp - events.front().timestamp > 24 * kHourMs) {
    return wire::fail(
        kInvalidParameter,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return {};
}

}  // namespace

Answer<PutLogEventsResponse> put_log_events(Logs& logs, const Context& context,
                                            PutLogEventsRequest request) {
  if (auto checked = check_batch(request.log_events); !checked)
    co_return std::unexpected(checked.error());
  const std::int64_t now = base::epoch_ms(logs.clock.now());
  const base::Scope scope = context.scope;
  std::vector<NewEvent> events;
  auto answer = co_await store::transact(
      logs.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<PutLogEventsResponse>> {
        auto group = co_await find_group(transaction, scope, request.log_group_name);
        if (!group) co_return std::unexpected(group.error());
        // Events that are too old, expired or too new are left out one by one, and the answer says
        // which.
        const std::int64_t oldest = now - 14 * 24 * kHourMs;
        const std::int64_t newest = now + 2 * kHourMs;
        const std::int64_t visible = first_visible_ms(*group, now);
        RejectedLogEventsInfo rejected;
        events.clear();
        for (std::size_t i = 0; i < request.log_events.size(); ++i) {
          const InputLogEvent& event = request.log_events[i];
          const std::int32_t index = static_cast<std::int32_t>(i);
          if (event.timestamp < oldest) {
            rejected.too_old_log_event_end_index = index + 1;
          } else if (event.timestamp < visible) {
            rejected.expired_log_event_end_index = index + 1;
          } else if (event.timestamp > newest) {
            if (!rejected.too_new_log_event_start_index)
              rejected.too_new_log_event_start_index = index;
          } else {
            events.push_back({event.timestamp, event.message});
          }
        }
        auto stream = co_await find_stream(transaction, scope, request.log_group_name,
                                           request.log_stream_name);
        if (!stream) co_return std::unexpected(stream.error());
        if (!events.empty()) {
          auto done = co_await append_events(transaction, scope, request.log_group_name,
                                             request.log_stream_name, events, now, Missing::refuse);
          if (!done) co_return std::unexpected(done.error());
        }
        PutLogEventsResponse response;
        const std::int64_t next = stream->next_sequence + static_cast<std::int64_t>(events.size());
        response.next_sequence_token = fmt::format("{:056}", next);
        if (events.size() != request.log_events.size())
          response.rejected_log_events_info = rejected;
        co_return response;
      });
  if (answer) {
    for (const NewEvent& event : events) logs.watcher.see(scope, event.message);
  }
  co_return answer;
}

}  // namespace mayfly::logs
