// Retention: deleting events that no reader can see any more. Run now and then by the daemon's
// housekeeping (app wiring gives it to the work queue); safe to run at any time, any number of
// times, on any node.
#pragma once

#include <cstdint>

#include "services/logs/logs.h"

namespace mayfly::logs {

struct Expired {
  std::int64_t groups = 0;  // that have a retention policy
  std::int64_t events = 0;
};
base::Task<wire::Result<Expired>> expire(Logs& logs);

}  // namespace mayfly::logs
