#include "services/lambda/model/failed_events.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "services/lambda/model/rows.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

// Waiting to be written; what fails faster is not kept.
constexpr std::size_t kMostWaiting = 256;
constexpr std::size_t kMostListed = 1'000;

wire::Document shown(const FailedEventName& name, const FailedEventRow& row) {
  wire::Document out = wire::Document::map();
  out.set("RequestId", name.request_id);
  out.set("Function", name.name);
  out.set("Qualifier", row.qualifier);
  out.set("Account", name.scope.account);
  out.set("Region", name.scope.region);
  out.set("Time", base::iso8601_ms(base::from_epoch_ms(name.epoch_ms)));
  auto error = wire::parse_json(row.error);
  out.set("Error", error ? std::move(*error) : wire::Document(row.error));
  return out;
}

}  // namespace

void FailedEvents::record(FailedEvent event) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || fresh_.size() >= kMostWaiting) return;
    fresh_.emplace_back(base::epoch_ms(clock_.now()), std::move(event));
    if (std::exchange(working_, true)) return;
  }
  base::spawn(work());
}

base::Task<void> FailedEvents::work() {
  while (true) {
    if (auto done = co_await flush(); !done) {
      base::log_warn("failed events are not kept: {}", done.error().message);
    }
    std::unique_lock lock(mutex_);
    if (!fresh_.empty() && !stopping_) continue;
    working_ = false;
    if (!stopping_) co_return;
    lock.unlock();
    stopped_.set(true);
    co_return;
  }
}

base::Task<wire::Result<void>> FailedEvents::flush() {
  std::vector<std::pair<std::int64_t, FailedEvent>> batch;
  {
    std::lock_guard lock(mutex_);
    batch = std::exchange(fresh_, {});
  }
  if (batch.empty()) co_return wire::Result<void>{};
  co_return co_await store::transact(
      store_, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        for (const auto& [time, event] : batch) {
          // An asynchronous event fails again under its own id.
          auto before = co_await transaction.get(failed_event_index(event.request_id));
          if (!before) co_return failed(before.error());
          if (*before) transaction.erase(**before);
          const std::string key =
              failed_event_key(event.scope, event.function, time, event.request_id);
          transaction.put(key, wire::to_row(event.row));
          transaction.put(failed_event_index(event.request_id), key);
          const std::string prefix = failed_events_prefix(event.scope, event.function);
          auto rows = co_await transaction.range({.begin = prefix,
                                                  .end = store::prefix_end(prefix),
                                                  .limit = keep_ + batch.size() + 1});
          if (!rows) co_return failed(rows.error());
          for (std::size_t i = 0; i + keep_ < rows->rows.size(); ++i) {
            const auto old = read_failed_event_key(rows->rows[i].key);
            transaction.erase(rows->rows[i].key);
            if (old) transaction.erase(failed_event_index(old->request_id));
          }
        }
        co_return wire::Result<void>{};
      });
}

base::Task<void> FailedEvents::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!working_) co_return;
  }
  co_await stopped_.wait();
}

base::Task<wire::Result<wire::Document>> FailedEvents::list(std::string function) {
  std::vector<std::pair<std::int64_t, wire::Document>> found;
  std::string begin = failed_events().done();
  const std::string end = store::prefix_end(begin);
  for (bool more = true; more && found.size() < kMostListed;) {
    std::unique_ptr<store::Transaction> transaction = store_.begin();
    auto rows = co_await transaction->range({.begin = begin, .end = end});
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      const auto name = read_failed_event_key(entry.key);
      auto row = wire::from_row<FailedEventRow>(entry.value);
      if (!name || !row || (!function.empty() && name->name != function)) continue;
      found.emplace_back(name->epoch_ms, shown(*name, *row));
    }
  }
  std::ranges::sort(found, std::ranges::greater{}, &decltype(found)::value_type::first);
  wire::Document out = wire::Document::list();
  for (auto& [time, document] : found) out.push_back(std::move(document));
  co_return out;
}

base::Task<wire::Result<wire::Document>> FailedEvents::find(std::string request_id) {
  std::unique_ptr<store::Transaction> transaction = store_.begin();
  auto key = co_await transaction->get(failed_event_index(request_id));
  if (!key) co_return failed(key.error());
  if (!*key) co_return wire::Document{};
  const auto name = read_failed_event_key(**key);
  auto row = co_await find_row<FailedEventRow>(*transaction, **key);
  if (!row) co_return std::unexpected(row.error());
  if (!name || !*row) co_return wire::Document{};
  wire::Document out = shown(*name, **row);
  out.set("Payload", (*row)->payload);
  co_return out;
}

}  // namespace mayfly::lambda
