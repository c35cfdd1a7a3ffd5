// Meter: adds up what every invocation used, by hour and function, in the store, and reports it
// with what AWS would charge and what share of this machine it took.
//
// record() adds to sums in memory; flush() adds those to the store's, which happens by itself a
// second after the first record. A sum is in memory or in the store, never in both: what a failed
// commit did not write goes back. What was recorded within the last second before a kill -9 is
// lost; nothing is counted twice. Threads: any.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "engine/meter/keys.h"
#include "engine/meter/prices.h"
#include "engine/meter/sums.h"
#include "http/io.h"
#include "ports/usage_sink.h"
#include "store/store.h"

namespace mayfly::engine {

// What this machine has, for shares of it. Zeros: asked of the system.
struct MeteredMachine {
  double cores = 0;
  double memory_bytes = 0;
};

class Meter final : public ports::UsageSink {
 public:
  using Machine = MeteredMachine;
  // References outlive the meter. Call flush() before the store closes.
  Meter(store::Store& store, http::Io& io, base::Clock& clock, Prices prices, Machine machine = {});
  ~Meter() override;

  void record(ports::UsageRecord record) override;
  void hold(const ports::HeldRecord& record) override;
  base::Task<store::StoreResult<void>> flush();

  // JSON: {"from","to","prices_as_of","functions":[{"function",...}],"total":{...}}, by function
  // name. Hours that began within [from, to) count, of every account and region.
  base::Task<store::StoreResult<std::string>> usage_report(base::WallTime from, base::WallTime to);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace mayfly::engine
