// The environment variables of a function's process, as Lambda sets them (facts/wire.md 1.2), and
// where Mayfly is to be found.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace mayfly::engine {

struct PlatformAddress {
  std::uint16_t endpoint_port = 4566;  // AWS_ENDPOINT_URL, on 127.0.0.1
  std::uint16_t runtime_api_port = 9001;
  std::uint16_t egress_port = 0;  // of the way out of an isolated network, on 127.0.0.1; 0: none
};

// "NAME=value", complete, sorted by name. `runtime`: what the runtime's pack sets, in place of the
// platform's; the user may set it again. The user's variables do not replace reserved ones, and
// names starting with an underscore are not passed on, as on Lambda.
std::vector<std::string> function_variables(const FunctionSpec& function,
                                            const PlatformAddress& address,
                                            const std::string& log_stream,
                                            const std::map<std::string, std::string>& runtime = {});

// "2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef"
std::string log_stream_name(base::WallTime now, const std::string& version, base::Ids& ids);

}  // namespace mayfly::engine
