// Every user of the key space, in one list, so that no two can meet. A key is: the space's byte,
// account, region, then the tuple of the space's owner, whose keys.h is the only file that knows
// it.
#pragma once

#include <cstdint>

#include "base/arn.h"
#include "store/key.h"

namespace mayfly::store {

// Stored: append only, never renumber. 0x00 and 0xFF stay unused.
enum class KeySpace : std::uint8_t {
  system = 1,             // the daemon's own settings (app)
  iam = 2,                // roles, policies, users, access keys
  sts = 3,                // temporary credentials that were handed out
  lambda = 4,             // functions, versions, aliases, permissions, tags
  lambda_code = 5,        // what is known of a code package (its bytes are in blobs)
  blobs = 6,              // content by SHA-256
  apigateway = 7,         // APIs, routes, integrations, stages, deployments
  dynamodb = 8,           // tables and their settings
  dynamodb_items = 9,     // items of tables
  dynamodb_index = 10,    // entries of secondary indexes
  dynamodb_stream = 11,   // stream records, by sequence
  logs = 12,              // log groups and streams
  log_events = 13,        // log lines
  work = 14,              // durable work (work/)
  usage = 15,             // usage sums by hour (engine's meter)
  metrics = 16,           // metric data points
  dynamodb_expiry = 17,   // items with Time to Live, by the second in which they expire
  dynamodb_history = 18,  // old images of items, by the sequence of their change
  autoscaling = 19,       // scalable targets, their policies and scheduled actions
};

// Whether its rows say what there is, and are read at nearly every request and seldom written: an
// engine may keep them in memory.
constexpr bool is_definition(KeySpace space) {
  switch (space) {
    case KeySpace::iam:
    case KeySpace::sts:
    case KeySpace::lambda:
    case KeySpace::apigateway:
    case KeySpace::dynamodb:
      return true;
    default:
      return false;
  }
}

// Something that belongs to an account and a region.
inline KeyWriter key_in(KeySpace space, const base::Scope& scope) {
  return begin_key(static_cast<std::uint8_t>(space)).str(scope.account).str(scope.region);
}

// Something that belongs to an account, in every region (IAM, STS).
inline KeyWriter key_in_account(KeySpace space, std::string_view account) {
  return begin_key(static_cast<std::uint8_t>(space)).str(account);
}

// Something that belongs to the whole installation.
inline KeyWriter key_in(KeySpace space) { return begin_key(static_cast<std::uint8_t>(space)); }

// Reads what key_in(space, scope) wrote; nullopt for another space or malformed bytes.
inline std::optional<base::Scope> read_scope(KeyReader& reader, KeySpace space) {
  if (reader.space() != static_cast<std::uint8_t>(space)) return std::nullopt;
  std::optional<std::string> account = reader.str();
  std::optional<std::string> region = reader.str();
  if (!account || !region) return std::nullopt;
  return base::Scope{std::move(*account), std::move(*region)};
}

}  // namespace mayfly::store
