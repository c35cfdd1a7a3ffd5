#include "engine/schedule/admission.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace mayfly::engine {
namespace {

// Of this process, for one environment: its channel and output, both watched through a duplicate,
// its listening sockets, its group's files, and a connection that it opens to the endpoint.
constexpr std::int64_t kDescriptorsEach = 12;
constexpr std::int64_t kOtherDescriptors = 1024;

}  // namespace

FunctionLoad& Admission::function(const base::Scope& scope, const std::string& name) {
  FunctionLoad& load = functions_[{scope, name}];
  if (load.account == nullptr) load.account = &accounts_[scope];
  return load;
}

// A change while events are under way moves them from one count to the other, so that leave() finds
// them.
void Admission::set_reserved(FunctionLoad& function, std::optional<std::int64_t> reserved) {
  if (function.reserved == reserved) return;
  if (function.reserved.has_value() != reserved.has_value()) {
    function.account->unreserved += reserved ? -function.under_way : function.under_way;
  }
  function.account->reserved += reserved.value_or(0) - function.reserved.value_or(0);
  function.reserved = reserved;
}

std::optional<ThrottleReason> Admission::enter(FunctionLoad& function,
                                               std::optional<std::int64_t> reserved) {
  set_reserved(function, reserved);
  if (reserved) {
    if (function.under_way >= *reserved) return ThrottleReason::reserved_concurrency;
  } else {
    if (function.account->unreserved >= account_concurrency_ - function.account->reserved) {
      return ThrottleReason::account_concurrency;
    }
  }
  enter_again(function);
  return std::nullopt;
}

void Admission::enter_again(FunctionLoad& function) {
  if (!function.reserved) ++function.account->unreserved;
  ++function.under_way;
  ++under_way_;
}

void Admission::leave(FunctionLoad& function) {
  --function.under_way;
  --under_way_;
  if (!function.reserved) --function.account->unreserved;
}

std::uint64_t default_memory_budget() {
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return pages * page / 4 * 3;
}

std::int64_t default_most_environments() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return std::numeric_limits<std::int64_t>::max();
  const auto open_files = static_cast<std::int64_t>(limit.rlim_cur);
  // The rest is for the store, and for connections of clients and functions.
  const std::int64_t rest = std::min(kOtherDescriptors, open_files / 2);
  return (open_files - rest) / kDescriptorsEach;
}

}  // namespace mayfly::engine
