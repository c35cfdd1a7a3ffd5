#include "store/memory/memory_store.h"

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "store/commit/read_set.h"
#include "store/commit/resolver.h"
#include "store/commit/watchers.h"
#include "store/commit/write_set.h"

namespace mayfly::store {

// Transactions share it, so that one that outlives its store fails instead of crashing.
struct MemoryStore::State {
  struct Version {
    std::uint64_t sequence;
    std::optional<std::string> value;
  };
  using Rows = std::map<std::string, std::vector<Version>, std::less<>>;

  explicit State(std::size_t window) : resolver(0, window) {}

  std::mutex mutex;
  Rows rows;
  std::uint64_t sequence = 0;
  std::multiset<std::uint64_t> snapshots;  // of the living transactions
  std::deque<std::pair<std::uint64_t, std::string>>
      stale;  // keys with versions to drop, by when they were written
  Resolver resolver;
  Watchers watchers;

  static const std::optional<std::string>* visible(const std::vector<Version>& versions,
                                                   std::uint64_t snapshot) {
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      if (version->sequence <= snapshot) return &version->value;
    }
    return nullptr;
  }

  void write(std::string_view key, std::optional<std::string> value) {
    auto at = rows.find(key);
    if (at == rows.end()) at = rows.emplace(key, std::vector<Version>{}).first;
    if (!at->second.empty() && at->second.back().sequence == sequence) {
      at->second.back().value = std::move(value);
    } else {
      at->second.push_back({sequence, std::move(value)});
    }
    stale.emplace_back(sequence, key);
  }

  void apply(const WriteSet& writes) {
    for (const KeyRange& range : writes.erased()) {
      auto at = rows.lower_bound(range.begin);
      for (; at != rows.end() && range.contains(at->first); ++at) {
        if (at->second.back().value) write(at->first, std::nullopt);
      }
    }
    for (const auto& [key, value] : writes.points()) write(key, value);
    for (const auto& put : writes.sequenced()) write(put.key(sequence), put.value);
  }

  // Drops what no snapshot can see any more.
  void collect_garbage() {
    const std::uint64_t oldest = snapshots.empty() ? sequence : *snapshots.begin();
    for (; !stale.empty() && stale.front().first <= oldest; stale.pop_front()) {
      const auto at = rows.find(stale.front().second);
      if (at == rows.end()) continue;
      auto& versions = at->second;
      auto keep = versions.begin();
      while (std::next(keep) != versions.end() && std::next(keep)->sequence <= oldest) ++keep;
      versions.erase(versions.begin(), keep);
      if (versions.size() == 1 && !versions[0].value && versions[0].sequence <= oldest)
        rows.erase(at);
    }
  }
};

namespace {

using State = MemoryStore::State;

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const State::Rows& rows, const RangeQuery& query, std::uint64_t snapshot)
      : forward_(query.direction == Direction::forward),
        snapshot_(snapshot),
        first_(rows.lower_bound(query.begin)),
        last_(query.end.empty() ? rows.end() : rows.lower_bound(query.end)) {
    settle();
  }
  bool valid() const override { return first_ != last_; }
  std::string_view key() const override { return at()->first; }
  std::string_view value() const override { return **State::visible(at()->second, snapshot_); }
  void next() override {
    step();
    settle();
  }

 private:
  State::Rows::const_iterator at() const { return forward_ ? first_ : std::prev(last_); }
  void step() {
    if (forward_) {
      ++first_;
    } else {
      --last_;
    }
  }
  void settle() {
    while (valid()) {
      const auto* value = State::visible(at()->second, snapshot_);
      if (value != nullptr && *value) return;
      step();
    }
  }

  bool forward_;
  std::uint64_t snapshot_;
  State::Rows::const_iterator first_;
  State::Rows::const_iterator last_;
};

class MemoryTransaction final : public Transaction {
 public:
  explicit MemoryTransaction(std::shared_ptr<State> state) : state_(std::move(state)) {
    std::lock_guard lock(state_->mutex);
    snapshot_ = state_->sequence;
    state_->snapshots.insert(snapshot_);
  }
  ~MemoryTransaction() override {
    std::lock_guard lock(state_->mutex);
    state_->snapshots.erase(state_->snapshots.find(snapshot_));
    state_->collect_garbage();
  }

  base::Task<StoreResult<std::optional<std::string>>> get(std::string_view key,
                                                          Conflict conflict) override {
    using Answer = base::Task<StoreResult<std::optional<std::string>>>;
    if (const WriteSet::Seen seen = writes.find(key); seen.decided) {
      if (seen.value == nullptr) return Answer::ready(std::optional<std::string>{});
      return Answer::ready(std::optional<std::string>(*seen.value));
    }
    if (conflict == Conflict::detect) reads.keys.emplace_back(key);
    std::lock_guard lock(state_->mutex);
    const auto at = state_->rows.find(key);
    const auto* value = at == state_->rows.end() ? nullptr : State::visible(at->second, snapshot_);
    return Answer::ready(value == nullptr ? std::optional<std::string>{} : *value);
  }

  base::Task<StoreResult<RangeResult>> range(RangeQuery query) override {
    RangeResult result;
    if (!KeyRange{query.begin, query.end}.empty()) {
      std::lock_guard lock(state_->mutex);
      MemoryCursor cursor(state_->rows, query, snapshot_);
      result = merged_range(cursor, writes, query);
      reads.add(query, result);
    }
    return base::Task<StoreResult<RangeResult>>::ready(std::move(result));
  }

  void put(std::string_view key, std::string_view value) override { writes.put(key, value); }
  void erase(std::string_view key) override { writes.erase(key); }
  void erase_range(std::string_view begin, std::string_view end) override {
    writes.erase_range(begin, end);
  }
  void put_sequenced(std::string_view prefix, std::string_view suffix,
                     std::string_view value) override {
    writes.put_sequenced(prefix, suffix, value);
  }

  std::uint64_t snapshot() const { return snapshot_; }

  ReadSet reads;
  WriteSet writes;

 private:
  std::shared_ptr<State> state_;
  std::uint64_t snapshot_ = 0;
};

}  // namespace

MemoryStore::MemoryStore(std::size_t conflict_window_bytes)
    : state_(std::make_shared<State>(conflict_window_bytes)) {}

MemoryStore::~MemoryStore() { state_->watchers.close(); }

std::unique_ptr<Transaction> MemoryStore::begin() {
  return std::make_unique<MemoryTransaction>(state_);
}

base::Task<StoreResult<CommitInfo>> MemoryStore::commit(std::unique_ptr<Transaction> transaction) {
  using Answer = base::Task<StoreResult<CommitInfo>>;
  auto& memory = static_cast<MemoryTransaction&>(*transaction);
  if (memory.writes.empty()) return Answer::ready(CommitInfo{});
  if (auto error = memory.writes.check_limits())
    return Answer::ready(std::unexpected(std::move(*error)));
  std::uint64_t sequence = 0;
  {
    std::lock_guard lock(state_->mutex);
    if (auto error = state_->resolver.check(memory.snapshot(), memory.reads)) {
      return Answer::ready(std::unexpected(std::move(*error)));
    }
    sequence = ++state_->sequence;
    state_->apply(memory.writes);
    state_->resolver.record(sequence, memory.writes);
  }
  state_->watchers.notify(sequence, memory.writes);
  return Answer::ready(CommitInfo{sequence});
}

base::OneShot<bool> MemoryStore::watch(std::string_view prefix) {
  return state_->watchers.add(prefix);
}

}  // namespace mayfly::store
