// What API Gateway stores, and how: the only file that knows its stored bytes.
//
//   (scope, kind, api id)             Api
//   (scope, kind, api id, name)       Route, Integration, Authorizer, Stage, Deployment, Snapshot
//   (kApiScope, api id)               "account region": whose API an execute-api URL names
// A value is one byte for the format's version, then the resource's shape() as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "services/apigateway/shapes.h"
#include "store/keyspaces.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::apigateway::keys {

// Stored: append only, never renumber.
enum class Kind : std::uint8_t {
  api = 1,
  route = 2,
  integration = 3,
  stage = 4,
  deployment = 5,
  snapshot = 6,
  authorizer = 7,
  api_scope = 100,
};

template <class T>
inline constexpr Kind kKindOf = Kind::api_scope;
template <>
inline constexpr Kind kKindOf<Api> = Kind::api;
template <>
inline constexpr Kind kKindOf<Route> = Kind::route;
template <>
inline constexpr Kind kKindOf<Integration> = Kind::integration;
template <>
inline constexpr Kind kKindOf<Stage> = Kind::stage;
template <>
inline constexpr Kind kKindOf<Deployment> = Kind::deployment;
template <>
inline constexpr Kind kKindOf<Snapshot> = Kind::snapshot;
template <>
inline constexpr Kind kKindOf<Authorizer> = Kind::authorizer;

// Everything of one kind.
template <class T>
std::string all(const base::Scope& scope) {
  return store::key_in(store::KeySpace::apigateway, scope)
      .u8(static_cast<std::uint8_t>(kKindOf<T>))
      .done();
}
// Everything of one kind below an API; the key of the Api itself.
template <class T>
std::string of_api(const base::Scope& scope, std::string_view api_id) {
  return store::key_in(store::KeySpace::apigateway, scope)
      .u8(static_cast<std::uint8_t>(kKindOf<T>))
      .str(api_id)
      .done();
}
template <class T>
std::string one(const base::Scope& scope, std::string_view api_id, std::string_view name) {
  return store::key_in(store::KeySpace::apigateway, scope)
      .u8(static_cast<std::uint8_t>(kKindOf<T>))
      .str(api_id)
      .str(name)
      .done();
}
inline std::string api_scope(std::string_view api_id) {
  return store::key_in(store::KeySpace::apigateway)
      .u8(static_cast<std::uint8_t>(Kind::api_scope))
      .str(api_id)
      .done();
}

inline constexpr char kFormat = 1;

template <class T>
std::string encode(T resource) {
  std::string bytes(1, kFormat);
  wire::write_json(wire::encode(std::move(resource)), bytes);
  return bytes;
}

// nullopt: not what this version writes.
template <class T>
std::optional<T> decode(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormat) return std::nullopt;
  auto document = wire::parse_json(bytes.substr(1));
  if (!document) return std::nullopt;
  auto resource = wire::decode<T>(std::move(*document));
  if (!resource) return std::nullopt;
  return std::move(*resource);
}

inline std::string encode_scope(const base::Scope& scope) {
  return scope.account + " " + scope.region;
}
inline std::optional<base::Scope> decode_scope(std::string_view bytes) {
  const std::size_t space = bytes.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return base::Scope{std::string(bytes.substr(0, space)), std::string(bytes.substr(space + 1))};
}

}  // namespace mayfly::apigateway::keys
