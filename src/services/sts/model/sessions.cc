#include "services/sts/model/sessions.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "services/sts/errors.h"
#include "wire/row.h"

namespace mayfly::sts {

namespace {

constexpr std::size_t kCacheEntries = 10'000;
constexpr std::string_view kKeyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kSecretAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kTokenBytes = 192;

std::unexpected<wire::ApiError> failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

identity::IssuedCredentials issued(const std::string& access_key, const SessionRow& row) {
  identity::IssuedCredentials out;
  out.secret_key = row.secret_key;
  out.session_token = row.session_token;
  out.expires = base::from_epoch_ms(row.expires_ms);
  out.principal.kind =
      row.role ? identity::PrincipalKind::assumed_role : identity::PrincipalKind::user;
  if (!row.role && row.arn.ends_with(":root")) out.principal.kind = identity::PrincipalKind::root;
  out.principal.account = row.account;
  out.principal.arn = row.arn;
  out.principal.user_id = row.user_id;
  out.principal.access_key = access_key;
  return out;
}

}  // namespace

std::optional<RoleName> parse_role_arn(std::string_view text) {
  const std::optional<base::Arn> arn = base::Arn::parse(text);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return std::nullopt;
  const std::string name = arn->resource.substr(arn->resource.rfind('/') + 1);
  if (name.empty() || arn->account.empty()) return std::nullopt;
  return RoleName{arn->account, name};
}

Sessions::Subject role_session(const RoleName& role, std::string_view session_name) {
  // The unique id of the role, from its name: the same for all its sessions, and STS need not know
  // IAM.
  const std::string digest = base::sha256(role.account + "/" + role.name);
  std::string id = "AROA";
  for (std::size_t i = 0; i < 17; ++i)
    id += kKeyAlphabet[static_cast<std::uint8_t>(digest[i]) % 32];
  return {true, role.account,
          fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", role.account, role.name, session_name),
          fmt::format("{}:{}", id, session_name)};
}

base::Task<wire::Result<ports::TemporaryCredentials>> Sessions::open(
    Subject subject, std::chrono::seconds lifetime) {
  ports::TemporaryCredentials out;
  out.access_key_id = "ASIA" + ids_.text(16, kKeyAlphabet);
  out.secret_access_key = ids_.text(40, kSecretAlphabet);
  std::string token(kTokenBytes, '\0');
  ids_.fill(std::span(reinterpret_cast<std::uint8_t*>(token.data()), token.size()));
  out.session_token = base::to_base64(token);
  out.expires = std::chrono::time_point_cast<std::chrono::seconds>(clock_.now()) + lifetime;

  SessionRow row{
      out.secret_access_key, out.session_token,      base::epoch_ms(out.expires), subject.role,
      subject.account,       std::move(subject.arn), std::move(subject.user_id)};
  auto done = co_await store::transact(
      store_,
      [key = session_key(out.access_key_id), bytes = wire::to_row(row)](
          store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        transaction.put(key, bytes);
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  keep(out.access_key_id, row);
  co_return out;
}

base::Task<wire::Result<ports::TemporaryCredentials>> Sessions::issue(
    std::string role_arn, std::string session_name, std::chrono::seconds lifetime) {
  const std::optional<RoleName> role = parse_role_arn(role_arn);
  if (!role) co_return wire::fail(kValidationError, role_arn + " is invalid");
  co_return co_await open(role_session(*role, session_name), lifetime);
}

base::Task<wire::Result<std::optional<identity::IssuedCredentials>>> Sessions::find(
    std::string access_key) {
  using Found = std::optional<identity::IssuedCredentials>;
  if (!access_key.starts_with("ASIA")) co_return Found{};
  if (std::optional<SessionRow> row = cached(access_key)) co_return Found{issued(access_key, *row)};
  std::unique_ptr<store::Transaction> transaction = store_.begin();
  auto bytes = co_await transaction->get(session_key(access_key));
  if (!bytes) co_return failed(bytes.error());
  if (!*bytes) co_return Found{};
  auto row = wire::from_row<SessionRow>(**bytes);
  if (!row) co_return std::unexpected(row.error());
  keep(access_key, *row);
  co_return Found{issued(access_key, *row)};
}

std::optional<SessionRow> Sessions::cached(const std::string& access_key) {
  std::lock_guard lock(mutex_);
  auto found = cache_.find(access_key);
  if (found == cache_.end()) return std::nullopt;
  return found->second;
}

void Sessions::keep(const std::string& access_key, const SessionRow& row) {
  std::lock_guard lock(mutex_);
  // Keys are random, so the first is as good as any to go.
  if (cache_.size() >= kCacheEntries) cache_.erase(cache_.begin());
  cache_.insert_or_assign(access_key, row);
}

base::Task<wire::Result<std::int64_t>> Sessions::expire() {
  const std::int64_t now = base::epoch_ms(clock_.now());
  std::int64_t gone = 0;
  const std::string prefix = sessions_prefix();
  std::string begin = prefix;
  std::unique_ptr<store::Transaction> snapshot = store_.begin();
  for (bool more = true; more;) {
    store::RangeQuery query{.begin = begin, .end = store::prefix_end(prefix)};
    auto rows = co_await snapshot->range(std::move(query));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    std::vector<std::string> ended;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      auto row = wire::from_row<SessionRow>(entry.value);
      // A row that nobody can read helps nobody either.
      if (!row || row->expires_ms < now) ended.push_back(entry.key);
    }
    if (ended.empty()) continue;
    auto done = co_await store::transact(
        store_, [&ended](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
          for (const std::string& key : ended) transaction.erase(key);
          co_return wire::Result<void>{};
        });
    if (!done) co_return std::unexpected(done.error());
    gone += static_cast<std::int64_t>(ended.size());
  }
  std::lock_guard lock(mutex_);
  std::erase_if(cache_, [now](const auto& entry) { return entry.second.expires_ms < now; });
  co_return gone;
}

}  // namespace mayfly::sts
