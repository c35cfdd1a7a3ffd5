// Route keys, paths, hosts, integration URIs and stage variables: the first line is a route key a
// line up to an empty one, the rest is a request's target. Whatever they are, a match has to be one
// that the table allows.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/strings.h"
#include "services/apigateway/model/address.h"
#include "services/apigateway/model/integration_uri.h"
#include "services/apigateway/model/route_table.h"

using namespace mayfly::apigateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RouteTable table;
  std::vector<RouteKey> keys;
  std::string_view target;
  for (std::string_view line : mayfly::base::split(text, '\n')) {
    if (auto key = RouteKey::parse(line)) {
      table.add(*key, keys.size());
      keys.push_back(std::move(*key));
    } else {
      target = line;
    }
  }
  mayfly::http::Request request;
  request.method = "GET";
  request.target = target;
  request.headers.add("host", std::string(target));
  (void)parse_address(request);
  if (const auto match = table.match("GET", request.raw_path())) {
    if (match->route >= keys.size()) std::abort();
    const RouteKey& key = keys[match->route];
    if (!key.is_default() && key.method != "GET" && key.method != "ANY") std::abort();
    std::size_t variables = 0;
    for (const RouteSegment& segment : key.segments)
      variables += segment.kind != RouteSegment::Kind::literal;
    if (match->parameters.size() != variables) std::abort();
    for (const auto& [name, value] : match->parameters) {
      if (!mayfly::base::is_utf8(value)) std::abort();
    }
    (void)fill_target(target, match->parameters);
  }
  (void)parse_function_uri(target);
  (void)parse_http_uri(target);
  (void)fill_stage_variables(target, {{"a", "${stageVariables.a}"}});
  return 0;
}
