// AWS Signature Version 4: reading it from a request, checking it, and making it.
//
// A signature is in the Authorization header or, presigned, in the query string. parse() reads it
// without judging; verify() is strict and for those who have the secret; sign() and presign() are
// for our own clients and tests. The canonical form is of the request as it was sent: raw path
// (normalised and encoded once more, but for S3), re-encoded query, the signed headers, and the
// hash of the body.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "identity/credentials.h"
#include "wire/error.h"

namespace mayfly::identity {

// access key / date / region / service / aws4_request
struct CredentialScope {
  std::string access_key;
  std::string date;  // 20260131
  std::string region;
  std::string service;

  std::string str() const;  // without the access key
};

enum class SignaturePlace { header, query };

struct Signature {
  SignaturePlace place = SignaturePlace::header;
  CredentialScope scope;
  std::vector<std::string> signed_headers;  // lower case
  std::string signature;                    // as sent
  std::string timestamp;                    // 20260131T123456Z; empty where there is none
  std::string session_token;
  std::optional<std::chrono::seconds> expires;  // presigned
};

// nullopt: the request carries no SigV4 signature (none at all, or another scheme). An error: it
// has one that cannot be read (IncompleteSignatureException). Only the credential must be there;
// verify() asks for the rest.
std::expected<std::optional<Signature>, wire::ApiError> parse_signature(
    const http::Request& request);

// Derived signing keys, so that a request costs one HMAC and not five. Threads: any.
class SigningKeys {
 public:
  std::string key(std::string_view secret, const CredentialScope& scope);

 private:
  static constexpr std::size_t kMaxKeys = 4096;
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> keys_;
};

inline constexpr std::chrono::minutes kMaxClockSkew{15};
inline constexpr std::chrono::hours kMaxPresignedLife{24 * 7};

// Whether the signature is the one that the secret makes, now. Checks the time, the scope's date,
// that the host is signed, and a hash of the body that the client sent.
std::expected<void, wire::ApiError> verify(const Signature& signature, const http::Request& request,
                                           std::string_view secret, base::WallTime now,
                                           SigningKeys& keys);

// Signs in place: adds X-Amz-Date, X-Amz-Security-Token where there is a token, and Authorization.
// The request must have its Host header and its body.
void sign_request(http::Request& request, const Credentials& credentials, std::string_view service,
                  std::string_view region, base::WallTime now);
// Signs in the query string instead. The request must have its Host header; the body is not covered
// for S3.
void presign_request(http::Request& request, const Credentials& credentials,
                     std::string_view service, std::string_view region, base::WallTime now,
                     std::chrono::seconds expires);

// Exposed for tests with published vectors.
std::string canonical_request(const http::Request& request, const Signature& signature,
                              std::string_view payload_hash);

}  // namespace mayfly::identity
