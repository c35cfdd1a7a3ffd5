#include <fmt/format.h>

#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

User shown(std::string_view account, const UserRow& row) {
  User user;
  user.path = row.path;
  user.user_name = row.name;
  user.user_id = row.id;
  user.arn = fmt::format("arn:aws:iam::{}:user{}{}", account, row.path, row.name);
  user.create_date = shown_time(row.created_ms);
  if (!row.tags.empty()) user.tags = iam::shown(row.tags);
  return user;
}

}  // namespace

Answer<CreateUserResponse> create_user(Iam& iam, const Context& context,
                                       CreateUserRequest request) {
  if (request.permissions_boundary) co_return wire::not_supported("PermissionsBoundary");
  auto path = checked_path(std::move(request.path));
  if (!path) co_return std::unexpected(path.error());
  UserRow row;
  row.name = std::move(request.user_name);
  row.id = new_id(iam.ids, "AIDA");
  row.path = std::move(*path);
  row.created_ms = base::epoch_ms(iam.clock.now());
  row.tags = taken(request.tags);
  auto done = co_await store::transact(
      iam.store,
      [account = context.scope.account,
       row](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = row_key(Table::users, account, row.name);
        auto found = co_await find_row<UserRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        if (*found) {
          co_return wire::fail(kEntityAlreadyExists,
                               fmt::format("User with name {} already exists.", row.name));
        }
        transaction.put(key, wire::to_row(row));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return CreateUserResponse{shown(context.scope.account, row)};
}

Answer<GetUserResponse> get_user(Iam& iam, const Context& context, GetUserRequest request) {
  if (!request.user_name) {
    // The caller. The account itself has no row; a user's name is at the end of its ARN.
    if (context.principal.kind != identity::PrincipalKind::user) {
      User root;
      root.path = "/";
      root.user_name = context.principal.account;
      root.user_id = context.principal.user_id;
      root.arn = context.principal.arn;
      co_return GetUserResponse{std::move(root)};
    }
    request.user_name = context.principal.arn.substr(context.principal.arn.rfind('/') + 1);
  }
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto row = co_await need_row<UserRow>(
      *transaction, row_key(Table::users, context.scope.account, *request.user_name),
      no_user(*request.user_name));
  if (!row) co_return std::unexpected(row.error());
  co_return GetUserResponse{shown(context.scope.account, *row)};
}

Answer<ListUsersResponse> list_users(Iam& iam, const Context& context, ListUsersRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  const std::string path = request.path_prefix.value_or("/");
  const auto keep = [&path](const store::KeyValue& entry) {
    auto row = wire::from_row<UserRow>(entry.value);
    return row && row->path.starts_with(path);
  };
  auto page = co_await read_page(*transaction, table_prefix(Table::users, context.scope.account),
                                 request.marker, request.max_items, keep);
  if (!page) co_return std::unexpected(page.error());
  ListUsersResponse response;
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<UserRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    User user = shown(context.scope.account, *row);
    user.tags.reset();
    response.users.push_back(std::move(user));
  }
  response.is_truncated = page->marker.has_value();
  response.marker = std::move(page->marker);
  co_return response;
}

Answer<void> delete_user(Iam& iam, const Context& context, DeleteUserRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account, name = std::move(request.user_name)](
          store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = row_key(Table::users, account, name);
        auto row = co_await need_row<UserRow>(transaction, key, no_user(name));
        if (!row) co_return std::unexpected(row.error());
        const std::string keys = row_key(Table::user_keys, account, name);
        store::RangeQuery query{.begin = keys, .end = store::prefix_end(keys), .limit = 1};
        auto found = co_await transaction.range(std::move(query));
        if (!found) co_return failed(found.error());
        if (!found->rows.empty()) {
          co_return wire::fail(kDeleteConflict,
                               "Cannot delete entity, must delete access keys first.");
        }
        transaction.erase(key);
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::iam
