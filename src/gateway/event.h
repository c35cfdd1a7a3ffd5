// Events of payload format 2.0: what functions get for an HTTP request.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "gateway/inbound.h"
#include "gateway/json_writer.h"

namespace mayfly::gateway {

// Which door a request came through, and where it found its route.
struct Place {
  std::string_view account, api_id;
  std::string_view domain;  // "{id}.execute-api.localhost"
  std::string_view route_key, stage;
  std::string_view method;
  std::string_view path;  // decoded, as events show it
  std::string_view request_id;
  base::WallTime time;
};

// "12/Mar/2020:19:03:58 +0000"
std::string request_time(base::WallTime time);

// Of "a.b.c" the "a".
std::string_view domain_prefix(std::string_view domain);

// Everything but pathParameters, stageVariables and the body; `json` is in the object.
// `authorizer` is the JSON of requestContext.authorizer, or empty.
void write_request(JsonWriter& json, const Place& place, const Inbound& inbound,
                   std::string_view authorizer);
// body and isBase64Encoded.
void write_body(JsonWriter& json, const Inbound& inbound);

template <class Map>
void write_map(JsonWriter& json, std::string_view name, const Map& map) {
  json.open(name);
  for (const auto& [key, value] : map) json.text(key, value);
  json.close();
}

}  // namespace mayfly::gateway
