#include "store/rocksdb/committer.h"

#include <rocksdb/write_batch.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "store/rocksdb/disk_space.h"
#include "store/rocksdb/rocks_transaction.h"

namespace mayfly::store {
namespace {

// A group ends at this many bytes, so that its memory is bounded; what is left is the next group.
constexpr std::size_t kMaxGroupBytes = 8 * 1024 * 1024;
// Greater than any key that kMaxKey allows.
const std::string& beyond_all_keys() {
  static const std::string key(kMaxKey + 1, '\xFF');
  return key;
}

// RocksDB numbers each entry of a batch; a commit's sequence is the number of its last one.
std::uint64_t entries(const WriteSet& writes) {
  return writes.erased().size() + writes.points().size() + writes.sequenced().size();
}

// Fails only where memory ends, and then by exception.
void append(rocksdb::WriteBatch& batch, const WriteSet& writes, std::uint64_t sequence) {
  for (const KeyRange& range : writes.erased()) {
    batch.DeleteRange(range.begin, range.end.empty() ? beyond_all_keys() : range.end);
  }
  for (const auto& [key, value] : writes.points()) {
    if (value) {
      batch.Put(key, *value);
    } else {
      batch.Delete(key);
    }
  }
  for (const WriteSet::Sequenced& put : writes.sequenced()) batch.Put(put.key(sequence), put.value);
}

}  // namespace

Committer::Committer(OpenDatabase database, RocksOptions options, Watchers& watchers)
    : options_(std::move(options)),
      reserve_(disk_reserve(options_.write_buffer_bytes)),
      database_(std::move(database)),
      watchers_(watchers),
      resolver_(database_.db->GetLatestSequenceNumber(), options_.conflict_window_bytes),
      last_sequence_(database_.db->GetLatestSequenceNumber()),
      snapshot_(std::make_shared<const Snapshot>(database_.db, database_.rows)),
      compactor_(options_.path, options_.quiet_before_compaction,
                 [this]() -> std::shared_ptr<rocksdb::DB> {
                   const std::shared_ptr<const Snapshot> now = latest();
                   return now == nullptr ? nullptr : now->owned();
                 }) {
  write_options_.sync = options_.durability == Durability::durable;
  thread_ = std::thread([this] { run(); });
}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  compactor_.interrupt();  // the files close when it has let go
  // So that the next start has no log to replay. What fails here is in the log.
  if (broken_.empty()) database_.db->Flush(rocksdb::FlushOptions{}).PermitUncheckedError();
}

void Committer::submit(PendingCommit commit) {
  bool stopping = false;
  bool first = false;
  base::OneShot<StoreResult<CommitInfo>> done = commit.done;
  {
    std::lock_guard lock(mutex_);
    stopping = stopping_;
    first = waiting_.empty();
    if (!stopping) waiting_.push_back(std::move(commit));
    called_.store(true, std::memory_order_release);
  }
  if (stopping) {
    done.set(std::unexpected(StoreError{StoreErrorCode::unavailable, "the store is closing"}));
  } else if (first) {
    wake_.notify_one();
  }
}

std::string Committer::refusal() const {
  std::lock_guard lock(snapshot_mutex_);
  return refusal_;
}

void Committer::refuse_with(std::string reason) {
  std::lock_guard lock(snapshot_mutex_);
  if (refusal_.empty() && !reason.empty()) {
    base::log_error("store: refusing commits: {}", reason);
  } else if (!refusal_.empty() && reason.empty()) {
    base::log_info("store: taking commits again");
  }
  refusal_ = std::move(reason);
}

std::shared_ptr<const Snapshot> Committer::latest() const {
  std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void Committer::run() {
  Group group;
  base::Linger linger{std::chrono::microseconds{100}};
  while (take(group, linger)) {
    process(group);
    group.clear();
  }
}

bool Committer::take(Group& group, base::Linger& linger) {
  linger.worked();
  while (!called_.load(std::memory_order_acquire) && linger.look_again()) {
  }
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  group.swap(waiting_);
  called_.store(false, std::memory_order_relaxed);
  return !group.empty();
}

void Committer::process(Group& group) {
  while (!group.empty()) {
    rocksdb::WriteBatch batch;
    Outcomes outcomes;
    if (std::string full = disk_full(); !full.empty()) {
      outcomes.assign(group.size(), std::unexpected(StoreError{StoreErrorCode::unavailable, full}));
      refuse_with(std::move(full));
    } else if (broken_.empty() || recover()) {
      if (!refusal_.empty()) refuse_with("");
      outcomes = build(group, batch);
      if (batch.Count() > 0) {
        forget_rows(group, outcomes);
        if (const auto error = write(batch)) refuse(outcomes, *error);
      }
    } else {
      outcomes.assign(group.size(),
                      std::unexpected(StoreError{StoreErrorCode::unavailable, broken_}));
    }
    count(outcomes, batch);
    complete(group, outcomes);
    // build() has recorded those of a larger group; who is alone need not wait for it.
    if (group.size() == 1 && outcomes[0] && outcomes[0]->sequence != 0)
      resolver_.record(outcomes[0]->sequence, group[0].writes);
    group.erase(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(outcomes.size()));
  }
}

std::string Committer::disk_full() {
  const auto now = std::chrono::steady_clock::now();
  if (now < room_until_) return {};
  std::string full = out_of_space(options_.path, reserve_);
  if (full.empty()) room_until_ = now + std::chrono::milliseconds{1};
  return full;
}

void Committer::count(const Outcomes& outcomes, const rocksdb::WriteBatch& batch) {
  std::uint64_t written = 0, refused = 0;
  for (const auto& outcome : outcomes) {
    if (!outcome) {
      ++refused;
    } else if (outcome->sequence != 0) {
      ++written;
    }
  }
  constexpr auto kRelaxed = std::memory_order_relaxed;
  counts_.commits.fetch_add(written, kRelaxed);
  counts_.refused.fetch_add(refused, kRelaxed);
  if (written == 0) return;
  counts_.groups.fetch_add(1, kRelaxed);
  counts_.bytes.fetch_add(batch.GetDataSize(), kRelaxed);
  compactor_.written(batch.GetDataSize());
}

RocksStore::Counts Committer::counts() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {counts_.commits.load(kRelaxed), counts_.groups.load(kRelaxed),
          counts_.refused.load(kRelaxed), counts_.bytes.load(kRelaxed)};
}

// Those who must run again go first, so that they do not find the winners' next transactions before
// them.
void Committer::complete(Group& group, Outcomes& outcomes) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) group[i].done.set(outcomes[i]);
  }
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) continue;
    if (outcomes[i]->sequence != 0) watchers_.notify(outcomes[i]->sequence, group[i].writes);
    group[i].done.set(outcomes[i]);
  }
}

// What the commits of a group that were accepted so far have written, for those who run again on
// it. Gathered only once somebody does.
class Committer::GroupWrites {
 public:
  explicit GroupWrites(const Group& group) : group_(group) {}

  void accepted(std::size_t index, std::uint64_t sequence) {
    accepted_.emplace_back(index, sequence);
  }

  const WriteSet& all() {
    for (; gathered_ < accepted_.size(); ++gathered_) {
      const auto [index, sequence] = accepted_[gathered_];
      const WriteSet& writes = group_[index].writes;
      all_.add(writes);
      for (const WriteSet::Sequenced& put : writes.sequenced())
        all_.put(put.key(sequence), put.value);
    }
    return all_;
  }

 private:
  const Group& group_;
  std::vector<std::pair<std::size_t, std::uint64_t>> accepted_;
  std::size_t gathered_ = 0;
  WriteSet all_;
};

// Decides each commit of the group in turn, as far as the group's size allows.
Committer::Outcomes Committer::build(Group& group, rocksdb::WriteBatch& batch) {
  Outcomes outcomes;
  outcomes.reserve(group.size());
  GroupWrites written(group);
  for (PendingCommit& commit : group) {
    if (batch.GetDataSize() > kMaxGroupBytes) break;
    if (auto decided = decide(commit, written)) {
      outcomes.push_back(std::move(*decided));
      continue;
    }
    last_sequence_ += entries(commit.writes);
    append(batch, commit.writes, last_sequence_);
    if (group.size() > 1) resolver_.record(last_sequence_, commit.writes);
    written.accepted(outcomes.size(), last_sequence_);
    outcomes.emplace_back(CommitInfo{last_sequence_});
  }
  return outcomes;
}

std::optional<StoreResult<CommitInfo>> Committer::decide(PendingCommit& commit,
                                                         GroupWrites& written) {
  auto conflict = resolver_.check(commit.snapshot, commit.reads);
  if (!conflict) return std::nullopt;
  if (commit.rerun == nullptr) return std::unexpected(std::move(*conflict));
  // The published snapshot is the state before this group, as nobody else writes.
  RocksTransaction again(latest(), &written.all());
  const bool wanted = commit.rerun->run(again);
  commit.writes = std::move(again.writes);
  if (!wanted || commit.writes.empty()) {
    commit.writes = WriteSet();
    return CommitInfo{};
  }
  if (auto error = commit.writes.check_limits()) return std::unexpected(std::move(*error));
  return std::nullopt;
}

// Before anybody can see what the group writes.
void Committer::forget_rows(const Group& group, const Outcomes& outcomes) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] && outcomes[i]->sequence != 0)
      database_.rows->written(group[i].writes, outcomes[i]->sequence);
  }
}

void Committer::refuse(Outcomes& outcomes, const StoreError& reason) {
  for (StoreResult<CommitInfo>& outcome : outcomes) {
    if (outcome) outcome = std::unexpected(reason);
  }
}

std::optional<StoreError> Committer::write(rocksdb::WriteBatch& batch) {
  const rocksdb::Status status = database_.db->Write(write_options_, &batch);
  if (status.ok()) {
    publish();
    return std::nullopt;
  }
  broken_ = status.ToString();
  refuse_with(broken_);
  // Nothing of the group is visible. But its record may be in the log, to be replayed when the log
  // is opened again, and only one that did not fit on the disk is certainly torn.
  const auto code =
      status.IsNoSpace() ? StoreErrorCode::unavailable : StoreErrorCode::outcome_unknown;
  return StoreError{code, broken_};
}

bool Committer::recover() { return takes_writes(options_) && reopen(); }

// RocksDB does not write on after its log failed, and appending to a log behind a torn record would
// lose what follows at the next replay. Opening the database again replays the log up to there and
// starts another. It cannot be opened while transactions still read from it, so new ones are
// refused and the others are waited for.
bool Committer::reopen() {
  constexpr std::chrono::seconds kPatience{2};
  {
    std::lock_guard lock(snapshot_mutex_);
    snapshot_.reset();
  }
  compactor_.interrupt();
  const std::weak_ptr<rocksdb::DB> old = database_.db;
  database_.db.reset();
  if (database_.closed.valid() &&
      database_.closed.wait_for(kPatience) != std::future_status::ready) {
    database_.db = old.lock();
    if (database_.db) publish();  // reading goes on; the next commit tries again
    return false;
  }
  auto opened = open_database(options_);
  if (!opened) {
    broken_ = opened.error().detail;
    if (auto readable = open_read_only(options_)) {
      database_ = std::move(*readable);
      publish();
    }
    return false;
  }
  broken_.clear();
  database_ = std::move(*opened);
  last_sequence_ = database_.db->GetLatestSequenceNumber();
  resolver_.reset(last_sequence_);
  publish();
  return true;
}

void Committer::publish() {
  auto next = std::make_shared<const Snapshot>(database_.db, database_.rows);
  // RocksDB must have counted as we did, or stored sequences and conflicts would be wrong.
  if (broken_.empty() && next->sequence() != last_sequence_) {
    base::log_error("store: RocksDB is at sequence {}, expected {}", next->sequence(),
                    last_sequence_);
    std::terminate();
  }
  std::lock_guard lock(snapshot_mutex_);
  snapshot_.swap(next);
}

}  // namespace mayfly::store
