#include "services/lambda/model/code_url.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/strings.h"
#include "services/lambda/model/rows.h"
#include "wire/codec.h"

namespace mayfly::lambda {

namespace {

constexpr std::string_view kPath = "/_mayfly/lambda/code/";
constexpr std::chrono::minutes kLifetime{10};

std::string sign(const std::string& secret, std::string_view sha256, std::string_view expires) {
  return base::to_hex(base::hmac_sha256(secret, fmt::format("{}\n{}", sha256, expires)));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

http::Response plain(int status, std::string text) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain");
  response.body = std::move(text);
  return response;
}

}  // namespace

base::Task<wire::Result<std::string>> CodeUrls::secret() {
  {
    std::lock_guard lock(mutex_);
    if (!secret_.empty()) co_return secret_;
  }
  const std::string fresh = ids_.hex(64);
  auto kept = co_await store::transact(
      store_, [&fresh](store::Transaction& transaction) -> base::Task<wire::Result<std::string>> {
        auto found = co_await transaction.get(url_secret_key());
        if (!found) co_return failed(found.error());
        if (*found) co_return std::move(**found);
        transaction.put(url_secret_key(), fresh);
        co_return fresh;
      });
  if (!kept) co_return kept;
  std::lock_guard lock(mutex_);
  secret_ = *kept;
  co_return kept;
}

base::Task<wire::Result<std::string>> CodeUrls::url(std::string origin, std::string sha256) {
  auto key = co_await secret();
  if (!key) co_return key;
  const std::string expires = std::to_string(base::epoch_ms(clock_.now() + kLifetime) / 1000);
  co_return fmt::format("{}{}{}?Expires={}&Signature={}", origin, kPath, sha256, expires,
                        sign(*key, sha256, expires));
}

bool CodeUrls::matches(const http::Request& request) const {
  return request.raw_path().starts_with(kPath);
}

base::Task<http::Response> CodeUrls::handle(http::Request request) {
  if (request.method != "GET" && request.method != "HEAD") co_return plain(405, "Use GET.\n");
  const std::string sha256(request.raw_path().substr(kPath.size()));
  std::string expires, signature;
  if (auto pairs = wire::parse_form(request.raw_query())) {
    for (auto& [name, value] : *pairs) {
      if (name == "Expires") expires = std::move(value);
      if (name == "Signature") signature = std::move(value);
    }
  }
  auto key = co_await secret();
  if (!key) co_return plain(503, "Try again.\n");
  if (!equal_in_constant_time(signature, sign(*key, sha256, expires))) {
    co_return plain(403, "The signature of this URL is wrong.\n");
  }
  const std::int64_t until = base::parse_int(expires).value_or(0);
  if (until * 1000 < base::epoch_ms(clock_.now())) co_return plain(403, "Request has expired.\n");
  auto zip = co_await code_.read(sha256);
  if (!zip) {
    base::log_warn("code for a download: {}", zip.error().detail);
    co_return plain(404, "The code is not there any more.\n");
  }
  http::Response response;
  response.headers.add("Content-Type", "application/zip");
  if (request.method == "GET") response.body = std::move(*zip);
  co_return response;
}

}  // namespace mayfly::lambda
