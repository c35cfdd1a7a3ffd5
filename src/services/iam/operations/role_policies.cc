#include <fmt/format.h>

#include "services/iam/model/managed_policies.h"
#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

std::string no_role_policy(std::string_view name) {
  return fmt::format("The role policy with name {} cannot be found.", name);
}

base::Task<wire::Result<void>> need_role(store::Transaction& transaction, std::string account,
                                         std::string name) {
  auto row =
      co_await need_row<RoleRow>(transaction, row_key(Table::roles, account, name), no_role(name));
  if (!row) co_return std::unexpected(row.error());
  co_return wire::Result<void>{};
}

// A policy that can be attached: the name it shows. Counts the attachment of one of our own by
// `change`.
base::Task<wire::Result<std::string>> count_attachment(store::Transaction& transaction,
                                                       std::string account, std::string arn,
                                                       std::int32_t change) {
  if (arn.starts_with(kManagedPrefix)) co_return arn.substr(arn.rfind('/') + 1);
  const std::optional<std::string> name = own_policy_name(account, arn);
  const std::string missing = fmt::format("Policy {} does not exist or is not attachable.", arn);
  if (!name) co_return wire::fail(kNoSuchEntity, missing);
  const std::string key = row_key(Table::policies, account, *name);
  auto row = co_await need_row<PolicyRow>(transaction, key, missing);
  if (!row) co_return std::unexpected(row.error());
  row->attachments += change;
  transaction.put(key, wire::to_row(*row));
  co_return row->name;
}

}  // namespace

std::optional<std::string> own_policy_name(std::string_view account, std::string_view arn) {
  const std::optional<base::Arn> parsed = base::Arn::parse(arn);
  if (!parsed || parsed->service != "iam" || parsed->account != account ||
      !parsed->resource.starts_with("policy/")) {
    return std::nullopt;
  }
  return parsed->resource.substr(parsed->resource.rfind('/') + 1);
}

Answer<void> put_role_policy(Iam& iam, const Context& context, PutRolePolicyRequest request) {
  if (auto checked = check_policy_document(request.policy_document); !checked) {
    co_return std::unexpected(checked.error());
  }
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account,
       request](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto role = co_await need_role(transaction, account, request.role_name);
        if (!role) co_return role;
        transaction.put(
            row_key(Table::role_policies, account, request.role_name, request.policy_name),
            request.policy_document);
        co_return wire::Result<void>{};
      });
}

Answer<GetRolePolicyResponse> get_role_policy(Iam& iam, const Context& context,
                                              GetRolePolicyRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto role = co_await need_role(*transaction, context.scope.account, request.role_name);
  if (!role) co_return std::unexpected(role.error());
  auto document = co_await transaction->get(
      row_key(Table::role_policies, context.scope.account, request.role_name, request.policy_name));
  if (!document) co_return failed(document.error());
  if (!*document) co_return wire::fail(kNoSuchEntity, no_role_policy(request.policy_name));
  co_return GetRolePolicyResponse{request.role_name, request.policy_name,
                                  base::percent_encode(**document, base::Slash::encode)};
}

Answer<ListRolePoliciesResponse> list_role_policies(Iam& iam, const Context& context,
                                                    ListRolePoliciesRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto role = co_await need_role(*transaction, context.scope.account, request.role_name);
  if (!role) co_return std::unexpected(role.error());
  const std::string prefix =
      row_key(Table::role_policies, context.scope.account, request.role_name);
  auto page = co_await read_page(*transaction, prefix, request.marker, request.max_items);
  if (!page) co_return std::unexpected(page.error());
  ListRolePoliciesResponse response;
  for (const store::KeyValue& entry : page->rows) {
    response.policy_names.push_back(name_of(prefix, entry.key).value_or(""));
  }
  response.is_truncated = page->marker.has_value();
  response.marker = std::move(page->marker);
  co_return response;
}

Answer<void> delete_role_policy(Iam& iam, const Context& context, DeleteRolePolicyRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account,
       request](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto role = co_await need_role(transaction, account, request.role_name);
        if (!role) co_return role;
        const std::string key =
            row_key(Table::role_policies, account, request.role_name, request.policy_name);
        auto found = co_await transaction.get(key);
        if (!found) co_return failed(found.error());
        if (!*found) co_return wire::fail(kNoSuchEntity, no_role_policy(request.policy_name));
        transaction.erase(key);
        co_return wire::Result<void>{};
      });
}

Answer<void> attach_role_policy(Iam& iam, const Context& context, AttachRolePolicyRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account,
       request](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto role = co_await need_role(transaction, account, request.role_name);
        if (!role) co_return role;
        const std::string key =
            row_key(Table::role_attachments, account, request.role_name, request.policy_arn);
        auto found = co_await transaction.get(key);
        if (!found) co_return failed(found.error());
        if (*found) co_return wire::Result<void>{};  // attached already: no error
        auto name = co_await count_attachment(transaction, account, request.policy_arn, 1);
        if (!name) co_return std::unexpected(name.error());
        transaction.put(key, *name);
        co_return wire::Result<void>{};
      });
}

Answer<void> detach_role_policy(Iam& iam, const Context& context, DetachRolePolicyRequest request) {
  co_return co_await store::transact(
      iam.store,
      [account = context.scope.account,
       request](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto role = co_await need_role(transaction, account, request.role_name);
        if (!role) co_return role;
        const std::string key =
            row_key(Table::role_attachments, account, request.role_name, request.policy_arn);
        auto found = co_await transaction.get(key);
        if (!found) co_return failed(found.error());
        if (!*found)
          co_return wire::fail(kNoSuchEntity,
                               fmt::format("Policy {} was not found.", request.policy_arn));
        transaction.erase(key);
        auto name = co_await count_attachment(transaction, account, request.policy_arn, -1);
        if (!name) co_return std::unexpected(name.error());
        co_return wire::Result<void>{};
      });
}

Answer<ListAttachedRolePoliciesResponse> list_attached_role_policies(
    Iam& iam, const Context& context, ListAttachedRolePoliciesRequest request) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto role = co_await need_role(*transaction, context.scope.account, request.role_name);
  if (!role) co_return std::unexpected(role.error());
  const std::string prefix =
      row_key(Table::role_attachments, context.scope.account, request.role_name);
  const auto keep = [&](const store::KeyValue& entry) {
    const std::string arn = name_of(prefix, entry.key).value_or("");
    return arn.find(":policy" + request.path_prefix.value_or("/")) != std::string::npos;
  };
  auto page = co_await read_page(*transaction, prefix, request.marker, request.max_items, keep);
  if (!page) co_return std::unexpected(page.error());
  ListAttachedRolePoliciesResponse response;
  response.attached_policies.emplace();
  for (const store::KeyValue& entry : page->rows) {
    response.attached_policies->push_back({entry.value, name_of(prefix, entry.key)});
  }
  response.is_truncated = page->marker.has_value();
  response.marker = std::move(page->marker);
  co_return response;
}

}  // namespace mayfly::iam
