#include <fmt/format.h>

#include "services/iam/model/managed_policies.h"
#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

Policy shown(std::string_view account, const PolicyRow& row) {
  Policy policy;
  policy.policy_name = row.name;
  policy.policy_id = row.id;
  policy.arn = policy_arn(account, row);
  policy.path = row.path;
  policy.default_version_id = row.default_version;
  policy.attachment_count = row.attachments;
  policy.permissions_boundary_usage_count = 0;
  policy.is_attachable = true;
  policy.description = row.description;
  policy.create_date = shown_time(row.created_ms);
  policy.update_date = shown_time(row.updated_ms);
  if (!row.tags.empty()) policy.tags = iam::shown(row.tags);
  return policy;
}

Policy shown(const ManagedPolicy& managed) {
  Policy policy;
  policy.policy_name = std::string(managed.name);
  policy.policy_id = fmt::format("ANPA{:A<17.17}", *policy.policy_name);
  policy.arn = fmt::format("arn:aws:iam::aws:policy{}{}", managed.path, managed.name);
  policy.path = std::string(managed.path);
  policy.default_version_id = "v1";
  policy.attachment_count = 0;
  policy.permissions_boundary_usage_count = 0;
  policy.is_attachable = true;
  policy.create_date = shown_time(1'423'170'000'000);
  policy.update_date = shown_time(1'423'170'000'000);
  return policy;
}

}  // namespace

std::string policy_arn(std::string_view account, const PolicyRow& row) {
  return fmt::format("arn:aws:iam::{}:policy{}{}", account, row.path, row.name);
}

Answer<CreatePolicyResponse> create_policy(Iam& iam, const Context& context,
                                           CreatePolicyRequest request) {
  if (auto checked = check_policy_document(request.policy_document); !checked) {
    co_return std::unexpected(checked.error());
  }
  auto path = checked_path(std::move(request.path));
  if (!path) co_return std::unexpected(path.error());
  const std::int64_t now = base::epoch_ms(iam.clock.now());
  PolicyRow row;
  row.name = std::move(request.policy_name);
  row.id = new_id(iam.ids, "ANPA");
  row.path = std::move(*path);
  row.description = std::move(request.description);
  row.created_ms = row.updated_ms = now;
  row.versions["v1"] = PolicyVersionRow{std::move(request.policy_document), now};
  row.tags = taken(request.tags);
  auto done = co_await store::transact(
      iam.store,
      [account = context.scope.account,
       row](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = row_key(Table::policies, account, row.name);
        auto found = co_await find_row<PolicyRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        if (*found) {
          co_return wire::fail(
              kEntityAlreadyExists,
              fmt::format("A policy called {} already exists. Duplicate names are not allowed.",
                          row.name));
        }
        transaction.put(key, wire::to_row(row));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return CreatePolicyResponse{shown(context.scope.account, row)};
}

Answer<GetPolicyResponse> get_policy(Iam& iam, const Context& context, GetPolicyRequest request) {
  if (const ManagedPolicy* managed = find_managed_policy(request.policy_arn)) {
    co_return GetPolicyResponse{shown(*managed)};
  }
  const std::string missing = fmt::format("Policy {} was not found.", request.policy_arn);
  const std::optional<std::string> name =
      own_policy_name(context.scope.account, request.policy_arn);
  if (!name) co_return wire::fail(kNoSuchEntity, missing);
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto row = co_await need_row<PolicyRow>(
      *transaction, row_key(Table::policies, context.scope.account, *name), missing);
  if (!row) co_return std::unexpected(row.error());
  co_return GetPolicyResponse{shown(context.scope.account, *row)};
}

Answer<ListPoliciesResponse> list_policies(Iam& iam, const Context& context,
                                           ListPoliciesRequest request) {
  const std::string scope = request.scope.value_or("All");
  const std::string path = request.path_prefix.value_or("/");
  const bool only_attached = request.only_attached.value_or(false);
  ListPoliciesResponse response;
  response.policies.emplace();
  response.is_truncated = false;
  if (scope != "AWS") {
    std::unique_ptr<store::Transaction> transaction = iam.store.begin();
    const auto keep = [&](const store::KeyValue& entry) {
      auto row = wire::from_row<PolicyRow>(entry.value);
      return row && row->path.starts_with(path) && (!only_attached || row->attachments > 0);
    };
    auto page =
        co_await read_page(*transaction, table_prefix(Table::policies, context.scope.account),
                           request.marker, request.max_items, keep);
    if (!page) co_return std::unexpected(page.error());
    for (const store::KeyValue& entry : page->rows) {
      auto row = wire::from_row<PolicyRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      response.policies->push_back(shown(context.scope.account, *row));
    }
    response.is_truncated = page->marker.has_value();
    response.marker = std::move(page->marker);
  }
  // AWS's own come with the last page; who attached them is not counted.
  if (scope != "Local" && !only_attached && !*response.is_truncated) {
    for (const ManagedPolicy& managed : managed_policies()) {
      if (managed.path.starts_with(path)) response.policies->push_back(shown(managed));
    }
  }
  co_return response;
}

Answer<void> delete_policy(Iam& iam, const Context& context, DeletePolicyRequest request) {
  const std::string missing = fmt::format("Policy {} was not found.", request.policy_arn);
  const std::optional<std::string> name =
      own_policy_name(context.scope.account, request.policy_arn);
  if (!name) co_return wire::fail(kNoSuchEntity, missing);
  co_return co_await store::transact(
      iam.store,
      [key = row_key(Table::policies, context.scope.account, *name),
       missing](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await need_row<PolicyRow>(transaction, key, missing);
        if (!row) co_return std::unexpected(row.error());
        if (row->attachments > 0) {
          co_return wire::fail(kDeleteConflict, "Cannot delete a policy attached to entities.");
        }
        if (row->versions.size() > 1) {
          co_return wire::fail(
              kDeleteConflict,
              "This policy has more than one version. Before you delete a policy, you must delete "
              "the "
              "policy's versions. The default version is deleted with the policy.");
        }
        transaction.erase(key);
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::iam
