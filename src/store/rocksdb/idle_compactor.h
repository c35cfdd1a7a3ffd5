// IdleCompactor: brings the database down to one level while hardly anything is written.
//
// RocksDB leaves a tenth of the data, and what came last, in levels above the last one for good,
// and each read looks into all of them (docs/decisions/0015-a-get-among-many.md). Its own thread
// looks at that now and then. It begins only where the levels above hold a 32nd of the last one,
// so what is written again stays within that multiple of what was written, and gives up as soon as
// writes come. Threads: any.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "store/rocksdb/rocks_store.h"

namespace mayfly::store {

RocksStore::Levels levels_of(rocksdb::DB& db);

class IdleCompactor {
 public:
  // Null: not at the moment.
  using Database = std::function<std::shared_ptr<rocksdb::DB>()>;
  // `quiet`: how long hardly anything must have been written; zero: it does nothing, ever.
  IdleCompactor(std::filesystem::path folder, std::chrono::milliseconds quiet, Database database);
  ~IdleCompactor();
  IdleCompactor(const IdleCompactor&) = delete;
  IdleCompactor& operator=(const IdleCompactor&) = delete;

  void written(std::uint64_t bytes);
  // Has it let go of the database soon. It takes it again where `database` gives it one.
  void interrupt() { canceled_ = true; }

 private:
  void run();
  void look();

  const std::filesystem::path folder_;
  const std::chrono::milliseconds quiet_;
  const Database database_;
  std::atomic<std::uint64_t> written_{0};  // since it looked last
  std::atomic<bool> canceled_{false};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mayfly::store
