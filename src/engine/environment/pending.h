// Pending: an event on its way to an environment, and the one who waits for its outcome.
#pragma once

#include <expected>
#include <memory>

#include "base/one_shot.h"
#include "engine/engine.h"

namespace mayfly::engine {

struct Pending {
  std::shared_ptr<const FunctionSpec> function;
  Event event;
  base::OneShot<std::expected<Outcome, Refusal>> done;
  http::Loop* loop = nullptr;      // the caller's own, or null
  ports::Concurrency concurrency;  // when it came, with this one
  bool wants_provisioned = false;  // its version has provisioned concurrency
  int returned = 0;                // how often an environment died before it took this event
};

}  // namespace mayfly::engine
