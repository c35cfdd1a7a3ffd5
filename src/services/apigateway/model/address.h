// Where a request to the data plane goes: which API, and in which stage.
//   by host   {api}.execute-api.anything/{stage or not}/path
//   by path   /_aws/execute-api/{api}/{stage}/path       for where names below localhost do not
//   resolve
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace mayfly::apigateway {

inline constexpr std::string_view kDefaultStage = "$default";

struct Address {
  std::string_view api_id;
  // Named in the URL itself; where it is not, the stage is the first part of the path, or $default.
  std::optional<std::string> stage;
  std::string_view path;  // raw, behind what named the API; starts with '/'
};

// Views into the request. nullopt: not for an API.
std::optional<Address> parse_address(const http::Request& request);

// {id}, "execute-api", ...: the id of a host name, nullopt for other names.
std::optional<std::string_view> api_of_host(std::string_view host);

}  // namespace mayfly::apigateway
