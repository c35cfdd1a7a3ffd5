#include "services/apigateway/execute/jwt.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>

#include "base/strings.h"
#include "services/apigateway/model/integration_uri.h"
#include "wire/json.h"

namespace mayfly::apigateway {
namespace {

using wire::Document;

constexpr std::size_t kMaxToken = 16 * 1024;

std::optional<std::string> from_base64url(std::string_view text) {
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return base::from_base64(standard);
}

std::string text_of(const Document& map, std::string_view name) {
  const Document* value = map.find(name);
  return value != nullptr && value->is_string() ? *value->as_string() : "";
}

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>>;

Number number_of(const Document& jwk, std::string_view name) {
  const auto bytes = from_base64url(text_of(jwk, name));
  if (!bytes || bytes->empty() || bytes->size() > 1024) return nullptr;
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes->data()),
                          static_cast<int>(bytes->size()), nullptr));
}

Key rsa_key(const Document& jwk) {
  const Number modulus = number_of(jwk, "n");
  const Number exponent = number_of(jwk, "e");
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm == "RS256") return EVP_sha256();
  if (algorithm == "RS384") return EVP_sha384();
  if (algorithm == "RS512") return EVP_sha512();
  return nullptr;
}

// A member that is a text or a list of texts.
bool holds(const Document* value, const Strings& wanted) {
  if (value == nullptr) return false;
  const auto is_wanted = [&](const Document& element) {
    return element.is_string() && std::ranges::find(wanted, *element.as_string()) != wanted.end();
  };
  if (value->is_list()) return std::ranges::any_of(*value->as_list(), is_wanted);
  return is_wanted(*value);
}

bool knows(const Document& jwks, std::string_view kid) {
  const Document* keys = jwks.find("keys");
  return keys != nullptr && keys->is_list() &&
         std::ranges::any_of(*keys->as_list(),
                             [&](const Document& jwk) { return text_of(jwk, "kid") == kid; });
}

std::vector<std::string> token_scopes(const Document& claims) {
  std::vector<std::string> scopes;
  for (const std::string_view name : {"scope", "scp"}) {
    const Document* value = claims.find(name);
    if (value == nullptr) continue;
    if (value->is_list()) {
      for (const Document& element : *value->as_list()) {
        if (element.is_string()) scopes.push_back(*element.as_string());
      }
    } else if (value->is_string()) {
      for (std::string_view scope : base::split(*value->as_string(), ' ')) {
        if (!scope.empty()) scopes.emplace_back(scope);
      }
    }
  }
  return scopes;
}

}  // namespace

std::optional<Jwt> parse_jwt(std::string_view text) {
  if (text.size() > kMaxToken) return std::nullopt;
  const std::vector<std::string_view> parts = base::split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto header_text = from_base64url(parts[0]);
  const auto claims_text = from_base64url(parts[1]);
  auto signature = from_base64url(parts[2]);
  if (!header_text || !claims_text || !signature) return std::nullopt;
  auto header = wire::parse_json(*header_text);
  auto claims = wire::parse_json(*claims_text);
  if (!header || !claims || !header->is_map() || !claims->is_map()) return std::nullopt;
  return Jwt{std::move(*header), std::move(*claims), std::string(text.substr(0, text.rfind('.'))),
             std::move(*signature)};
}

bool verify_signature(const Jwt& token, const Document& jwks) {
  const EVP_MD* digest = digest_of(text_of(token.header, "alg"));
  const std::string kid = text_of(token.header, "kid");
  const Document* keys = jwks.find("keys");
  if (digest == nullptr || keys == nullptr || !keys->is_list()) return false;
  for (const Document& jwk : *keys->as_list()) {
    if (text_of(jwk, "kty") != "RSA" || text_of(jwk, "kid") != kid) continue;
    const Key key = rsa_key(jwk);
    const Digest context(EVP_MD_CTX_new());
    if (!key || !context ||
        EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) != 1) {
      continue;
    }
    const auto* signature = reinterpret_cast<const unsigned char*>(token.signature.data());
    const auto* text = reinterpret_cast<const unsigned char*>(token.signed_part.data());
    if (EVP_DigestVerify(context.get(), signature, token.signature.size(), text,
                         token.signed_part.size()) == 1) {
      return true;
    }
  }
  return false;
}

bool check_claims(const Document& claims, const JwtConfiguration& configuration,
                  base::WallTime now) {
  if (!configuration.issuer || text_of(claims, "iss") != *configuration.issuer) return false;
  const Strings audience = configuration.audience.value_or(Strings{});
  // client_id counts only where the token has no aud (Cognito's access tokens).
  const Document* whom = claims.find("aud");
  if (!holds(whom != nullptr ? whom : claims.find("client_id"), audience)) return false;
  const double seconds = base::epoch_seconds(now);
  const auto time = [&](std::string_view name) {
    const Document* value = claims.find(name);
    return value == nullptr ? std::nullopt : value->as_double();
  };
  const auto expires = time("exp");
  if (!expires || *expires <= seconds) return false;
  if (claims.find("nbf") != nullptr && time("nbf").value_or(seconds + 1) > seconds) return false;
  return claims.find("iat") == nullptr || time("iat").value_or(seconds + 1) <= seconds;
}

bool has_scope(const Document& claims, const Strings& wanted) {
  if (wanted.empty()) return true;
  const auto scopes = token_scopes(claims);
  return std::ranges::any_of(scopes, [&](const std::string& scope) {
    return std::ranges::find(wanted, scope) != wanted.end();
  });
}

Document claims_as_text(const Document& claims) {
  Document out = Document::map();
  for (const auto& [name, value] : *claims.as_map()) {
    if (value.is_string()) {
      out.set(name, *value.as_string());
    } else if (value.is_list()) {
      // As AWS writes lists: [a b].
      std::vector<std::string> elements;
      for (const Document& element : *value.as_list()) {
        elements.push_back(element.is_string() ? *element.as_string() : wire::to_json(element));
      }
      out.set(name, fmt::format("[{}]", fmt::join(elements, " ")));
    } else {
      out.set(name, wire::to_json(value));
    }
  }
  return out;
}

Document scopes_of(const Document& claims) {
  Document out;
  for (std::string& scope : token_scopes(claims)) out.push_back(std::move(scope));
  return out;
}

base::Task<std::shared_ptr<const Document>> JwtKeys::keys(std::string issuer, std::string kid) {
  constexpr std::chrono::minutes kFresh{60}, kRetry{1};
  {
    std::lock_guard lock(mutex_);
    const auto found = issuers_.find(issuer);
    if (found != issuers_.end()) {
      const auto age = clock_.monotonic() - found->second.fetched;
      if (age < kRetry || (age < kFresh && found->second.keys && knows(*found->second.keys, kid))) {
        co_return found->second.keys;
      }
    }
  }
  std::shared_ptr<const Document> fetched = co_await fetch(issuer);
  std::lock_guard lock(mutex_);
  Entry& entry = issuers_[issuer];
  entry.fetched = clock_.monotonic();
  // An issuer that cannot be reached now does not lose the keys that it had.
  if (fetched) entry.keys = std::move(fetched);
  co_return entry.keys;
}

base::Task<std::shared_ptr<const Document>> JwtKeys::fetch(std::string issuer) {
  std::string base_url = issuer;
  while (base_url.ends_with('/')) base_url.pop_back();
  const auto configuration = co_await get_json(base_url + "/.well-known/openid-configuration");
  if (!configuration) co_return nullptr;
  const std::string jwks_uri = text_of(*configuration, "jwks_uri");
  auto jwks = co_await get_json(jwks_uri);
  if (!jwks) co_return nullptr;
  co_return std::make_shared<const Document>(std::move(*jwks));
}

base::Task<std::optional<Document>> JwtKeys::get_json(std::string url) {
  const auto uri = parse_http_uri(url);
  if (!uri) co_return std::nullopt;
  http::Request request;
  request.method = "GET";
  request.target = uri->target;
  auto response = co_await client_.send(uri->origin, std::move(request));
  if (!response || response->status != 200) co_return std::nullopt;
  auto document = wire::parse_json(response->body);
  if (!document) co_return std::nullopt;
  co_return std::move(*document);
}

}  // namespace mayfly::apigateway
