// The program that crash_test kills: enqueues work, reports each acknowledgement on standard
// output, and runs the work.
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "work/tests/counting_queue.h"

int main(int argc, char** argv) {
  using namespace mayfly;
  if (argc != 2) return 2;
  http::Io io(1);
  io.start();
  auto store = work::open_store(argv[1]);
  work::CountingQueue queue(io, *store);
  for (;;) {
    auto id = base::sync_wait(store::transact(
        *store,
        [&](store::Transaction& transaction) -> base::Task<store::StoreResult<std::uint64_t>> {
          auto last = co_await transaction.get(work::last_key());
          if (!last) co_return std::unexpected(last.error());
          const std::uint64_t next = std::stoull(last->value_or("0")) + 1;
          const std::string text = std::to_string(next);
          transaction.put(work::last_key(), text);
          work::enqueue(transaction, {.kind = work::kCountKind,
                                      .scope = {},
                                      .payload = {},
                                      .not_before = queue.clock().now(),
                                      .id = text});
          co_return next;
        }));
    if (!id) {
      std::fprintf(stderr, "%s\n", id.error().detail.c_str());
      ::_exit(3);
    }
    if (::write(STDOUT_FILENO, &*id, sizeof(*id)) != sizeof(*id)) ::_exit(0);
  }
}
