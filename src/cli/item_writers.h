// Puts many items with BatchWriteItem over several connections at a time.
//
// Items go to a connection by their key, so those with the same key keep their order; a connection
// holds at most two batches, so memory is constant. Threads: used by one thread, works on some of
// its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "cli/dynamodb.h"

namespace mayfly::cli {

class ItemWriters {
 public:
  ItemWriters(const TableInfo& table, const Target& target, const base::Clock& clock);
  ~ItemWriters();

  // Waits where its connection is behind. An error: the item has no key of this table.
  Answer<void> put(wire::Document item);
  // Waits until everything is written, or tells what kept it from being.
  Answer<void> finish();
  bool failed() const { return failed_; }
  std::int64_t written() const { return written_; }

 private:
  using Batch = std::map<std::string, wire::Document>;  // by key
  struct Lane;
  void hand_over(Lane& lane);
  void run(Lane& lane);
  Answer<void> write(DynamoDbClient& client, const Batch& batch);
  void fail(const Problem& problem);

  const TableInfo& table_;
  const Target target_;
  const base::Clock& clock_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::int64_t> written_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::optional<Problem> problem_;
};

}  // namespace mayfly::cli
