// Inbound: a request as events show it: headers joined, query decoded, what a gateway adds to them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "http/message.h"

namespace mayfly::gateway {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Inbound {
  Pairs headers;      // names in lower case, values of a name joined with commas; no cookies
  Pairs each_header;  // as they came, cookies too, with what the gateway adds
  std::vector<std::string> cookies;  // "name=value"
  Pairs query;                       // decoded, in order, a name as often as it came
  std::string raw_query;
  std::string source_ip, user_agent, protocol, trace;
  std::string body;
  bool body_is_base64 = false;
};

// Of a connection and not of a message: never handed on.
bool is_hop_by_hop(std::string_view name);

// Payload format 1.0 wants each header as it came too.
enum class EachHeader { skip, keep };
Inbound read_inbound(const http::Request& request, base::WallTime now, base::Ids& ids,
                     EachHeader each);
// Moves the body over, as base64 where it is not text.
void take_body(http::Request& request, Inbound& inbound);

// The last value of a header (name in lower case), or a query parameter's; empty where it is
// absent.
std::string_view value_of(const Pairs& pairs, std::string_view name);

}  // namespace mayfly::gateway
