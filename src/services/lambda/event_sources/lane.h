// Lane: reads a shard of a source for an event source mapping and has the function run on what it
// finds, in order. With a ParallelizationFactor a shard has several lanes, and each takes the
// records whose groups fall to it.
//
// What was handled is in the store (ProgressRow), so after a crash a lane goes on there: a record
// is handled at least once. A batch that fails is tried again, later and later, and nothing behind
// it in the lane runs before it succeeds or is given up: as AWS has it, for its retries or its age;
// a throttle or a fault of the service counts as no try. Bisection splits a batch that fails
// without counting that; ReportBatchItemFailures goes on at the first record that failed.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "patterns/event_pattern.h"
#include "ports/metric_sink.h"
#include "ports/record_source.h"
#include "services/lambda/event_sources/stream_event.h"
#include "services/lambda/keys_event_sources.h"
#include "services/lambda/model/invoker.h"
#include "store/store.h"
#include "work/timers.h"
#include "work/watching.h"

namespace mayfly::lambda {

// What following needs. All outlive it.
struct FollowTools {
  store::Store& store;
  const base::Clock& clock;
  work::Timers& timers;
  Invoker& invoker;
  ports::MetricSink& metrics;
  ports::RecordSource& source;
};

// A mapping while it is followed. Threads: any.
class Following {
 public:
  Following(FollowTools tools, MappingId id, MappingRow row);

  const FollowTools tools;
  const MappingId id;
  const MappingRow row;
  const std::vector<patterns::EventPattern> filters;
  std::atomic<bool> stopping{false};

  // Of the mapping's LastProcessingResult; stored where it changes.
  base::Task<void> note(std::string outcome);

 private:
  std::mutex mutex_;
  std::string outcome_;
};

inline constexpr std::string_view kNothingProcessed = "No records processed";

class Lane {
 public:
  // `following` outlives it; await run() before it goes.
  Lane(Following& following, std::string shard, std::int32_t number)
      : following_(following), shard_(std::move(shard)), number_(number) {}

  // Ends when the shard is read to its end, or after Following::stopping was set and wake() rung.
  base::Task<void> run();
  const std::shared_ptr<work::Wake>& wake() const { return wake_; }

 private:
  struct Batch {
    std::vector<StreamEntry> entries;
    std::int32_t failures = 0;
  };
  struct Answer;

  base::Task<void> load();
  base::Task<void> gather();
  base::Task<bool> listen();
  base::Task<bool> read_more();
  void take_ahead();
  ports::GroupTest mine() const;
  bool wanted(const ports::SourceRecord& record) const;
  std::optional<base::WallTime> deadline() const;
  base::WallTime window_end() const;

  base::Task<bool> deliver(std::vector<StreamEntry> entries);
  base::Task<void> try_first(std::deque<Batch>& batches);
  base::Task<bool> give_up_old(std::deque<Batch>& batches);
  base::Task<void> close_window(bool early);
  base::Task<Answer> invoke(std::string event);
  std::optional<StreamWindow> window_shown() const;
  void give_up(const std::vector<StreamEntry>& entries, std::string_view condition);
  // A metric that MetricsConfig asks for.
  void count(std::string_view name, std::size_t events);

  base::Task<void> save(std::string position);
  base::Task<void> pause(std::int32_t failures, std::chrono::milliseconds longest);
  bool stopping() const { return following_.stopping; }

  Following& following_;
  const std::string shard_;
  const std::int32_t number_;
  std::shared_ptr<work::Wake> wake_ = std::make_shared<work::Wake>();
  work::Watching watching_;
  std::optional<base::WallTime> alarm_at_;  // asked of the timers last

  ProgressRow progress_;     // as it is stored
  std::string position_;     // of what was taken or skipped
  std::size_t skipped_ = 0;  // since it was stored last
  std::deque<ports::SourceRecord> ahead_;
  std::string read_to_;
  bool closed_ = false;  // read to the shard's end

  std::vector<StreamEntry> batch_;
  std::size_t batch_bytes_ = 0;
  base::WallTime batch_began_{};
  bool full_ = false, window_over_ = false;
  std::int32_t refusals_ = 0;  // throttles and faults in a row
};

}  // namespace mayfly::lambda
