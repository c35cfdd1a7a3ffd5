// Tags of roles, policies and users: the same three operations over three tables.
#include <fmt/format.h>

#include "services/iam/operations/operations.h"

namespace mayfly::iam {

namespace {

constexpr std::size_t kMaxTags = 50;

template <class Row>
base::Task<wire::Result<void>> change_tags(Iam& iam, std::string key, std::string missing, Tags add,
                                           std::vector<std::string> remove) {
  co_return co_await store::transact(
      iam.store, [=](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await need_row<Row>(transaction, key, missing);
        if (!row) co_return std::unexpected(row.error());
        for (const auto& [name, value] : add) row->tags[name] = value;
        for (const std::string& name : remove) row->tags.erase(name);
        if (row->tags.size() > kMaxTags) {
          co_return wire::fail(kLimitExceeded, "The number of tags has reached the maximum limit.");
        }
        transaction.put(key, wire::to_row(*row));
        co_return wire::Result<void>{};
      });
}

// All at once: there are fifty at most.
template <class Row, class Response>
base::Task<wire::Result<Response>> list_tags(Iam& iam, std::string key, std::string missing) {
  std::unique_ptr<store::Transaction> transaction = iam.store.begin();
  auto row = co_await need_row<Row>(*transaction, key, missing);
  if (!row) co_return std::unexpected(row.error());
  Response response;
  response.tags = shown(row->tags);
  response.is_truncated = false;
  co_return response;
}

std::string no_policy(std::string_view arn) { return fmt::format("Policy {} was not found.", arn); }

std::string policy_key(const Context& context, const std::string& arn) {
  // An ARN that is none of ours names a policy that is not there.
  return row_key(Table::policies, context.scope.account,
                 own_policy_name(context.scope.account, arn).value_or(""));
}

}  // namespace

Answer<void> tag_role(Iam& iam, const Context& context, TagRoleRequest request) {
  co_return co_await change_tags<RoleRow>(
      iam, row_key(Table::roles, context.scope.account, request.role_name),
      no_role(request.role_name), taken(request.tags), {});
}
Answer<void> untag_role(Iam& iam, const Context& context, UntagRoleRequest request) {
  co_return co_await change_tags<RoleRow>(
      iam, row_key(Table::roles, context.scope.account, request.role_name),
      no_role(request.role_name), {}, std::move(request.tag_keys));
}
Answer<ListRoleTagsResponse> list_role_tags(Iam& iam, const Context& context,
                                            ListRoleTagsRequest request) {
  co_return co_await list_tags<RoleRow, ListRoleTagsResponse>(
      iam, row_key(Table::roles, context.scope.account, request.role_name),
      no_role(request.role_name));
}

Answer<void> tag_policy(Iam& iam, const Context& context, TagPolicyRequest request) {
  co_return co_await change_tags<PolicyRow>(iam, policy_key(context, request.policy_arn),
                                            no_policy(request.policy_arn), taken(request.tags), {});
}
Answer<void> untag_policy(Iam& iam, const Context& context, UntagPolicyRequest request) {
  co_return co_await change_tags<PolicyRow>(iam, policy_key(context, request.policy_arn),
                                            no_policy(request.policy_arn), {},
                                            std::move(request.tag_keys));
}
Answer<ListPolicyTagsResponse> list_policy_tags(Iam& iam, const Context& context,
                                                ListPolicyTagsRequest request) {
  co_return co_await list_tags<PolicyRow, ListPolicyTagsResponse>(
      iam, policy_key(context, request.policy_arn), no_policy(request.policy_arn));
}

Answer<void> tag_user(Iam& iam, const Context& context, TagUserRequest request) {
  co_return co_await change_tags<UserRow>(
      iam, row_key(Table::users, context.scope.account, request.user_name),
      no_user(request.user_name), taken(request.tags), {});
}
Answer<void> untag_user(Iam& iam, const Context& context, UntagUserRequest request) {
  co_return co_await change_tags<UserRow>(
      iam, row_key(Table::users, context.scope.account, request.user_name),
      no_user(request.user_name), {}, std::move(request.tag_keys));
}
Answer<ListUserTagsResponse> list_user_tags(Iam& iam, const Context& context,
                                            ListUserTagsRequest request) {
  co_return co_await list_tags<UserRow, ListUserTagsResponse>(
      iam, row_key(Table::users, context.scope.account, request.user_name),
      no_user(request.user_name));
}

}  // namespace mayfly::iam
