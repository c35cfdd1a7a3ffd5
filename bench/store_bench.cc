// Commits and gets of the embedded store beside raw RocksDB, with the same durability, in one run.
//
//   store_bench [seconds a row] [folder]
//
// Committers are coroutines on two event loops, as in the daemon: each writes one key, waits for
// the commit, writes the next. Raw RocksDB has as many threads as there are committers, because its
// API blocks. The floor is fdatasync of a 200-byte append: what the disk gives one writer.
#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/spawn.h"
#include "store/keyspaces.h"
#include "store/rocksdb/rocks_store.h"

namespace {

using namespace mayfly;
using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

constexpr int kKeys = 50'000;

class LoopThread final : public base::Executor {
 public:
  LoopThread() : thread_([this] { run(); }) {}
  ~LoopThread() override {
    post([this] { stopping_ = true; });
    thread_.join();
  }
  void post(std::move_only_function<void()> work) override {
    bool first = false;
    {
      std::lock_guard lock(mutex_);
      first = queue_.empty();
      queue_.push_back(std::move(work));
    }
    if (first) wake_.notify_one();
  }

 private:
  void run() {
    base::ExecutorScope scope(this);
    std::deque<std::move_only_function<void()>> batch;
    while (!stopping_) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !queue_.empty(); });
        batch.swap(queue_);
      }
      for (auto& work : batch) work();
      batch.clear();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

struct Row {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

class Latencies {
 public:
  void add(SteadyClock::duration took) {
    samples_.push_back(std::chrono::duration<double, std::micro>(took).count());
  }
  static Row row(std::vector<Latencies>& all, Seconds elapsed) {
    std::vector<double> merged;
    for (Latencies& one : all)
      merged.insert(merged.end(), one.samples_.begin(), one.samples_.end());
    std::ranges::sort(merged);
    auto at = [&](double q) {
      return merged.empty()
                 ? 0
                 : merged[static_cast<std::size_t>(q * static_cast<double>(merged.size() - 1))];
    };
    return {static_cast<double>(merged.size()) / elapsed.count(), at(0.5), at(0.99)};
  }

 private:
  std::vector<double> samples_;
};

std::string key_of(std::uint64_t n) {
  return store::key_in(store::KeySpace::dynamodb_items, base::Scope{})
      .str("Orders")
      .str(fmt::format("order-{}", n))
      .done();
}

// An item-sized value.
const std::string& value() {
  static const std::string bytes(200, 'v');
  return bytes;
}

base::Task<void> committer(store::Store& store, const std::atomic<bool>& stop, std::uint64_t seed,
                           Latencies& out) {
  std::mt19937_64 random(seed);
  while (!stop) {
    const auto begin = SteadyClock::now();
    auto transaction = store.begin();
    transaction->put(key_of(random() % kKeys), value());
    auto done = co_await store.commit(std::move(transaction));
    if (!done) std::abort();
    out.add(SteadyClock::now() - begin);
  }
}

Row store_commits(store::Store& store, int committers, Seconds time) {
  std::vector<Latencies> latencies(static_cast<std::size_t>(committers));
  std::atomic<bool> stop = false;
  std::atomic<int> running = committers;
  const auto begin = SteadyClock::now();
  {
    LoopThread loops[2];
    for (int i = 0; i < committers; ++i) {
      loops[i % 2].post([&, i] {
        base::spawn(committer(store, stop, static_cast<std::uint64_t>(i),
                              latencies[static_cast<std::size_t>(i)]),
                    [&] { --running; });
      });
    }
    std::this_thread::sleep_for(time);
    stop = true;
    while (running > 0) std::this_thread::yield();
  }
  return Latencies::row(latencies, SteadyClock::now() - begin);
}

Row threads_run(int threads, Seconds time, const std::function<void(std::mt19937_64&)>& once) {
  std::vector<Latencies> latencies(static_cast<std::size_t>(threads));
  std::atomic<bool> stop = false;
  std::vector<std::thread> all;
  const auto begin = SteadyClock::now();
  for (std::size_t i = 0; i < latencies.size(); ++i) {
    all.emplace_back([&, i] {
      std::mt19937_64 random(i);
      while (!stop) {
        const auto start = SteadyClock::now();
        once(random);
        latencies[i].add(SteadyClock::now() - start);
      }
    });
  }
  std::this_thread::sleep_for(time);
  stop = true;
  for (std::thread& thread : all) thread.join();
  return Latencies::row(latencies, SteadyClock::now() - begin);
}

Row disk_floor(const std::filesystem::path& folder, Seconds time) {
  const int file = ::open((folder / "floor").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  Row row = threads_run(1, time, [&](std::mt19937_64&) {
    if (::write(file, value().data(), value().size()) < 0 || ::fdatasync(file) != 0) std::abort();
  });
  ::close(file);
  return row;
}

std::unique_ptr<rocksdb::DB> open_raw(const std::filesystem::path& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 16 * 1024 * 1024;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(16 * 1024 * 1024);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* db = nullptr;
  if (!rocksdb::DB::Open(options, folder.string(), &db).ok()) std::abort();
  return std::unique_ptr<rocksdb::DB>(db);
}

void print(std::string_view what, const Row& row) {
  fmt::print("{:<44} {:>12.0f} {:>10.1f} {:>10.1f}\n", what, row.per_second, row.p50_us,
             row.p99_us);
}

std::size_t resident_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

void compare_gets(store::Store& store, rocksdb::DB& raw, Seconds time) {
  for (int threads : {1, 2}) {
    print(fmt::format("raw RocksDB, get, {} threads", threads),
          threads_run(threads, time, [&](std::mt19937_64& random) {
            std::string out;
            if (!raw.Get({}, key_of(random() % kKeys), &out).ok()) std::abort();
          }));
    print(fmt::format("store, begin + get + commit, {} threads", threads),
          threads_run(threads, time, [&](std::mt19937_64& random) {
            auto transaction = store.begin();
            auto got = base::sync_wait(transaction->get(key_of(random() % kKeys)));
            if (!got || !*got || !base::sync_wait(store.commit(std::move(transaction))))
              std::abort();
          }));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Seconds time(argc > 1 ? std::atof(argv[1]) : 2.0);
  const std::filesystem::path folder =
      (argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path()) /
      fmt::format("mayfly-store-bench-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const std::size_t before = resident_kb();
  const auto open_begin = SteadyClock::now();
  auto opened = store::RocksStore::open({.path = folder / "store"});
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().detail);
    return 1;
  }
  std::unique_ptr<store::RocksStore> store = std::move(*opened);
  fmt::print("open of an empty store: {:.1f} ms, {:.1f} MB more resident (process: {:.1f} MB)\n\n",
             Seconds(SteadyClock::now() - open_begin).count() * 1000,
             static_cast<double>(resident_kb() - before) / 1024,
             static_cast<double>(resident_kb()) / 1024);
  fmt::print("{:<44} {:>12} {:>10} {:>10}\n", "fsynced, 200-byte values", "per second", "p50 us",
             "p99 us");

  auto raw = open_raw(folder / "raw");
  for (std::uint64_t n = 0; n < kKeys; ++n) {
    if (!raw->Put({}, key_of(n), value()).ok()) std::abort();
  }
  for (std::uint64_t n = 0; n < kKeys;) {
    auto transaction = store->begin();
    for (int i = 0; i < 1000; ++i, ++n) transaction->put(key_of(n), value());
    if (!base::sync_wait(store->commit(std::move(transaction)))) std::abort();
  }
  print("append + fdatasync of a file, 1 writer", disk_floor(folder, time));
  for (int committers : {1, 16, 64}) {
    print(fmt::format("raw RocksDB, put, {} threads", committers),
          threads_run(committers, time, [&](std::mt19937_64& random) {
            rocksdb::WriteOptions options;
            options.sync = true;
            if (!raw->Put(options, key_of(random() % kKeys), value()).ok()) std::abort();
          }));
    print(fmt::format("store, one put a commit, {} committers", committers),
          store_commits(*store, committers, time));
  }
  compare_gets(*store, *raw, time);

  store.reset();
  const auto reopen_begin = SteadyClock::now();
  store = std::move(*store::RocksStore::open({.path = folder / "store"}));
  fmt::print("\nreopen after this: {:.1f} ms\n",
             Seconds(SteadyClock::now() - reopen_begin).count() * 1000);
  store.reset();
  raw.reset();
  std::filesystem::remove_all(folder);
}
