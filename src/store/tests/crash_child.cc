// The program that crash_test kills: commits from several threads and reports each acknowledgement
// on standard output.
//
//   store_crash_child FOLDER     each report is a Report, written whole
#include "store/tests/crash_child.h"

#include <fmt/format.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/spawn.h"
#include "store/key.h"
#include "store/rocksdb/rocks_store.h"

namespace {

using namespace mayfly;
using store::crash::Report;

base::Task<store::StoreResult<std::uint64_t>> step(store::Transaction& transaction,
                                                   std::uint32_t thread) {
  auto last = co_await transaction.get(store::crash::last_key(thread));
  if (!last) co_return std::unexpected(last.error());
  const std::uint64_t number = *last ? std::stoull(**last) + 1 : 1;
  const std::string text = std::to_string(number);
  transaction.put(store::crash::last_key(thread), text);
  transaction.put(store::crash::row_key('a', thread, number), text);
  transaction.put(store::crash::row_key('b', thread, number), text);
  transaction.put_sequenced(store::crash::log_prefix(), store::KeyWriter{}.u64(thread).done(),
                            text);
  if (number % 50 == 0) {  // erased ranges must survive too
    transaction.erase_range(store::crash::row_key('a', thread, 0),
                            store::crash::row_key('a', thread, number - 40));
    transaction.erase_range(store::crash::row_key('b', thread, 0),
                            store::crash::row_key('b', thread, number - 40));
  }
  co_return number;
}

void work(store::Store& store, std::uint32_t thread) {
  for (;;) {
    auto number = base::sync_wait(store::transact(
        store, [thread](store::Transaction& transaction) { return step(transaction, thread); }));
    if (!number) {
      fmt::print(stderr, "{}\n", number.error().detail);
      ::_exit(3);
    }
    const Report report{thread, *number};
    if (::write(STDOUT_FILENO, &report, sizeof(report)) != sizeof(report))
      ::_exit(0);  // the parent is gone
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto store = store::RocksStore::open({.path = argv[1], .write_buffer_bytes = 128 * 1024});
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().detail);
    return 1;
  }
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < store::crash::kThreads; ++i)
    threads.emplace_back([&, i] { work(**store, i); });
  for (std::thread& thread : threads) thread.join();
}
