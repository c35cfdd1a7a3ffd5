// What the operation tables say, for people and tests: `mayfly --dump-api` and
// docs/compatibility/<service>.md.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/service.h"

namespace mayfly::api {

// What is wrong in the tables and no compiler sees: patterns that cannot be compiled, labels of a
// URI without a member and members in the path without a label, REST operations without a binding,
// Query services without a version. Empty where all is well. Each service's tests ask it.
std::vector<std::string> table_faults(const Service& service);

// JSON: every service with its operations, their members (name, type, required, place) and HTTP
// bindings.
std::string dump_api(std::span<const Service> services);

// Markdown: which operations there are, and which of AWS's there are not.
std::string compatibility_markdown(const Service& service);

}  // namespace mayfly::api
