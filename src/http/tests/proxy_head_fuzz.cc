// Any bytes as a proxy request's head and as rules: no crash; what is let through names a plain
// host, and what a server gets has no second head in it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/detail/proxy_head.h"
#include "http/egress_rules.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // SAFETY: bytes looked at as characters.
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = mayfly::http::detail::parse_proxy_head(bytes)) {
    require(!parsed->host.empty() && parsed->port != 0);
    require(parsed->host.find_first_of(" \r\n@/\\%\t") == std::string::npos);
    const std::size_t end = parsed->head.find("\r\n\r\n");
    require(parsed->head.empty() || end + 4 == parsed->head.size());
  }
  if (const auto rules = mayfly::http::EgressRules::parse(bytes)) {
    require(!rules->allows("not-there.invalid.example", 443) || size > 0);
    (void)rules->may_connect("127.0.0.1", 80);
  }
  return 0;
}
