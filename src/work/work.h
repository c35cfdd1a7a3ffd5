// Durable work: "this has to happen, at least once, not before T".
//
// Work is asked for inside a transaction, so it exists exactly if the state that caused it does:
//
//   work::enqueue(transaction, {.kind = "lambda.invoke", .scope = scope, .payload = bytes,
//                               .not_before = clock.now(), .id = ids.uuid()});
//
// The WorkQueue (queue.h) runs it with the handler of its kind, soon after it is due, also after a
// crash and a restart. It may run more than once: a handler that was cut off runs again. A handler
// that must have its effect exactly once ends its work in its own transaction
// (WorkQueue::finish_in).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"
#include "store/store.h"

namespace mayfly::work {

// What is asked for.
struct NewWork {
  std::string kind;  // names the handler: "lambda.invoke". Stored: never rename one
  base::Scope scope;
  std::string payload;  // the handler's own encoding
  base::WallTime not_before;
  std::string id;  // unique within its kind
};

// One put. Work that is due earlier runs earlier.
void enqueue(store::Transaction& transaction, const NewWork& work);

// What a handler is given.
struct Work {
  std::string kind;
  base::Scope scope;
  std::string payload;
  base::WallTime not_before;
  std::string id;
  int attempt = 1;  // counts this run; runs that a crash cut off too
};

// What a handler answers.
struct WorkOutcome {
  std::optional<base::WallTime> retry;      // again, not before this; nullopt: it is done
  std::optional<std::string> payload = {};  // of the next run, where it changed (progress so far)

  static WorkOutcome done() { return {.retry = std::nullopt}; }
  static WorkOutcome retry_at(base::WallTime time) { return {.retry = time}; }
  static WorkOutcome retry_with(base::WallTime time, std::string payload) {
    return {.retry = time, .payload = std::move(payload)};
  }
};

using WorkHandler = std::function<base::Task<WorkOutcome>(Work work)>;

}  // namespace mayfly::work
