// A store on disk and a queue that counts how often each piece of work ran, as the crash test and
// its child use them.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/spawn.h"
#include "http/io.h"
#include "store/key.h"
#include "store/rocksdb/rocks_store.h"
#include "work/loop_alarm.h"
#include "work/queue.h"

namespace mayfly::work {

inline constexpr const char* kCountKind = "count";

inline std::string count_key(std::string_view id) {
  return store::KeyWriter{}.str("count").str(id).done();
}
inline std::string last_key() { return store::KeyWriter{}.str("last").done(); }

inline std::unique_ptr<store::RocksStore> open_store(const std::filesystem::path& folder) {
  auto store = store::RocksStore::open({.path = folder});
  if (!store) throw std::runtime_error(store.error().detail);
  return std::move(*store);
}

class CountingQueue {
 public:
  CountingQueue(http::Io& io, store::Store& store) : store_(store), io_(io) {
    queue_.handle(kCountKind, 4, [this](Work work) { return count(std::move(work)); });
    on_loop([this]() -> base::Task<void> {
      if (auto started = co_await queue_.start(); !started)
        throw std::runtime_error(started.error().detail);
    });
  }
  ~CountingQueue() {
    on_loop([this]() -> base::Task<void> { return queue_.stop(); });
  }
  CountingQueue(const CountingQueue&) = delete;
  CountingQueue& operator=(const CountingQueue&) = delete;

  const base::Clock& clock() const { return clock_; }

 private:
  // Starts it on the loop, whose executor everything after it stays on, and waits for its end here.
  template <class Fn>
  void on_loop(Fn fn) {
    base::OneShot<bool> done;
    io_.any().post([&fn, done] { base::spawn(fn(), [done] { done.set(true); }); });
    base::sync_wait([](base::OneShot<bool> one) -> base::Task<void> { co_await one.wait(); }(done));
  }

  // One in three runs a second time, a little later.
  base::Task<WorkOutcome> count(Work work) {
    const std::string key = count_key(work.id);
    auto counted = co_await store::transact(
        store_, [key](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
          auto before = co_await transaction.get(key);
          if (!before) co_return std::unexpected(before.error());
          transaction.put(key, std::to_string(std::stoi(before->value_or("0")) + 1));
          co_return store::StoreResult<void>{};
        });
    if (!counted) throw std::runtime_error(counted.error().detail);
    if (work.attempt == 1 && std::stoi(work.id) % 3 == 0)
      co_return WorkOutcome::retry_at(clock_.now() + std::chrono::milliseconds{2});
    co_return WorkOutcome::done();
  }

  store::Store& store_;
  base::SystemClock clock_;
  base::RandomIds ids_;
  http::Io& io_;
  LoopAlarm alarm_{io_.loop(0), clock_};
  WorkQueue queue_{store_, clock_, ids_, alarm_};
};

}  // namespace mayfly::work
