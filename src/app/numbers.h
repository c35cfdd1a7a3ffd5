// What the daemon counts, for GET /_mayfly/metrics (Prometheus) and GET /_mayfly/top (JSON, what
// `mayfly top` shows). Threads: any.
#pragma once

#include <string>

#include "base/clock.h"
#include "engine/counters.h"
#include "engine/engine.h"
#include "http/server.h"
#include "store/rocksdb/rocks_store.h"

namespace mayfly::app {

struct Numbers {
  // All outlive it.
  const engine::Engine& engine;
  const engine::Counters& counters;
  const store::RocksStore& store;
  const http::Server& server;
  const base::Clock& clock;
  base::WallTime started;

  // Samples of everything but the API's operations (api::Metrics).
  std::string prometheus() const;
  std::string top_json() const;
};

std::string_view cause_name(engine::ColdCause cause);

}  // namespace mayfly::app
