#include "services/dynamodb/operations/copy.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/backups.h"
#include "services/dynamodb/operations/expiry.h"
#include "services/dynamodb/operations/history.h"
#include "services/dynamodb/operations/tables.h"
#include "services/dynamodb/operations/write.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::milliseconds kPause{200};

enum Phase : std::int32_t { rows = 1, undo = 2, finish = 3 };  // stored: append only

// The payload, as JSON.
struct Progress {
  std::int64_t from = 0;
  std::string from_region;  // empty: the work's
  std::int64_t to = 0;
  std::string table;
  std::string backup;
  std::string target;
  std::optional<std::int64_t> until_us;
  std::int32_t phase = Phase::rows;
  std::string after;                     // the last row done, in hexadecimal; empty at first
  std::optional<std::int64_t> sequence;  // of undo: the commit being undone
  std::int64_t items = 0;                // of finish: counted so far
  std::int64_t bytes = 0;
  static constexpr auto shape() {
    using Self = Progress;
    return std::tuple{
        wire::field("from", &Self::from).required(), wire::field("from_region", &Self::from_region),
        wire::field("to", &Self::to).required(),     wire::field("table", &Self::table),
        wire::field("backup", &Self::backup),        wire::field("target", &Self::target),
        wire::field("until_us", &Self::until_us),    wire::field("phase", &Self::phase).required(),
        wire::field("after", &Self::after),          wire::field("sequence", &Self::sequence),
        wire::field("items", &Self::items),          wire::field("bytes", &Self::bytes)};
  }
};

enum class Next : std::uint8_t { step, done };
using Stepped = wire::Result<Next>;

struct Job {
  Dynamodb& dynamodb;
  const base::Scope& scope;
  const std::string& id;
  CopyPace pace;

  std::string source(const Progress& at) const {
    return keys::items(home(at), static_cast<std::uint64_t>(at.from));
  }
  std::string copy(const Progress& at) const {
    return keys::items(scope, static_cast<std::uint64_t>(at.to));
  }
  std::string history(const Progress& at) const {
    return keys::history(home(at), static_cast<std::uint64_t>(at.from));
  }
  base::Scope home(const Progress& at) const {
    return at.from_region.empty() ? scope : base::Scope{scope.account, at.from_region};
  }
};

void begin_phase(Progress& at, Phase phase) {
  at.phase = phase;
  at.after.clear();
}

// What lies behind the last row done (before it, in reverse). No detection: nobody else writes the
// copy, and what is read of the source may be old.
store::RangeQuery page_of(CopyPace pace, const std::string& prefix, const std::string& after,
                          store::Direction direction) {
  store::RangeQuery range;
  range.reread = store::Reread::unlikely;
  range.begin = prefix;
  range.end = store::prefix_end(prefix);
  const std::string last = base::from_hex(after).value_or("");
  if (!last.empty() && direction == store::Direction::forward) range.begin = last + '\0';
  if (!last.empty() && direction == store::Direction::reverse) range.end = last;
  range.direction = direction;
  range.limit = pace.rows;
  range.max_bytes = pace.bytes;
  range.conflict = store::Conflict::ignore;
  return range;
}

base::Task<Stepped> copy_rows(const Job& job, store::Transaction& transaction, Progress& at) {
  const std::string source = job.source(at);
  const std::string copy = job.copy(at);
  auto page =
      co_await transaction.range(page_of(job.pace, source, at.after, store::Direction::forward));
  if (!page) co_return store_failed(page);
  for (const store::KeyValue& row : page->rows) {
    transaction.put(copy + row.key.substr(source.size()), row.value);
  }
  if (page->more) {
    at.after = base::to_hex(page->rows.back().key);
  } else {
    begin_phase(at, at.table.empty() ? Phase::finish : Phase::undo);
  }
  co_return Next::step;
}

// From the newest change to the oldest that is too new. Commits go as a whole: the moment is one
// between two of them, also where the clocks of their writers overlap.
base::Task<Stepped> undo_changes(const Job& job, store::Transaction& transaction, Progress& at) {
  const std::string history = job.history(at);
  const std::string copy = job.copy(at);
  auto page =
      co_await transaction.range(page_of(job.pace, history, at.after, store::Direction::reverse));
  if (!page) co_return store_failed(page);
  for (const store::KeyValue& row : page->rows) {
    const auto change = keys::read_change(history, row.key);
    const auto old = read_old_image(row.value);
    if (!change || !old) co_return corrupt_row();
    if (old->is_mark) {
      if (old->rest != job.id) continue;
      begin_phase(at, Phase::finish);
      co_return Next::step;
    }
    const auto sequence = static_cast<std::int64_t>(change->sequence);
    if (at.sequence != sequence && at.until_us && base::epoch_us(old->time) <= *at.until_us) {
      begin_phase(at, Phase::finish);
      co_return Next::step;
    }
    at.sequence = sequence;
    if (old->rest.empty()) {
      transaction.erase(copy + change->item);
    } else {
      transaction.put(copy + change->item, old->rest);
    }
  }
  if (page->more) {
    at.after = base::to_hex(page->rows.back().key);
  } else {
    begin_phase(at, Phase::finish);
  }
  co_return Next::step;
}

// Whoever is copied need not keep anything for this copy any more.
base::Task<wire::Result<void>> release_source(const Job& job, store::Transaction& transaction,
                                              const Progress& at) {
  if (at.table.empty()) {
    auto backup = co_await find_backup(transaction, job.scope, at.backup);
    if (!backup) co_return std::unexpected(std::move(backup).error());
    if (!*backup) co_return wire::Result<void>{};
    std::erase((*backup)->copies, job.id);
    put_backup(transaction, job.scope, at.backup, std::move(**backup));
    co_return wire::Result<void>{};
  }
  // The name may be another table's in this region by now: of a replica that left its global table.
  auto source = co_await table_of_rows(job.dynamodb, transaction, job.home(at),
                                       static_cast<std::uint64_t>(at.from), at.table);
  if (!source) co_return std::unexpected(std::move(source).error());
  if (*source == nullptr) co_return wire::Result<void>{};
  Table table = **source;
  if (std::erase(table.copies, job.id) == 0) co_return wire::Result<void>{};
  put_table(transaction, table);
  if (!table.keeps_history()) {
    const std::string history = job.history(at);
    transaction.erase_range(history, store::prefix_end(history));
  }
  co_return wire::Result<void>{};
}

base::Task<Stepped> finish_backup(const Job& job, store::Transaction& transaction, Progress& at) {
  auto backup = co_await find_backup(transaction, job.scope, at.backup);
  if (!backup) co_return std::unexpected(std::move(backup).error());
  if (!*backup) co_return Next::done;  // is_wanted() has seen it
  auto page = co_await transaction.range(
      page_of(job.pace, job.copy(at), at.after, store::Direction::forward));
  if (!page) co_return store_failed(page);
  for (const store::KeyValue& row : page->rows) {
    ++at.items;
    at.bytes += static_cast<std::int64_t>(decode_size(row.value).value_or(0));
  }
  if (page->more) {
    at.after = base::to_hex(page->rows.back().key);
    co_return Next::step;
  }
  (*backup)->status = "AVAILABLE";
  (*backup)->items = at.items;
  (*backup)->bytes = at.bytes;
  put_backup(transaction, job.scope, at.backup, std::move(**backup));
  auto released = co_await release_source(job, transaction, at);
  if (!released) co_return std::unexpected(std::move(released).error());
  co_return Next::done;
}

base::Task<Stepped> finish_table(const Job& job, store::Transaction& transaction, Progress& at) {
  auto target =
      co_await open_table(job.dynamodb, transaction, job.scope, at.target, Missing::named);
  if (!target) co_return std::unexpected(std::move(target).error());
  auto page = co_await transaction.range(
      page_of(job.pace, job.copy(at), at.after, store::Direction::forward));
  if (!page) co_return store_failed(page);
  for (const store::KeyValue& row : page->rows) {
    if ((*target)->indexes.empty()) break;
    const auto item = decode_item(row.value);
    if (!item) co_return corrupt_row();
    for (const Index& index : (*target)->indexes) {
      put_index_entry(transaction, **target, index, *item);
    }
  }
  if (page->more && !(*target)->indexes.empty()) {
    at.after = base::to_hex(page->rows.back().key);
    co_return Next::step;
  }
  Table ready = **target;
  ready.restored->in_progress = false;
  if (ready.restored->table_arn == ready.arn()) {  // it only left its global table
    ready.restored.reset();
    if (ready.time_to_live) enqueue_expiry_work(transaction, ready, job.dynamodb.clock.now());
  }
  put_table(transaction, ready);
  auto released = co_await release_source(job, transaction, at);
  if (!released) co_return std::unexpected(std::move(released).error());
  co_return Next::done;
}

// Work that was cut off after its last step runs again: what is made may be in use by then, and is
// left alone.
base::Task<wire::Result<bool>> is_wanted(const Job& job, store::Transaction& transaction,
                                         const Progress& at) {
  if (at.target.empty()) {
    auto backup = co_await find_backup(transaction, job.scope, at.backup);
    if (!backup) co_return std::unexpected(std::move(backup).error());
    co_return *backup && (*backup)->status == "CREATING";
  }
  auto target =
      co_await open_table(job.dynamodb, transaction, job.scope, at.target, Missing::named);
  if (!target && target.error().spec == &kResourceNotFound) co_return false;
  if (!target) co_return std::unexpected(std::move(target).error());
  co_return (*target)->row_id == static_cast<std::uint64_t>(at.to) && (*target)->is_creating();
}

base::Task<Stepped> step(const Job& job, store::Transaction& transaction, Progress& at) {
  auto wanted = co_await is_wanted(job, transaction, at);
  if (!wanted) co_return std::unexpected(std::move(wanted).error());
  if (!*wanted) co_return Next::done;
  switch (at.phase) {
    case Phase::rows:
      co_return co_await copy_rows(job, transaction, at);
    case Phase::undo:
      co_return co_await undo_changes(job, transaction, at);
    case Phase::finish:
      co_return at.target.empty() ? co_await finish_backup(job, transaction, at)
                                  : co_await finish_table(job, transaction, at);
    default:
      co_return wire::fail(kInternalServer, "Stored work is damaged: an unknown phase.");
  }
}

}  // namespace

void enqueue_copy(store::Transaction& transaction, const base::Scope& scope, const Copy& copy,
                  base::WallTime now) {
  Progress progress;
  progress.from = static_cast<std::int64_t>(copy.from);
  progress.from_region = copy.from_region;
  progress.to = static_cast<std::int64_t>(copy.to);
  progress.table = copy.table;
  progress.backup = copy.backup;
  progress.target = copy.target;
  if (copy.until) progress.until_us = base::epoch_us(*copy.until);
  work::enqueue(transaction, {.kind = std::string(kCopyWork),
                              .scope = scope,
                              .payload = wire::to_row(std::move(progress)),
                              .not_before = now,
                              .id = copy.id});
}

base::Task<work::WorkOutcome> run_copy(Dynamodb& dynamodb, work::Work work, CopyPace pace) {
  auto stored = wire::from_row<Progress>(work.payload);
  if (!stored) {
    base::log_error("dynamodb: work {} has a payload that cannot be read; dropped", work.id);
    co_return work::WorkOutcome::done();
  }
  Progress progress = std::move(*stored);
  const Job job{dynamodb, work.scope, work.id, pace};
  for (int i = 0; i < pace.steps; ++i) {
    Progress at;
    auto next = co_await store::transact(
        dynamodb.store, [&](store::Transaction& transaction) -> base::Task<Stepped> {
          at = progress;
          co_return co_await step(job, transaction, at);
        });
    if (!next) {
      base::log_warn("dynamodb: the copy {} is held up: {}", work.id, next.error().message);
      co_return work::WorkOutcome::retry_with(dynamodb.clock.now() + kPause,
                                              wire::to_row(std::move(progress)));
    }
    if (*next == Next::done) co_return work::WorkOutcome::done();
    progress = std::move(at);
  }
  co_return work::WorkOutcome::retry_with(dynamodb.clock.now(), wire::to_row(std::move(progress)));
}

}  // namespace mayfly::dynamodb
