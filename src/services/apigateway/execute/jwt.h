// JSON Web Tokens as API Gateway takes them: RS256/384/512, keys from the issuer's OpenID
// configuration.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/task.h"
#include "http/client.h"
#include "services/apigateway/shapes.h"
#include "wire/document.h"

namespace mayfly::apigateway {

struct Jwt {
  wire::Document header, claims;
  std::string signed_part;  // header.claims, as it came
  std::string signature;    // raw
};

// nullopt: not a token. Nothing of it is verified.
std::optional<Jwt> parse_jwt(std::string_view text);

// The signature, by a key of a JWK set (RSA); picks the key by the token's kid.
bool verify_signature(const Jwt& token, const wire::Document& jwks);

// Issuer, audience (or client_id), and the times.
bool check_claims(const wire::Document& claims, const JwtConfiguration& configuration,
                  base::WallTime now);

// One of the wanted scopes is in the token's `scope` or `scp`; true where none is wanted.
bool has_scope(const wire::Document& claims, const Strings& wanted);

// Claims as events show them: every value a text.
wire::Document claims_as_text(const wire::Document& claims);
// The token's scopes as a list; null where it has none.
wire::Document scopes_of(const wire::Document& claims);

// The key sets of issuers, fetched once and kept for an hour, and asked for again for an unknown
// kid after a minute. Threads: any.
class JwtKeys {
 public:
  JwtKeys(http::Client& client, const base::Clock& clock) : client_(client), clock_(clock) {}

  // Null: the issuer's keys cannot be had.
  base::Task<std::shared_ptr<const wire::Document>> keys(std::string issuer, std::string kid);

 private:
  struct Entry {
    base::MonotonicTime fetched;
    std::shared_ptr<const wire::Document> keys;
  };
  base::Task<std::shared_ptr<const wire::Document>> fetch(std::string issuer);
  base::Task<std::optional<wire::Document>> get_json(std::string url);

  http::Client& client_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Entry> issuers_;
};

}  // namespace mayfly::apigateway
