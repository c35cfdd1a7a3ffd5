#include "engine/schedule/admission.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "base/machine.h"

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
    function.account->unreserved += reserved ? -function.held : function.held;
    function.account->under_way_unreserved += reserved ? -function.under_way : function.under_way;
  }
  function.account->reserved += reserved.value_or(0) - function.reserved.value_or(0);
  function.reserved = reserved;
}

void Admission::change(VersionLoad& version, std::int64_t under_way, std::int64_t provisioned) {
  const std::int64_t before = version.held();
  FunctionLoad& function = *version.function;
  const std::int64_t more = under_way - version.under_way;
  function.under_way += more;
  function.account->under_way += more;
  if (!function.reserved) function.account->under_way_unreserved += more;
  version.under_way = under_way;
  version.provisioned = provisioned;
  function.held += version.held() - before;
  if (!function.reserved) function.account->unreserved += version.held() - before;
}

std::optional<ThrottleReason> Admission::enter(VersionLoad& version,
                                               std::optional<std::int64_t> reserved) {
  FunctionLoad& function = *version.function;
  set_reserved(function, reserved);
  if (version.under_way >= version.provisioned && reserved) {
    if (function.held >= *reserved) return ThrottleReason::reserved_concurrency;
  } else if (version.under_way >= version.provisioned) {
    if (function.account->unreserved >= account_concurrency_ - function.account->reserved) {
      return ThrottleReason::account_concurrency;
    }
  }
  enter_again(version);
  return std::nullopt;
}

void Admission::enter_again(VersionLoad& version) {
  change(version, version.under_way + 1, version.provisioned);
  ++under_way_;
}

void Admission::leave(VersionLoad& version) {
  change(version, version.under_way - 1, version.provisioned);
  --under_way_;
}

ports::Concurrency Admission::concurrency(const VersionLoad& version) {
  const FunctionLoad& function = *version.function;
  return {.account = function.account->under_way,
          .unreserved = function.reserved ? 0 : function.account->under_way_unreserved,
          .function = function.under_way,
          .provisioned = std::min(version.under_way, version.provisioned),
          .allocated = version.provisioned};
}

bool Admission::may_grow(FunctionLoad& function, base::MonotonicTime now) {
  if (scaling_rate_ == 0) return true;
  constexpr std::chrono::duration<double> kPeriod{10};
  if (!function.growth) {
    function.growth = scaling_rate_;
  } else {
    const double gained = scaling_rate_ * (now - function.growth_at) / kPeriod;
    function.growth = std::min(scaling_rate_, *function.growth + gained);
  }
  function.growth_at = now;
  if (*function.growth < 1) return false;
  --*function.growth;
  return true;
}

void Admission::provision(VersionLoad& version, std::int64_t count) {
  change(version, version.under_way, count);
}

std::uint64_t default_memory_budget() { return base::physical_memory() / 4 * 3; }

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
