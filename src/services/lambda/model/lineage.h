// Lineage: how often the functions of a chain of calls have run, so that a chain that goes in
// circles is ended.
//
// It travels in X-Amzn-Trace-Id: "...;Lineage=a87bd80c:3|68fd508a:5", a hash of each function and
// its count. A function sees it in _X_AMZN_TRACE_ID, and the AWS SDKs send it on with what the
// function calls. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace mayfly::lambda {

// As on AWS: a function runs this often in one chain, and not again.
inline constexpr int kMostInChain = 16;

// How often the function (its unqualified ARN) has run in the chain that `header` belongs to.
int runs_in_chain(std::string_view header, std::string_view function_arn);
// The header for its next run. A request that came without one begins a chain, with a trace id of
// its own.
std::string next_in_chain(std::string_view header, std::string_view function_arn,
                          base::WallTime now, base::Ids& ids);

}  // namespace mayfly::lambda
