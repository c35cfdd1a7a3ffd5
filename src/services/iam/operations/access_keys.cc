#include <fmt/format.h>

#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

constexpr std::size_t kKeysPerUser = 2;
constexpr std::string_view kSecretAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string no_key(std::string_view id) {
  return fmt::format("The Access Key with id {} cannot be found.", id);
}

// Whose key it is about: the named user, or the caller.
std::string subject(const Context& context, const std::optional<std::string>& user_name) {
  if (user_name) return *user_name;
  if (context.principal.kind != identity::PrincipalKind::user) return "";
  return context.principal.arn.substr(context.principal.arn.rfind('/') + 1);
}

// A key of that user; keys of others look as if they were not there.
base::Task<wire::Result<AccessKeyRow>> need_key(store::Transaction& transaction,
                                                std::string account, std::string user,
                                                std::string id) {
  auto row = co_await need_row<AccessKeyRow>(transaction, access_key_key(id), no_key(id));
  if (!row) co_return row;
  if (row->account != account || (!user.empty() && !base::equals_ignore_case(row->user, user))) {
    co_return wire::fail(kNoSuchEntity, no_key(id));
  }
  co_return row;
}

}  // namespace

Answer<CreateAccessKeyResponse> create_access_key(Iam& iam, const Context& context,
                                                  CreateAccessKeyRequest request) {
  const std::string account = context.scope.account;
  const std::string name = subject(context, request.user_name);
  if (name.empty()) co_return wire::not_supported("CreateAccessKey for the account itself");
  AccessKeyRow key;
  key.account = account;
  key.secret_key = iam.ids.text(40, kSecretAlphabet);
  key.created_ms = base::epoch_ms(iam.clock.now());
  const std::string id = "AKIA" + iam.ids.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  auto done = co_await store::transact(
      iam.store,
      [account, name, key,
       id](store::Transaction& transaction) -> base::Task<wire::Result<AccessKeyRow>> {
        auto user = co_await need_row<UserRow>(transaction, row_key(Table::users, account, name),
                                               no_user(name));
        if (!user) co_return std::unexpected(user.error());
        const std::string keys = row_key(Table::user_keys, account, name);
        store::RangeQuery query{.begin = keys, .end = store::prefix_end(keys)};
        auto found = co_await transaction.range(std::move(query));
        if (!found) co_return failed(found.error());
        if (found->rows.size() >= kKeysPerUser) {
          co_return wire::fail(
              kLimitExceeded,
              fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", kKeysPerUser));
        }
        AccessKeyRow row = key;
        row.user = user->name;
        row.user_id = user->id;
        row.user_arn = fmt::format("arn:aws:iam::{}:user{}{}", account, user->path, user->name);
        transaction.put(access_key_key(id), wire::to_row(row));
        transaction.put(row_key(Table::user_keys, account, name, id), "");
        co_return row;
      });
  if (!done) co_return std::unexpected(done.error());
  AccessKey shown;
  shown.user_name = done->user;
  shown.access_key_id = id;
  shown.status = done->status;
  shown.secret_access_key = done->secret_key;
  shown.create_date = shown_time(done->created_ms);
  co_return CreateAccessKeyResponse{std::move(shown)};
}

Answer<ListAccessKeysResponse> list_access_keys(Iam& iam, const Context& context,
                                                ListAccessKeysRequest request) {
  const std::string account = context.scope.account;
  const std::string name = subject(context, request.user_name);
  ListAccessKeysResponse response;
  response.is_truncated = false;
  if (name.empty()) co_return response;  // the account itself has none
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto user =
      co_await need_row<UserRow>(*transaction, row_key(Table::users, account, name), no_user(name));
  if (!user) co_return std::unexpected(user.error());
  const std::string prefix = row_key(Table::user_keys, account, name);
  auto page = co_await read_page(*transaction, prefix, request.marker, request.max_items);
  if (!page) co_return std::unexpected(page.error());
  for (const store::KeyValue& entry : page->rows) {
    const std::string id = name_of(prefix, entry.key).value_or("");
    auto key = co_await need_key(*transaction, account, name, id);
    if (!key) co_return std::unexpected(key.error());
    AccessKeyMetadata& shown = response.access_key_metadata.emplace_back();
    shown.user_name = key->user;
    shown.access_key_id = id;
    shown.status = key->status;
    shown.create_date = shown_time(key->created_ms);
  }
  response.is_truncated = page->marker.has_value();
  response.marker = std::move(page->marker);
  co_return response;
}

Answer<void> delete_access_key(Iam& iam, const Context& context, DeleteAccessKeyRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account, user = subject(context, request.user_name),
       id = std::move(request.access_key_id)](
          store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto key = co_await need_key(transaction, account, user, id);
        if (!key) co_return std::unexpected(key.error());
        transaction.erase(access_key_key(id));
        transaction.erase(row_key(Table::user_keys, account, key->user, id));
        co_return wire::Result<void>{};
      });
}

Answer<void> update_access_key(Iam& iam, const Context& context, UpdateAccessKeyRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account, user = subject(context, request.user_name),
       request](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto key = co_await need_key(transaction, account, user, request.access_key_id);
        if (!key) co_return std::unexpected(key.error());
        key->status = request.status;
        transaction.put(access_key_key(request.access_key_id), wire::to_row(*key));
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::iam
