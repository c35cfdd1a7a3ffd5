// The store: a transactional, ordered key-value store. Every durable thing of Mayfly is in one.
//
// Contract, for every engine (store/conformance tests it):
//  * Keys and values are byte strings; keys are ordered bytewise (unsigned). Limits: kMaxKey,
//  kMaxValue,
//    kMaxTransaction; more is StoreErrorCode::too_large, at the commit at the latest.
//  * A Transaction reads one consistent snapshot, taken at begin(), overlaid with its own writes.
//  * commit() is serializable and optimistic: it fails with `conflict` if anything that the
//  transaction read
//    (keys and ranges, absent keys too; not what it read with Conflict::ignore) was written by a
//    transaction that committed after its snapshot. A transaction without writes always commits.
//  * A commit that returned a CommitInfo is durable (unless Durability::relaxed was asked for) and
//  visible to each
//    begin() that follows. A commit that returned an error other than outcome_unknown changed
//    nothing.
//  * Commits carry a strictly increasing sequence. put_sequenced() writes a key that contains it,
//    so a reader sees records in commit order.
//  * watch(): a OneShot that is set once any key with the prefix was committed after the call. Who
//  gives up waiting
//    sets it himself; the store then forgets it.
// Threads: Store is thread-safe; a Transaction is used by one coroutine at a time. A store resumes
// coroutines from a thread of its own by posting to their executors, so executors are destroyed
// after the store (stopped is fine). Use transact() (below) rather than begin/commit: it repeats
// the function on conflict, so the function must have no side effects outside the transaction;
// rerun.h has a form of it for hot keys.
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/one_shot.h"
#include "base/task.h"
#include "store/retry_gate.h"

namespace mayfly::store {

inline constexpr std::size_t kMaxKey = 8 * 1024;
inline constexpr std::size_t kMaxValue = 8 * 1024 * 1024;
inline constexpr std::size_t kMaxTransaction = 64 * 1024 * 1024;

enum class StoreErrorCode {
  conflict,     // somebody else wrote what this transaction read: run it again
  too_old,      // the snapshot is older than the engine can check: run it again
  unavailable,  // the engine cannot serve now (closing, disk failing, out of space); nothing was
                // changed
  outcome_unknown,  // a networked engine lost the answer to a commit
  too_large,        // beyond the limits above
  corrupt,          // stored bytes fail their checksum or their codec
};

// "conflict", "too_old", ...: for logs and messages.
std::string_view store_error_name(StoreErrorCode code);

struct StoreError {
  StoreErrorCode code;
  std::string detail;
  std::string key = {};  // conflict: what was written meanwhile, where the engine says so
};

template <class T>
using StoreResult = std::expected<T, StoreError>;

struct KeyValue {
  std::string key;
  std::string value;
  bool operator==(const KeyValue&) const = default;
};

enum class Direction { forward, reverse };
enum class Conflict { detect, ignore };
// Whether what is read is likely to be read again soon. Where it is not, as in the later pages of a
// scan, it does not push out of the engine's cache what others read.
enum class Reread { likely, unlikely };

// Keys in [begin, end), in the asked direction, at most `limit` of them and, past the first, no
// more than `max_bytes` of keys and values. `end` empty means: to the end of the key space.
struct RangeQuery {
  std::string begin;
  std::string end;
  Direction direction = Direction::forward;
  std::size_t limit = 1000;
  std::size_t max_bytes = 4 * 1024 * 1024;
  Conflict conflict = Conflict::detect;
  Reread reread = Reread::likely;
};

struct RangeResult {
  std::vector<KeyValue> rows;
  // limit or max_bytes ended it; go on after (or before) the last row's key. What lies behind that
  // row counts as not read.
  bool more = false;
};

struct CommitInfo {
  std::uint64_t sequence = 0;  // 0 for a transaction without writes
};

// 8 bytes, big-endian: how put_sequenced() writes a sequence into a key.
std::string encode_sequence(std::uint64_t sequence);

class Transaction {
 public:
  virtual ~Transaction() = default;

  virtual base::Task<StoreResult<std::optional<std::string>>> get(
      std::string_view key, Conflict conflict = Conflict::detect) = 0;
  virtual base::Task<StoreResult<RangeResult>> range(RangeQuery query) = 0;

  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  virtual void erase_range(std::string_view begin, std::string_view end) = 0;
  // Writes prefix + encode_sequence(the commit's sequence) + suffix. Not visible to this
  // transaction's reads.
  virtual void put_sequenced(std::string_view prefix, std::string_view suffix,
                             std::string_view value) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual std::unique_ptr<Transaction> begin() = 0;
  virtual base::Task<StoreResult<CommitInfo>> commit(std::unique_ptr<Transaction> transaction) = 0;
  virtual base::OneShot<bool> watch(
      std::string_view prefix) = 0;  // set(false) when the store closes

  // Where transact() lines up its retries.
  RetryGate& retry_gate() { return retry_gate_; }

 private:
  RetryGate retry_gate_;
};

// The first key after all keys with this prefix; empty if there is none.
std::string prefix_end(std::string_view prefix);

// All keys with this prefix, forward; adjust limit and direction as needed.
RangeQuery prefix_query(std::string prefix);

inline constexpr int kMaxAttempts = 64;

// Maps a StoreError into the error type E of the function's result. wire/ specialises it for
// ApiError.
template <class E>
struct FromStoreError;
template <>
struct FromStoreError<StoreError> {
  static StoreError map(StoreError error) { return error; }
};

// A result of fn together with the sequence at which it was committed, for those who need it.
template <class T>
struct Committed {
  T value;
  CommitInfo commit;
};
template <>
struct Committed<void> {
  CommitInfo commit;
};

namespace detail {

template <class Result, class Fn>
base::Task<std::expected<Committed<typename Result::value_type>, typename Result::error_type>>
transact_loop(Store& store, Fn fn) {
  using Error = typename Result::error_type;
  RetryGate::Turn turn;
  for (int attempt = 1;; ++attempt) {
    std::unique_ptr<Transaction> transaction = store.begin();
    Result result = co_await fn(*transaction);
    if (!result) co_return std::unexpected(std::move(result).error());
    StoreResult<CommitInfo> commit = co_await store.commit(std::move(transaction));
    if (commit) {
      if constexpr (std::is_void_v<typename Result::value_type>) {
        co_return Committed<void>{*commit};
      } else {
        co_return Committed<typename Result::value_type>{std::move(*result), *commit};
      }
    }
    const StoreErrorCode code = commit.error().code;
    const bool again = code == StoreErrorCode::conflict || code == StoreErrorCode::too_old;
    if (!again || attempt == kMaxAttempts) {
      co_return std::unexpected(FromStoreError<Error>::map(std::move(commit).error()));
    }
    if (const std::string& key = commit.error().key; !key.empty() && !turn.holds(key)) {
      turn.release();
      turn = co_await store.retry_gate().enter(key);
    }
  }
}

template <class Result, class Fn>
base::Task<Result> transact_plain(Store& store, Fn fn) {
  auto committed = co_await transact_loop<Result, Fn>(store, std::move(fn));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  if constexpr (std::is_void_v<typename Result::value_type>) {
    co_return Result{};
  } else {
    co_return std::move(committed->value);
  }
}

}  // namespace detail

// Runs `fn(Transaction&) -> Task<std::expected<T, E>>` and commits. On conflict or too_old it runs
// fn again with a new snapshot, at most kMaxAttempts times, then fails with that error. An error
// returned by fn ends it without a commit. fn may run any number of times.
template <class Fn>
auto transact_committed(Store& store, Fn fn) {
  using Result = typename std::invoke_result_t<Fn&, Transaction&>::value_type;
  return detail::transact_loop<Result, Fn>(store, std::move(fn));
}

// The same, for the usual case that nobody asks for the sequence.
template <class Fn>
auto transact(Store& store, Fn fn) {
  using Result = typename std::invoke_result_t<Fn&, Transaction&>::value_type;
  return detail::transact_plain<Result, Fn>(store, std::move(fn));
}

}  // namespace mayfly::store
