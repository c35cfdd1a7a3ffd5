#include "services/logs/model/sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/spawn.h"

namespace mayfly::logs {

namespace {

std::size_t cost(const NewEvent& event) { return event.message.size() + sizeof(NewEvent); }

}  // namespace

Sink::Sink(store::Store& store, base::Clock& clock, ports::LogWatcher& watcher, SinkLimits limits)
    : store_(store), clock_(clock), watcher_(watcher), limits_(limits), thread_([this] {
        thread_main();
      }) {}

Sink::~Sink() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Sink::append(const base::Scope& scope, const std::string& group, const std::string& stream,
                  std::vector<ports::LogLine> lines) {
  if (lines.empty()) return;
  for (const ports::LogLine& line : lines) watcher_.see(scope, line.text);
  std::lock_guard lock(mutex_);
  const bool was_empty = backlog_.empty();
  Waiting& waiting = backlog_[StreamId{scope, group, stream}];
  for (ports::LogLine& line : lines) {
    NewEvent event{base::epoch_ms(line.time), std::move(line.text)};
    // One event of AWS holds no more; a line beyond it is cut, as there.
    if (event.message.size() > kMaxEventBytes) event.message.resize(kMaxEventBytes);
    waiting.bytes += cost(event);
    backlog_bytes_ += cost(event);
    waiting.events.push_back(std::move(event));
  }
  if (backlog_bytes_ > limits_.backlog_bytes) drop_to_bound();
  if (was_empty) wake_.notify_one();
}

void Sink::drop_to_bound() {
  while (backlog_bytes_ > limits_.backlog_bytes) {
    auto noisiest = std::ranges::max_element(backlog_, {},
                                             [](const auto& entry) { return entry.second.bytes; });
    Waiting& waiting = noisiest->second;
    // A quarter at once, so that a flood does not pay for the search at each line.
    const std::size_t goal = waiting.bytes - waiting.bytes / 4;
    do {
      const std::size_t bytes = cost(waiting.events.front());
      waiting.bytes -= bytes;
      backlog_bytes_ -= bytes;
      waiting.events.pop_front();
      ++waiting.dropped;
    } while (!waiting.events.empty() && waiting.bytes > goal);
    if (waiting.events.empty() && backlog_bytes_ > limits_.backlog_bytes) return;
  }
}

base::Task<void> Sink::flush() {
  base::OneShot<bool> done;
  {
    std::lock_guard lock(mutex_);
    if (backlog_.empty() && !storing_) co_return;
    flushes_.push_back(done);
  }
  wake_.notify_one();
  co_await done.wait();
}

void Sink::thread_main() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !backlog_.empty() || !flushes_.empty(); });
    if (!stopping_ && flushes_.empty()) {
      wake_.wait_for(lock, limits_.linger, [this] { return stopping_ || !flushes_.empty(); });
    }
    Backlog backlog = std::exchange(backlog_, {});
    std::vector<base::OneShot<bool>> flushes = std::exchange(flushes_, {});
    backlog_bytes_ = 0;
    storing_ = true;
    const bool last = stopping_;
    lock.unlock();
    store_all(std::move(backlog));
    for (const base::OneShot<bool>& flush : flushes) flush.set(true);
    lock.lock();
    storing_ = false;
    if (last && backlog_.empty() && flushes_.empty()) return;
  }
}

void Sink::store_all(Backlog backlog) {
  for (auto& [id, waiting] : backlog) {
    if (waiting.dropped > 0) {
      NewEvent note{
          waiting.events.empty() ? base::epoch_ms(clock_.now()) : waiting.events.front().time,
          fmt::format(
              "[mayfly] {} log lines were dropped: they came faster than they could be stored",
              waiting.dropped)};
      waiting.events.push_front(std::move(note));
    }
    std::vector<NewEvent> batch;
    std::size_t bytes = 0;
    for (NewEvent& event : waiting.events) {
      bytes += cost(event);
      batch.push_back(std::move(event));
      if (batch.size() >= limits_.events_a_commit || bytes >= limits_.bytes_a_commit) {
        store_stream(id, std::exchange(batch, {}));
        bytes = 0;
      }
    }
    if (!batch.empty()) store_stream(id, std::move(batch));
  }
}

void Sink::store_stream(const StreamId& id, std::vector<NewEvent> events) {
  const std::int64_t now = base::epoch_ms(clock_.now());
  auto stored =
      base::sync_wait(store::transact(store_, [&id, &events, now](store::Transaction& transaction) {
        return append_events(transaction, id.scope, id.group, id.stream, events, now,
                             Missing::create);
      }));
  if (!stored) {
    base::log_error("{} log lines of {} are lost: {}", events.size(), id.group,
                    stored.error().message);
  }
}

}  // namespace mayfly::logs
