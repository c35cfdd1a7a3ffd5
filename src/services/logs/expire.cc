#include "services/logs/expire.h"

#include <algorithm>

#include "base/strings.h"
#include "services/logs/keys.h"
#include "services/logs/model/events.h"
#include "wire/row.h"

namespace mayfly::logs {

namespace {

constexpr std::size_t kEventsACommit = 2'000;

std::unexpected<wire::ApiError> failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

// Erases up to kEventsACommit expired events of one stream and takes their bytes off the group's
// sum; returns how many.
base::Task<wire::Result<std::int64_t>> erase_some(Logs& logs, base::Scope scope, std::string group,
                                                  std::string stream, std::int64_t visible_ms) {
  co_return co_await store::transact(
      logs.store, [=](store::Transaction& transaction) -> base::Task<wire::Result<std::int64_t>> {
        EventQuery query{
            .begin = kFirstPosition, .end = Position{visible_ms, 0}, .limit = kEventsACommit};
        auto page = co_await read_events(transaction, scope, group, stream, query);
        if (!page) co_return std::unexpected(page.error());
        if (page->events.empty()) co_return std::int64_t{0};
        std::int64_t bytes = 0;
        for (const Event& event : page->events) {
          bytes += static_cast<std::int64_t>(event.message.size()) + kEventOverhead;
        }
        transaction.erase_range(
            event_key(scope, group, stream, page->events.front().position),
            event_key(scope, group, stream, after(page->events.back().position)));
        auto total = co_await transaction.get(bytes_key(scope, group));
        if (!total) co_return failed(total.error());
        if (*total) {
          const std::int64_t left = base::parse_int(**total).value_or(0) - bytes;
          transaction.put(bytes_key(scope, group), std::to_string(std::max<std::int64_t>(0, left)));
        }
        co_return static_cast<std::int64_t>(page->events.size());
      });
}

base::Task<wire::Result<std::int64_t>> expire_group(Logs& logs, GroupId id,
                                                    std::int64_t visible_ms) {
  std::int64_t events = 0;
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  const std::string prefix = streams_prefix(id.scope, id.group);
  std::string begin = prefix;
  for (bool more = true; more;) {
    store::RangeQuery range{.begin = begin, .end = store::prefix_end(prefix)};
    auto rows = co_await transaction->range(std::move(range));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      const std::optional<std::string> stream = stream_of(id.scope, id.group, entry.key);
      auto row = wire::from_row<StreamRow>(entry.value);
      if (!stream || !row)
        co_return wire::fail(wire::kInternalFailure, "A stored log stream cannot be read.");
      if (!row->first_event || *row->first_event >= visible_ms) continue;
      while (true) {
        auto erased = co_await erase_some(logs, id.scope, id.group, *stream, visible_ms);
        if (!erased) co_return erased;
        events += *erased;
        if (*erased < static_cast<std::int64_t>(kEventsACommit)) break;
      }
    }
  }
  co_return events;
}

}  // namespace

base::Task<wire::Result<Expired>> expire(Logs& logs) {
  Expired expired;
  const std::int64_t now = base::epoch_ms(logs.clock.now());
  const std::string all = store::key_in(store::KeySpace::logs).done();
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  std::string begin = all;
  for (bool more = true; more;) {
    store::RangeQuery range{.begin = begin, .end = store::prefix_end(all)};
    auto rows = co_await transaction->range(std::move(range));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      std::optional<GroupId> id = read_group_key(entry.key);
      if (!id) continue;  // a stream or a sum
      auto row = wire::from_row<GroupRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      if (!row->retention_days) continue;
      ++expired.groups;
      auto events = co_await expire_group(logs, std::move(*id), first_visible_ms(*row, now));
      if (!events) co_return std::unexpected(events.error());
      expired.events += *events;
    }
  }
  co_return expired;
}

}  // namespace mayfly::logs
