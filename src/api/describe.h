// What the operation tables say, for people and tests: `mayfly --dump-api` and
// docs/compatibility/<service>.md.
#pragma once

#include <span>
#include <string>

#include "api/service.h"

namespace mayfly::api {

// JSON: every service with its operations, their members (name, type, required, place) and HTTP
// bindings.
std::string dump_api(std::span<const Service> services);

// Markdown: which operations there are, and which of AWS's there are not.
std::string compatibility_markdown(const Service& service);

}  // namespace mayfly::api
