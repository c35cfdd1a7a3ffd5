// Sink: takes functions' log lines and stores them in batches.
//
// append() only puts lines into memory; one thread stores what has come together, a few
// milliseconds later or at once when somebody reads (flush()). So an invocation never waits for its
// log, and a thousand invocations share a commit. Memory is bounded: past kMaxBacklogBytes the
// oldest lines of the stream with the most bytes waiting are dropped, and a line in that stream
// says how many. Threads: any. The destructor stores what is left.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/one_shot.h"
#include "ports/log_sink.h"
#include "ports/log_watcher.h"
#include "services/logs/model/events.h"
#include "store/store.h"

namespace mayfly::logs {

struct SinkLimits {
  std::size_t backlog_bytes = 64 * 1024 * 1024;
  std::size_t events_a_commit = 5'000;
  std::size_t bytes_a_commit = 8 * 1024 * 1024;
  std::chrono::milliseconds linger{25};  // how long lines may wait for company
};

class Sink final : public ports::LogSink {
 public:
  // All outlive it.
  Sink(store::Store& store, base::Clock& clock, ports::LogWatcher& watcher, SinkLimits limits = {});
  ~Sink() override;

  void append(const base::Scope& scope, const std::string& group, const std::string& stream,
              std::vector<ports::LogLine> lines) override;
  base::Task<void> flush() override;

 private:
  struct StreamId {
    base::Scope scope;
    std::string group, stream;
    auto operator<=>(const StreamId&) const = default;
  };
  struct Waiting {
    std::deque<NewEvent> events;
    std::size_t bytes = 0;
    std::size_t dropped = 0;
  };
  using Backlog = std::map<StreamId, Waiting>;

  void thread_main();
  void drop_to_bound();  // mutex_ held
  void store_all(Backlog backlog);
  void store_stream(const StreamId& id, std::vector<NewEvent> events);

  store::Store& store_;
  base::Clock& clock_;
  ports::LogWatcher& watcher_;
  const SinkLimits limits_;

  std::mutex mutex_;
  std::condition_variable wake_;
  Backlog backlog_;
  std::size_t backlog_bytes_ = 0;
  bool storing_ = false;
  bool stopping_ = false;
  std::vector<base::OneShot<bool>> flushes_;  // set when all that is in backlog_ now is stored
  std::thread thread_;
};

}  // namespace mayfly::logs
