#include <fmt/format.h>

#include "services/iam/model/managed_policies.h"
#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

constexpr std::size_t kMaxVersions = 5;

PolicyVersion shown(const PolicyRow& policy, const std::string& id, const PolicyVersionRow& row) {
  PolicyVersion version;
  version.document = base::percent_encode(row.document, base::Slash::encode);
  version.version_id = id;
  version.is_default_version = policy.default_version == id;
  version.create_date = shown_time(row.created_ms);
  return version;
}

std::string no_policy(std::string_view arn) { return fmt::format("Policy {} was not found.", arn); }
std::string no_version(std::string_view arn, std::string_view id) {
  return fmt::format("Policy {} version {} does not exist or is not attachable.", arn, id);
}

// Changes a policy of this account; `change` may refuse.
template <class Change>
base::Task<wire::Result<PolicyRow>> change_policy(Iam& iam, std::string account, std::string arn,
                                                  Change change) {
  const std::optional<std::string> name = own_policy_name(account, arn);
  if (!name) co_return wire::fail(kNoSuchEntity, no_policy(arn));
  co_return co_await store::transact(
      iam.store,
      [key = row_key(Table::policies, account, *name), arn,
       change](store::Transaction& transaction) -> base::Task<wire::Result<PolicyRow>> {
        auto row = co_await need_row<PolicyRow>(transaction, key, no_policy(arn));
        if (!row) co_return row;
        wire::Result<void> changed = change(*row);
        if (!changed) co_return std::unexpected(changed.error());
        transaction.put(key, wire::to_row(*row));
        co_return row;
      });
}

base::Task<wire::Result<PolicyRow>> read_policy(Iam& iam, std::string account, std::string arn) {
  if (const ManagedPolicy* managed = find_managed_policy(arn)) {
    PolicyRow row;
    row.name = std::string(managed->name);
    row.versions["v1"] = PolicyVersionRow{std::string(managed->document), 1'423'170'000'000};
    co_return row;
  }
  const std::optional<std::string> name = own_policy_name(account, arn);
  if (!name) co_return wire::fail(kNoSuchEntity, no_policy(arn));
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  co_return co_await need_row<PolicyRow>(*transaction, row_key(Table::policies, account, *name),
                                         no_policy(arn));
}

}  // namespace

Answer<CreatePolicyVersionResponse> create_policy_version(Iam& iam, const Context& context,
                                                          CreatePolicyVersionRequest request) {
  if (auto checked = check_policy_document(request.policy_document); !checked) {
    co_return std::unexpected(checked.error());
  }
  const std::int64_t now = base::epoch_ms(iam.clock.now());
  const bool make_default = request.set_as_default.value_or(false);
  auto row =
      co_await change_policy(iam, context.scope.account, request.policy_arn,
                             [document = request.policy_document, make_default,
                              now](PolicyRow& policy) -> wire::Result<void> {
                               if (policy.versions.size() >= kMaxVersions) {
                                 return wire::fail(kLimitExceeded,
                                                   "A managed policy can have up to 5 versions. "
                                                   "Before you create a new version, you must "
                                                   "delete an existing version.");
                               }
                               const std::string id = fmt::format("v{}", policy.next_version++);
                               policy.versions[id] = PolicyVersionRow{document, now};
                               policy.updated_ms = now;
                               if (make_default) policy.default_version = id;
                               return {};
                             });
  if (!row) co_return std::unexpected(row.error());
  const std::string id = fmt::format("v{}", row->next_version - 1);
  PolicyVersion version = shown(*row, id, row->versions[id]);
  version.document.reset();  // AWS does not repeat it
  co_return CreatePolicyVersionResponse{std::move(version)};
}

Answer<GetPolicyVersionResponse> get_policy_version(Iam& iam, const Context& context,
                                                    GetPolicyVersionRequest request) {
  auto policy = co_await read_policy(iam, context.scope.account, request.policy_arn);
  if (!policy) co_return std::unexpected(policy.error());
  const auto found = policy->versions.find(request.version_id);
  if (found == policy->versions.end()) {
    co_return wire::fail(kNoSuchEntity, no_version(request.policy_arn, request.version_id));
  }
  co_return GetPolicyVersionResponse{shown(*policy, found->first, found->second)};
}

Answer<ListPolicyVersionsResponse> list_policy_versions(Iam& iam, const Context& context,
                                                        ListPolicyVersionsRequest request) {
  auto policy = co_await read_policy(iam, context.scope.account, request.policy_arn);
  if (!policy) co_return std::unexpected(policy.error());
  ListPolicyVersionsResponse response;
  response.versions.emplace();
  response.is_truncated = false;  // there are five at most
  for (auto it = policy->versions.rbegin(); it != policy->versions.rend(); ++it) {
    PolicyVersion version = shown(*policy, it->first, it->second);
    version.document.reset();
    response.versions->push_back(std::move(version));
  }
  co_return response;
}

Answer<void> set_default_policy_version(Iam& iam, const Context& context,
                                        SetDefaultPolicyVersionRequest request) {
  auto row = co_await change_policy(
      iam, context.scope.account, request.policy_arn,
      [request](PolicyRow& policy) -> wire::Result<void> {
        if (!policy.versions.contains(request.version_id)) {
          return wire::fail(kNoSuchEntity, no_version(request.policy_arn, request.version_id));
        }
        policy.default_version = request.version_id;
        return {};
      });
  if (!row) co_return std::unexpected(row.error());
  co_return wire::Result<void>{};
}

Answer<void> delete_policy_version(Iam& iam, const Context& context,
                                   DeletePolicyVersionRequest request) {
  auto row = co_await change_policy(
      iam, context.scope.account, request.policy_arn,
      [request](PolicyRow& policy) -> wire::Result<void> {
        if (!policy.versions.contains(request.version_id)) {
          return wire::fail(kNoSuchEntity, no_version(request.policy_arn, request.version_id));
        }
        if (policy.default_version == request.version_id) {
          return wire::fail(kDeleteConflict, "Cannot delete the default version of a policy.");
        }
        policy.versions.erase(request.version_id);
        return {};
      });
  if (!row) co_return std::unexpected(row.error());
  co_return wire::Result<void>{};
}

}  // namespace mayfly::iam
