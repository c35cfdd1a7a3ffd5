#include "services/logs/model/events.h"

#include <algorithm>

#include "base/strings.h"
#include "services/logs/errors.h"
#include "wire/row.h"

namespace mayfly::logs {

namespace {

std::unexpected<wire::ApiError> failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

void note(StreamRow& row, const std::vector<NewEvent>& events, std::int64_t now_ms) {
  for (const NewEvent& event : events) {
    row.first_event = std::min(row.first_event.value_or(event.time), event.time);
    row.last_event = std::max(row.last_event.value_or(event.time), event.time);
  }
  row.last_ingestion = now_ms;
}

}  // namespace

base::Task<wire::Result<GroupRow>> find_group(store::Transaction& transaction, base::Scope scope,
                                              std::string group) {
  auto row = co_await transaction.get(group_key(scope, group));
  if (!row) co_return failed(row.error());
  if (!*row) co_return wire::fail(kResourceNotFound, "The specified log group does not exist.");
  co_return wire::from_row<GroupRow>(**row);
}

base::Task<wire::Result<StreamRow>> find_stream(store::Transaction& transaction, base::Scope scope,
                                                std::string group, std::string stream) {
  auto row = co_await transaction.get(stream_key(scope, group, stream));
  if (!row) co_return failed(row.error());
  if (!*row) co_return wire::fail(kResourceNotFound, "The specified log stream does not exist.");
  co_return wire::from_row<StreamRow>(**row);
}

base::Task<wire::Result<void>> append_events(store::Transaction& transaction, base::Scope scope,
                                             std::string group, std::string stream,
                                             const std::vector<NewEvent>& events,
                                             std::int64_t now_ms, Missing missing) {
  auto group_row = co_await find_group(transaction, scope, group);
  if (!group_row) {
    if (missing == Missing::refuse || group_row.error().spec != &kResourceNotFound) {
      co_return std::unexpected(group_row.error());
    }
    GroupRow fresh;
    fresh.creation_time = now_ms;
    transaction.put(group_key(scope, group), wire::to_row(fresh));
  }
  auto row = co_await find_stream(transaction, scope, group, stream);
  if (!row) {
    if (missing == Missing::refuse || row.error().spec != &kResourceNotFound) {
      co_return std::unexpected(row.error());
    }
    row = StreamRow{};
    row->creation_time = now_ms;
  }

  std::int64_t bytes = 0;
  for (const NewEvent& event : events) {
    const Position position{event.time, static_cast<std::uint64_t>(row->next_sequence++)};
    transaction.put(event_key(scope, group, stream, position), event_value(now_ms, event.message));
    bytes += static_cast<std::int64_t>(event.message.size()) + kEventOverhead;
  }
  note(*row, events, now_ms);
  transaction.put(stream_key(scope, group, stream), wire::to_row(*row));

  auto total = co_await transaction.get(bytes_key(scope, group));
  if (!total) co_return failed(total.error());
  const std::int64_t before = *total ? base::parse_int(**total).value_or(0) : 0;
  transaction.put(bytes_key(scope, group), std::to_string(before + bytes));
  co_return wire::Result<void>{};
}

base::Task<wire::Result<EventPage>> read_events(store::Transaction& transaction, base::Scope scope,
                                                std::string group, std::string stream,
                                                EventQuery query) {
  EventPage page;
  if (!(query.begin < query.end)) co_return page;
  const std::string prefix = events_prefix(scope, group, stream);
  store::RangeQuery range;
  range.begin = event_key(scope, group, stream, query.begin);
  range.end = event_key(scope, group, stream, query.end);
  range.direction = query.direction;
  range.limit = query.limit;
  range.max_bytes = query.max_bytes;
  range.conflict = store::Conflict::ignore;
  auto rows = co_await transaction.range(std::move(range));
  if (!rows) co_return failed(rows.error());
  page.more = rows->more;
  page.events.reserve(rows->rows.size());
  for (const store::KeyValue& row : rows->rows) {
    std::optional<Event> event = read_event(prefix, row.key, row.value);
    if (!event) co_return wire::fail(wire::kInternalFailure, "A stored log event cannot be read.");
    page.events.push_back(std::move(*event));
  }
  co_return page;
}

std::int64_t first_visible_ms(const GroupRow& group, std::int64_t now_ms) {
  if (!group.retention_days) return 0;
  return std::max<std::int64_t>(0, now_ms - std::int64_t{*group.retention_days} * 86'400'000);
}

}  // namespace mayfly::logs
