// RowCache: decoded rows of hot keys.
//
// Every look-up reads the row's bytes from the store and compares them, so a change made anywhere
// (another node, another transaction) is seen at once; what the cache saves is the decoding.
// Bounded. Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "services/lambda/model/rows.h"

namespace mayfly::lambda {

template <class Row>
class RowCache {
 public:
  // Null where there is no such row.
  base::Task<wire::Result<std::shared_ptr<const Row>>> find(store::Transaction& transaction,
                                                            std::string key) {
    auto bytes = co_await transaction.get(key, store::Conflict::ignore);
    if (!bytes) co_return failed(bytes.error());
    if (!*bytes) {
      std::lock_guard lock(mutex_);
      entries_.erase(key);
      co_return std::shared_ptr<const Row>();
    }
    {
      std::lock_guard lock(mutex_);
      auto found = entries_.find(key);
      if (found != entries_.end() && found->second.bytes == **bytes) co_return found->second.row;
    }
    auto row = wire::from_row<Row>(**bytes);
    if (!row) co_return std::unexpected(row.error());
    auto shared = std::make_shared<const Row>(std::move(*row));
    std::lock_guard lock(mutex_);
    if (entries_.size() >= kMaxEntries) entries_.erase(entries_.begin());
    entries_.insert_or_assign(std::move(key), Entry{std::move(**bytes), shared});
    co_return shared;
  }

 private:
  static constexpr std::size_t kMaxEntries = 20'000;
  struct Entry {
    std::string bytes;
    std::shared_ptr<const Row> row;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace mayfly::lambda
