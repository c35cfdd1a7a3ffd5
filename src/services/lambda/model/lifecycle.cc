#include "services/lambda/model/lifecycle.h"

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "base/spawn.h"

namespace mayfly::lambda {

namespace {

int most_at_a_time() {
  static const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(cores, 2);
}

bool settled(const VersionRow& row) {
  return row.state != kPending && row.update_status != kInProgress;
}

}  // namespace

void Lifecycle::begin(VersionId id) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;  // the mark is stored; the next start takes it up
    if (under_way_ >= most_at_a_time()) {
      queue_.push_back(std::move(id));
      return;
    }
    ++under_way_;
  }
  base::spawn(work(std::move(id)));
}

void Lifecycle::hurry(const VersionId& id) {
  {
    std::lock_guard lock(mutex_);
    const auto queued = std::ranges::find(queue_, id);
    if (queued == queue_.end()) return;
    queue_.erase(queued);
    ++under_way_;
  }
  base::spawn(work(id));
}

base::Task<void> Lifecycle::work(VersionId id) {
  while (true) {
    co_await settle(id);
    std::unique_lock lock(mutex_);
    if (stopping_) queue_.clear();
    if (queue_.empty() || under_way_ > most_at_a_time()) {
      if (--under_way_ > 0 || !stopping_) co_return;
      lock.unlock();
      stopped_.set(true);
      co_return;
    }
    id = std::move(queue_.front());
    queue_.pop_front();
  }
}

base::Task<void> Lifecycle::settle(const VersionId& id) {
  while (true) {
    auto done = co_await settle_once(id);
    if (!done) base::log_warn("{} stays on its way: {}", id.name, done.error().message);
    if (!done || *done) co_return;
  }
}

// True when nothing is left to do; false where the version was changed meanwhile.
base::Task<wire::Result<bool>> Lifecycle::settle_once(VersionId id) {
  std::shared_ptr<const FunctionRow> function;
  std::shared_ptr<const VersionRow> version;
  {
    std::unique_ptr<store::Transaction> transaction = store_.begin();
    auto function_row =
        co_await find_row<FunctionRow>(*transaction, function_key(id.scope, id.name));
    if (!function_row) co_return std::unexpected(function_row.error());
    auto version_row =
        co_await find_row<VersionRow>(*transaction, version_key(id.scope, id.name, id.version));
    if (!version_row) co_return std::unexpected(version_row.error());
    if (*function_row && *version_row) {
      function = std::make_shared<const FunctionRow>(std::move(**function_row));
      version = std::make_shared<const VersionRow>(std::move(**version_row));
    }
  }
  if (version != nullptr && !settled(*version)) {
    auto spec = co_await specs_.get(id, function, version);
    if (!spec) {
      base::log_warn("{} cannot be prepared: {}", id.name, spec.error().message);
    } else {
      auto prepared = co_await runner_.prepare(*spec);
      if (!prepared)
        base::log_debug("INIT of {} ahead of need failed: {}", id.name, prepared.error());
      runner_.retire(id.scope, id.name, version_text(id.version), (*spec)->revision);
    }
  }
  co_return co_await store::transact(
      store_, [id, version](store::Transaction& transaction) -> base::Task<wire::Result<bool>> {
        const std::string key = version_key(id.scope, id.name, id.version);
        auto row = co_await find_row<VersionRow>(transaction, key);
        if (!row) co_return std::unexpected(row.error());
        if (*row && !settled(**row)) {
          if (version == nullptr || (*row)->build != version->build) co_return false;
          (*row)->state = kActive;
          (*row)->update_status = kSuccessful;
          transaction.put(key, wire::to_row(**row));
        }
        transaction.erase(pending_key(id));
        co_return true;
      });
}

base::Task<wire::Result<void>> Lifecycle::wait_active(VersionId id) {
  const std::string key = version_key(id.scope, id.name, id.version);
  while (true) {
    base::OneShot<bool> change =
        store_.watch(key);  // before the look, so that nothing slips through between
    std::unique_ptr<store::Transaction> transaction = store_.begin();
    auto row = co_await find_row<VersionRow>(*transaction, key);
    if (!row) co_return std::unexpected(row.error());
    if (!*row || (*row)->state != kPending) co_return wire::Result<void>{};
    transaction.reset();
    hurry(id);
    if (!co_await change.wait())
      co_return wire::fail(wire::kServiceUnavailable, "The service is shutting down.");
  }
}

base::Task<wire::Result<void>> Lifecycle::resume() {
  std::string begin_key = pending_prefix();
  for (bool more = true; more;) {
    std::unique_ptr<store::Transaction> transaction = store_.begin();
    store::RangeQuery query{.begin = begin_key, .end = store::prefix_end(pending_prefix())};
    auto rows = co_await transaction->range(std::move(query));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& row : rows->rows) {
      begin_key = row.key + '\0';
      std::optional<VersionId> id = read_pending_key(row.key);
      if (id) begin(std::move(*id));
    }
  }
  co_return wire::Result<void>{};
}

base::Task<void> Lifecycle::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (under_way_ == 0) co_return;
  }
  co_await stopped_.wait();
}

}  // namespace mayfly::lambda
