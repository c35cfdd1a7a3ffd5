#include <fmt/format.h>

#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

Role shown(std::string_view account, const RoleRow& row) {
  Role role;
  role.path = row.path;
  role.role_name = row.name;
  role.role_id = row.id;
  role.arn = role_arn(account, row);
  role.create_date = shown_time(row.created_ms);
  role.assume_role_policy_document = base::percent_encode(row.trust_policy, base::Slash::encode);
  role.description = row.description;
  role.max_session_duration = row.max_session_seconds;
  if (!row.tags.empty()) role.tags = iam::shown(row.tags);
  return role;
}

template <class Change>
base::Task<wire::Result<RoleRow>> change_role(Iam& iam, std::string account, std::string name,
                                              Change change) {
  co_return co_await store::transact(
      iam.store, [=](store::Transaction& transaction) -> base::Task<wire::Result<RoleRow>> {
        const std::string key = row_key(Table::roles, account, name);
        auto row = co_await need_row<RoleRow>(transaction, key, no_role(name));
        if (!row) co_return row;
        change(*row);
        transaction.put(key, wire::to_row(*row));
        co_return row;
      });
}

// Whether anything is below (table, role): inline policies or attachments.
base::Task<wire::Result<bool>> has_any(store::Transaction& transaction, Table table,
                                       std::string account, std::string role) {
  const std::string prefix = row_key(table, account, role);
  store::RangeQuery query{.begin = prefix, .end = store::prefix_end(prefix), .limit = 1};
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return failed(rows.error());
  co_return !rows->rows.empty();
}

}  // namespace

std::string role_arn(std::string_view account, const RoleRow& row) {
  return fmt::format("arn:aws:iam::{}:role{}{}", account, row.path, row.name);
}

std::vector<Tag> shown(const Tags& tags) {
  std::vector<Tag> out;
  for (const auto& [key, value] : tags) out.push_back({key, value});
  return out;
}

Tags taken(const std::optional<std::vector<Tag>>& tags) {
  Tags out;
  if (!tags) return out;
  for (const Tag& tag : *tags) out[tag.key] = tag.value;
  return out;
}

wire::Timestamp shown_time(std::int64_t ms) { return {static_cast<double>(ms / 1000)}; }

wire::Result<std::string> checked_path(std::optional<std::string> path) {
  if (!path) return std::string("/");
  const bool printable =
      path->find_first_not_of(
          "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrs"
          "tuvwxyz{|}~") == std::string::npos;
  if (!path->starts_with('/') || !path->ends_with('/') || !printable) {
    return wire::fail(
        kValidationError,
        "The specified value for path is invalid. It must begin and end with / and contain only "
        "alphanumeric characters and/or / characters.");
  }
  return std::move(*path);
}

std::string new_id(base::Ids& ids, std::string_view kind) {
  return std::string(kind) + ids.text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

Answer<CreateRoleResponse> create_role(Iam& iam, const Context& context,
                                       CreateRoleRequest request) {
  if (request.permissions_boundary) co_return wire::not_supported("PermissionsBoundary");
  if (auto checked = check_policy_document(request.assume_role_policy_document); !checked) {
    co_return std::unexpected(checked.error());
  }
  auto path = checked_path(std::move(request.path));
  if (!path) co_return std::unexpected(path.error());
  RoleRow row;
  row.name = std::move(request.role_name);
  row.id = new_id(iam.ids, "AROA");
  row.path = std::move(*path);
  row.created_ms = base::epoch_ms(iam.clock.now());
  row.trust_policy = std::move(request.assume_role_policy_document);
  row.description = std::move(request.description);
  row.max_session_seconds = request.max_session_duration.value_or(3600);
  row.tags = taken(request.tags);
  auto done = co_await store::transact(
      iam.store,
      [account = context.scope.account,
       row](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = row_key(Table::roles, account, row.name);
        auto found = co_await find_row<RoleRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        if (*found) {
          co_return wire::fail(kEntityAlreadyExists,
                               fmt::format("Role with name {} already exists.", row.name));
        }
        transaction.put(key, wire::to_row(row));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return CreateRoleResponse{shown(context.scope.account, row)};
}

Answer<GetRoleResponse> get_role(Iam& iam, const Context& context, GetRoleRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto row = co_await need_row<RoleRow>(
      *transaction, row_key(Table::roles, context.scope.account, request.role_name),
      no_role(request.role_name));
  if (!row) co_return std::unexpected(row.error());
  co_return GetRoleResponse{shown(context.scope.account, *row)};
}

Answer<ListRolesResponse> list_roles(Iam& iam, const Context& context, ListRolesRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  const std::string path = request.path_prefix.value_or("/");
  const auto keep = [&path](const store::KeyValue& entry) {
    auto row = wire::from_row<RoleRow>(entry.value);
    return row && row->path.starts_with(path);
  };
  auto page = co_await read_page(*transaction, table_prefix(Table::roles, context.scope.account),
                                 request.marker, request.max_items, keep);
  if (!page) co_return std::unexpected(page.error());
  ListRolesResponse response;
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<RoleRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    Role role = shown(context.scope.account, *row);
    role.tags.reset();  // ListRoles leaves them out
    response.roles.push_back(std::move(role));
  }
  response.is_truncated = page->marker.has_value();
  response.marker = std::move(page->marker);
  co_return response;
}

Answer<void> delete_role(Iam& iam, const Context& context, DeleteRoleRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account, name = std::move(request.role_name)](
          store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = row_key(Table::roles, account, name);
        auto row = co_await need_row<RoleRow>(transaction, key, no_role(name));
        if (!row) co_return std::unexpected(row.error());
        auto attached = co_await has_any(transaction, Table::role_attachments, account, name);
        if (!attached) co_return std::unexpected(attached.error());
        if (*attached)
          co_return wire::fail(kDeleteConflict,
                               "Cannot delete entity, must detach all policies first.");
        auto inline_policies = co_await has_any(transaction, Table::role_policies, account, name);
        if (!inline_policies) co_return std::unexpected(inline_policies.error());
        if (*inline_policies)
          co_return wire::fail(kDeleteConflict,
                               "Cannot delete entity, must delete policies first.");
        transaction.erase(key);
        co_return wire::Result<void>{};
      });
}

Answer<UpdateRoleResponse> update_role(Iam& iam, const Context& context,
                                       UpdateRoleRequest request) {
  auto row =
      co_await change_role(iam, context.scope.account, request.role_name, [request](RoleRow& role) {
        if (request.description) role.description = request.description;
        if (request.max_session_duration) role.max_session_seconds = *request.max_session_duration;
      });
  if (!row) co_return std::unexpected(row.error());
  co_return UpdateRoleResponse{};
}

Answer<UpdateRoleDescriptionResponse> update_role_description(
    Iam& iam, const Context& context, UpdateRoleDescriptionRequest request) {
  auto row =
      co_await change_role(iam, context.scope.account, request.role_name,
                           [request](RoleRow& role) { role.description = request.description; });
  if (!row) co_return std::unexpected(row.error());
  co_return UpdateRoleDescriptionResponse{shown(context.scope.account, *row)};
}

Answer<void> update_assume_role_policy(Iam& iam, const Context& context,
                                       UpdateAssumeRolePolicyRequest request) {
  if (auto checked = check_policy_document(request.policy_document); !checked) {
    co_return std::unexpected(checked.error());
  }
  auto row = co_await change_role(
      iam, context.scope.account, request.role_name,
      [request](RoleRow& role) { role.trust_policy = request.policy_document; });
  if (!row) co_return std::unexpected(row.error());
  co_return wire::Result<void>{};
}

// There are no instance profiles, so no role is in one; tools ask before they delete a role.
Answer<ListInstanceProfilesForRoleResponse> list_instance_profiles_for_role(
    Iam& iam, const Context& context, ListInstanceProfilesForRoleRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto row = co_await need_row<RoleRow>(
      *transaction, row_key(Table::roles, context.scope.account, request.role_name),
      no_role(request.role_name));
  if (!row) co_return std::unexpected(row.error());
  ListInstanceProfilesForRoleResponse response;
  response.is_truncated = false;
  co_return response;
}

}  // namespace mayfly::iam
