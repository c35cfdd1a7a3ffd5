#include "identity/authenticator.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace mayfly::identity {
namespace {

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::unexpected<wire::ApiError> unknown_key() {
  return wire::fail(wire::kUnrecognizedClient,
                    "The security token included in the request is invalid.");
}

}  // namespace

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_region(std::string_view text) {
  if (text.empty() || text.size() > 32 || text.front() == '-' || text.back() == '-') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

base::Task<wire::Result<Identity>> Authenticator::authenticate(const http::Request& request,
                                                               std::optional<Signature> signature) {
  if (!signature) {
    if (options_.profile == Profile::secured) {
      co_return wire::fail(wire::kMissingAuthenticationToken, "Missing Authentication Token");
    }
    Identity identity;
    identity.scope = options_.default_scope;
    identity.principal.account = identity.scope.account;
    identity.principal.arn = fmt::format("arn:aws:iam::{}:root", identity.scope.account);
    identity.principal.user_id = identity.scope.account;
    co_return identity;
  }
  if (!is_region(signature->scope.region)) {
    co_return wire::fail(wire::kInvalidSignature, "Credential should be scoped to a valid region.");
  }
  auto issued = co_await source_.find(signature->scope.access_key);
  if (!issued) co_return std::unexpected(std::move(issued).error());
  co_return judge(request, std::move(*signature), *issued);
}

Identity Authenticator::stranger(const Signature& signature) const {
  Identity identity;
  const std::string& key = signature.scope.access_key;
  identity.principal.kind = PrincipalKind::root;
  identity.principal.account = is_account(key) ? key : options_.default_scope.account;
  identity.principal.arn = fmt::format("arn:aws:iam::{}:root", identity.principal.account);
  identity.principal.user_id = identity.principal.account;
  identity.principal.access_key = key;
  identity.state = SignatureState::not_checked;
  return identity;
}

wire::Result<Identity> Authenticator::judge(const http::Request& request, Signature signature,
                                            const std::optional<IssuedCredentials>& issued) {
  const bool secured = options_.profile == Profile::secured;
  Identity identity;
  if (!issued) {
    if (secured) return unknown_key();
    identity = stranger(signature);
  } else {
    const base::WallTime now = clock_.now();
    identity.principal = issued->principal;
    identity.principal.access_key = signature.scope.access_key;
    identity.state = SignatureState::right;
    auto verified = verify(signature, request, issued->secret_key, now, keys_);
    if (verified && !same_secret(signature.session_token, issued->session_token))
      verified = unknown_key();
    if (verified && issued->expires && *issued->expires <= now) {
      verified =
          wire::fail(wire::kExpiredToken, "The security token included in the request is expired");
    }
    if (!verified) {
      if (secured) return std::unexpected(std::move(verified).error());
      identity.state = SignatureState::wrong;
    }
  }
  identity.scope = {identity.principal.account, signature.scope.region};
  identity.signing_name = std::move(signature.scope.service);
  return identity;
}

}  // namespace mayfly::identity
