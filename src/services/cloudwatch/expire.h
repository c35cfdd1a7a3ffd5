// Erases what is past its time: values by their resolution (model/series.h), metrics without
// values.
#pragma once

#include "services/cloudwatch/cloudwatch.h"

namespace mayfly::cloudwatch {

// Idempotent; returns how many metrics are left.
base::Task<wire::Result<std::int64_t>> expire(Cloudwatch& cloudwatch);

}  // namespace mayfly::cloudwatch
