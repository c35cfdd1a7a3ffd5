#include "identity/sigv4.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "base/strings.h"
#include "wire/codec.h"
#include "wire/timestamp.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

std::unexpected<wire::ApiError> incomplete(std::string message) {
  return wire::fail(wire::kIncompleteSignature, std::move(message));
}
std::unexpected<wire::ApiError> invalid(std::string message) {
  return wire::fail(wire::kInvalidSignature, std::move(message));
}

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<CredentialScope> parse_scope(std::string_view text) {
  const auto parts = base::split(text, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request" || parts[1].size() != 8 ||
      !all_digits(parts[1])) {
    return std::nullopt;
  }
  if (std::ranges::any_of(parts, &std::string_view::empty)) return std::nullopt;
  return CredentialScope{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]),
                         std::string(parts[3])};
}

std::string basic_iso8601(base::WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{second - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<base::WallTime> parse_basic_iso8601(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  auto time = wire::parse_iso8601(
      fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2),
                  text.substr(9, 2), text.substr(11, 2), text.substr(13, 2)));
  if (!time) return std::nullopt;
  return base::WallTime{std::chrono::seconds{static_cast<std::int64_t>(time->epoch_seconds)}};
}

std::vector<std::string> header_list(std::string_view text) {
  std::vector<std::string> out;
  for (std::string_view name : base::split(text, ';')) {
    if (!name.empty()) out.push_back(base::to_lower(name));
  }
  return out;
}

// What comes with a signature in either place: the date, from X-Amz-Date or else Date.
std::string header_timestamp(const http::Headers& headers) {
  if (auto date = headers.get("x-amz-date")) return std::string(base::trim(*date));
  auto date = headers.get("date");
  if (!date) return {};
  if (auto time = wire::parse_http_date(base::trim(*date))) {
    return basic_iso8601(
        base::WallTime{std::chrono::seconds{static_cast<std::int64_t>(time->epoch_seconds)}});
  }
  return std::string(base::trim(*date));
}

std::expected<std::optional<Signature>, wire::ApiError> parse_header(const http::Request& request,
                                                                     std::string_view header) {
  Signature out;
  out.place = SignaturePlace::header;
  std::string_view credential;
  header.remove_prefix(kAlgorithm.size());
  for (std::string_view part : base::split(header, ',')) {
    part = base::trim(part);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") out.signed_headers = header_list(value);
    if (name == "Signature") out.signature = value;
  }
  if (credential.empty())
    return incomplete("Authorization header requires 'Credential' parameter.");
  auto scope = parse_scope(credential);
  if (!scope) {
    return incomplete(
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                    "keyid/date/region/service/term, got '{}'",
                    credential.substr(0, 256)));
  }
  out.scope = std::move(*scope);
  out.timestamp = header_timestamp(request.headers);
  if (auto token = request.headers.get("x-amz-security-token"))
    out.session_token = base::trim(*token);
  return out;
}

std::expected<std::optional<Signature>, wire::ApiError> parse_query(const http::Request& request) {
  // Most requests have no query; the few that have are decoded twice, here and by the codec.
  if (request.raw_query().find("X-Amz-") == std::string_view::npos) return std::nullopt;
  auto pairs = wire::parse_form(request.raw_query());
  if (!pairs) return std::nullopt;
  Signature out;
  out.place = SignaturePlace::query;
  std::string algorithm, credential;
  for (auto& [name, value] : *pairs) {
    if (name == "X-Amz-Algorithm") algorithm = value;
    if (name == "X-Amz-Credential") credential = value;
    if (name == "X-Amz-Date") out.timestamp = value;
    if (name == "X-Amz-SignedHeaders") out.signed_headers = header_list(value);
    if (name == "X-Amz-Signature") out.signature = value;
    if (name == "X-Amz-Security-Token") out.session_token = value;
    if (name == "X-Amz-Expires") {
      auto seconds = base::parse_int(value);
      if (!seconds || *seconds < 0) return incomplete("X-Amz-Expires must be a number of seconds.");
      out.expires = std::chrono::seconds{*seconds};
    }
  }
  if (algorithm.empty() && credential.empty()) return std::nullopt;
  if (algorithm != kAlgorithm) {
    return incomplete(fmt::format("X-Amz-Algorithm must be {}.", kAlgorithm));
  }
  auto scope = parse_scope(credential);
  if (!scope) return incomplete("X-Amz-Credential must be keyid/date/region/service/aws4_request.");
  out.scope = std::move(*scope);
  return out;
}

// Dot segments and repeated slashes go, as AWS's own signers do it.
std::string normalise_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::string_view segment : base::split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.push_back(segment);
    }
  }
  std::string out = "/";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  if (path.ends_with('/') && !kept.empty()) out += '/';
  return out;
}

std::string canonical_path(std::string_view raw_path, std::string_view service) {
  if (raw_path.empty()) return "/";
  if (service == "s3") return std::string(raw_path);
  return base::percent_encode(normalise_path(raw_path), base::Slash::keep);
}

// Name and value in the one encoding that SigV4 knows, whatever the client's was.
std::string reencode(std::string_view text) {
  auto decoded = base::percent_decode(text);
  return base::percent_encode(decoded ? std::string_view(*decoded) : text, base::Slash::encode);
}

std::string canonical_query(std::string_view raw_query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::string_view pair : base::split(raw_query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::string name = reencode(pair.substr(0, equals));
    if (name == "X-Amz-Signature") continue;
    pairs.emplace_back(std::move(name), equals == std::string_view::npos
                                            ? std::string()
                                            : reencode(pair.substr(equals + 1)));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

void append_collapsed(std::string_view value, std::string& out) {
  bool space = false;
  for (char c : base::trim(value)) {
    if (c == ' ' || c == '\t') {
      space = true;
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
}

std::string signature_of(const Signature& signature, const http::Request& request,
                         std::string_view payload_hash, std::string_view signing_key) {
  const std::string canonical = canonical_request(request, signature, payload_hash);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, signature.timestamp, signature.scope.str(),
                  base::to_hex(base::sha256(canonical)));
  return base::to_hex(base::hmac_sha256(signing_key, to_sign));
}

std::string derive_key(std::string_view secret, const CredentialScope& scope) {
  std::string key = base::hmac_sha256("AWS4" + std::string(secret), scope.date);
  key = base::hmac_sha256(key, scope.region);
  key = base::hmac_sha256(key, scope.service);
  return base::hmac_sha256(key, "aws4_request");
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The hash that belongs into the canonical request, checked against the body where it says
// something about it.
std::expected<std::string, wire::ApiError> payload_hash(const Signature& signature,
                                                        const http::Request& request) {
  auto header = request.headers.get("x-amz-content-sha256");
  if (!header) {
    if (signature.place == SignaturePlace::query && signature.scope.service == "s3") {
      return std::string(kUnsignedPayload);
    }
    return base::to_hex(base::sha256(request.body));
  }
  if (*header == kUnsignedPayload) return std::string(*header);
  if (header->starts_with("STREAMING-")) {
    return wire::not_supported(fmt::format("A body signed as {}", header->substr(0, 64)));
  }
  if (!is_sha256_hex(*header)) {
    return invalid("x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.");
  }
  if (*header != base::to_hex(base::sha256(request.body))) {
    return invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  return std::string(*header);
}

std::expected<void, wire::ApiError> check_time(const Signature& signature, base::WallTime now) {
  auto time = parse_basic_iso8601(signature.timestamp);
  if (!time) {
    return incomplete(
        signature.timestamp.empty()
            ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
            : fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'.",
                          signature.timestamp.substr(0, 64)));
  }
  if (!signature.timestamp.starts_with(signature.scope.date)) {
    return invalid(fmt::format(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: '{}' != '{}', from '{}'.",
        signature.scope.date, signature.timestamp.substr(0, 8), signature.timestamp));
  }
  if (*time > now + kMaxClockSkew) {
    return invalid(
        fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)",
                    signature.timestamp, basic_iso8601(now + kMaxClockSkew), basic_iso8601(now)));
  }
  if (signature.place == SignaturePlace::query) {
    if (!signature.expires) return incomplete("X-Amz-Expires is missing.");
    if (*signature.expires > kMaxPresignedLife) {
      return invalid(
          "X-Amz-Expires must be less than a week (in seconds) i.e. the given X-Amz-Expires must "
          "be less "
          "than 604800 seconds");
    }
    if (*time + *signature.expires < now) {
      return invalid(fmt::format("Signature expired: {} is now earlier than {}",
                                 signature.timestamp, basic_iso8601(now - *signature.expires)));
    }
  } else if (*time < now - kMaxClockSkew) {
    return invalid(fmt::format("Signature expired: {} is now earlier than {} ({} - 15 min.)",
                               signature.timestamp, basic_iso8601(now - kMaxClockSkew),
                               basic_iso8601(now)));
  }
  return {};
}

}  // namespace

std::string CredentialScope::str() const {
  return fmt::format("{}/{}/{}/aws4_request", date, region, service);
}

std::expected<std::optional<Signature>, wire::ApiError> parse_signature(
    const http::Request& request) {
  if (auto header = request.headers.get("authorization")) {
    const std::string_view algorithm = header->substr(0, header->find(' '));
    if (algorithm == kAlgorithm) {
      return parse_header(request, *header);
    }
    if (header->starts_with("AWS4-")) {
      return wire::not_supported(
          fmt::format("The signature algorithm {}", algorithm.substr(0, 64)));
    }
  }
  return parse_query(request);
}

std::string SigningKeys::key(std::string_view secret, const CredentialScope& scope) {
  std::string name = fmt::format("{}\n{}\n{}\n{}", secret, scope.date, scope.region, scope.service);
  {
    std::lock_guard lock(mutex_);
    auto found = keys_.find(name);
    if (found != keys_.end()) return found->second;
  }
  std::string key = derive_key(secret, scope);
  std::lock_guard lock(mutex_);
  // Dates go by and scopes are the client's to choose: start anew rather than keep what nobody asks
  // for.
  if (keys_.size() >= kMaxKeys) keys_.clear();
  keys_.emplace(std::move(name), key);
  return key;
}

std::string canonical_request(const http::Request& request, const Signature& signature,
                              std::string_view payload_hash) {
  std::string out = request.method;
  out += '\n';
  out += canonical_path(request.raw_path(), signature.scope.service);
  out += '\n';
  out += canonical_query(request.raw_query());
  out += '\n';
  for (const std::string& name : signature.signed_headers) {
    out += name;
    out += ':';
    bool first = true;
    for (std::string_view value : request.headers.get_all(name)) {
      if (!first) out += ',';
      first = false;
      append_collapsed(value, out);
    }
    out += '\n';
  }
  out += '\n';
  for (std::size_t i = 0; i < signature.signed_headers.size(); ++i) {
    if (i > 0) out += ';';
    out += signature.signed_headers[i];
  }
  out += '\n';
  out += payload_hash;
  return out;
}

std::expected<void, wire::ApiError> verify(const Signature& signature, const http::Request& request,
                                           std::string_view secret, base::WallTime now,
                                           SigningKeys& keys) {
  if (signature.signature.empty())
    return incomplete("Authorization header requires 'Signature' parameter.");
  if (signature.signed_headers.empty()) {
    return incomplete("Authorization header requires 'SignedHeaders' parameter.");
  }
  if (std::ranges::find(signature.signed_headers, "host") == signature.signed_headers.end()) {
    return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (auto time = check_time(signature, now); !time) return time;
  auto hash = payload_hash(signature, request);
  if (!hash) return std::unexpected(std::move(hash).error());
  const std::string expected =
      signature_of(signature, request, *hash, keys.key(secret, signature.scope));
  if (expected.size() != signature.signature.size() ||
      CRYPTO_memcmp(expected.data(), signature.signature.data(), expected.size()) != 0) {
    return invalid(
        "The request signature we calculated does not match the signature you provided. Check your "
        "AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.");
  }
  return {};
}

void sign_request(http::Request& request, const Credentials& credentials, std::string_view service,
                  std::string_view region, base::WallTime now) {
  Signature signature;
  signature.timestamp = basic_iso8601(now);
  signature.scope = {credentials.access_key, signature.timestamp.substr(0, 8), std::string(region),
                     std::string(service)};
  request.headers.set("X-Amz-Date", signature.timestamp);
  if (!credentials.session_token.empty())
    request.headers.set("X-Amz-Security-Token", credentials.session_token);
  const std::string hash = base::to_hex(base::sha256(request.body));
  if (service == "s3") request.headers.set("X-Amz-Content-SHA256", hash);
  // What proxies and HTTP stacks change on the way stays unsigned.
  for (const auto& [name, value] : request.headers) {
    std::string lower = base::to_lower(name);
    if (lower == "host" || lower == "content-type" || lower.starts_with("x-amz-")) {
      signature.signed_headers.push_back(std::move(lower));
    }
  }
  std::ranges::sort(signature.signed_headers);
  const auto repeated = std::ranges::unique(signature.signed_headers);
  signature.signed_headers.erase(repeated.begin(), repeated.end());
  std::string list;
  for (const std::string& name : signature.signed_headers) list += (list.empty() ? "" : ";") + name;
  request.headers.set(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                  credentials.access_key, signature.scope.str(), list,
                  signature_of(signature, request, hash,
                               derive_key(credentials.secret_key, signature.scope))));
}

void presign_request(http::Request& request, const Credentials& credentials,
                     std::string_view service, std::string_view region, base::WallTime now,
                     std::chrono::seconds expires) {
  Signature signature;
  signature.place = SignaturePlace::query;
  signature.timestamp = basic_iso8601(now);
  signature.scope = {credentials.access_key, signature.timestamp.substr(0, 8), std::string(region),
                     std::string(service)};
  signature.signed_headers = {"host"};
  auto encode = [](std::string_view text) {
    return base::percent_encode(text, base::Slash::encode);
  };
  request.target += request.target.contains('?') ? '&' : '?';
  request.target += fmt::format(
      "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}"
      "&X-Amz-SignedHeaders=host",
      kAlgorithm, encode(credentials.access_key + "/" + signature.scope.str()), signature.timestamp,
      expires.count());
  if (!credentials.session_token.empty()) {
    request.target += "&X-Amz-Security-Token=" + encode(credentials.session_token);
  }
  const std::string hash =
      service == "s3" ? std::string(kUnsignedPayload) : base::to_hex(base::sha256(request.body));
  request.target +=
      "&X-Amz-Signature=" +
      signature_of(signature, request, hash, derive_key(credentials.secret_key, signature.scope));
}

}  // namespace mayfly::identity
