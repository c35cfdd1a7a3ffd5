#include "services/lambda/model/permissions.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

// The version or alias that a policy is of must be there; empty is the function itself.
base::Task<wire::Result<void>> need_policy_owner(store::Transaction& transaction, base::Scope scope,
                                                 Target target) {
  auto resolved = co_await resolve(transaction, scope, target);
  if (!resolved) co_return std::unexpected(resolved.error());
  co_return wire::Result<void>{};
}

wire::Result<Target> policy_target(const base::Scope& scope, const std::string& name,
                                   const std::optional<std::string>& qualifier) {
  auto target = resolve_target(scope, name, qualifier);
  if (target && target->qualifier == kLatest) {
    return wire::fail(kInvalidParameterValue,
                      "We currently do not support adding policies for $LATEST.");
  }
  return target;
}

std::unexpected<wire::ApiError> no_policy() {
  return wire::fail(kResourceNotFound, "The resource you requested does not exist.");
}

}  // namespace

Answer<AddPermissionResponse> add_permission(Lambda& lambda, const Context& context,
                                             AddPermissionRequest request) {
  auto target = policy_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  const std::string arn = function_arn(context.scope, target->name, target->qualifier);
  const StatementRow statement = statement_of(request);
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        if (auto owner = co_await need_policy_owner(transaction, context.scope, *target); !owner)
          co_return owner;
        const std::string key = policy_key(context.scope, target->name, target->qualifier);
        auto found = co_await find_row<PolicyRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        PolicyRow policy = std::move(*found).value_or(PolicyRow{});
        if (request.revision_id && *request.revision_id != policy.revision_id) {
          co_return wire::fail(kPreconditionFailed,
                               "The Revision Id provided does not match the latest Revision Id. "
                               "Call the GetPolicy API "
                               "to retrieve the latest Revision Id");
        }
        if (std::ranges::any_of(policy.statements, [&](const StatementRow& row) {
              return row.sid == statement.sid;
            })) {
          co_return wire::fail(
              kResourceConflict,
              fmt::format("The statement id ({}) provided already exists. Please provide a new "
                          "statement id, or remove the existing statement.",
                          statement.sid));
        }
        policy.statements.push_back(statement);
        const std::size_t bytes = policy_json(policy, arn).size();
        if (bytes > kMaxPolicyBytes) {
          co_return wire::fail(
              kPolicyLengthExceeded,
              fmt::format("The final policy size ({}) is bigger than the limit ({}).", bytes,
                          kMaxPolicyBytes));
        }
        policy.revision_id = lambda.ids.uuid();
        transaction.put(key, wire::to_row(std::move(policy)));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  AddPermissionResponse response;
  response.statement = wire::to_json(statement_document(statement, arn));
  co_return response;
}

Answer<GetPolicyResponse> get_policy(Lambda& lambda, const Context& context,
                                     GetPolicyRequest request) {
  auto target = resolve_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  if (auto owner = co_await need_policy_owner(*transaction, context.scope, *target); !owner) {
    co_return std::unexpected(owner.error());
  }
  auto policy = co_await find_row<PolicyRow>(
      *transaction, policy_key(context.scope, target->name, target->qualifier));
  if (!policy) co_return std::unexpected(policy.error());
  if (!*policy) co_return no_policy();
  GetPolicyResponse response;
  response.policy =
      policy_json(**policy, function_arn(context.scope, target->name, target->qualifier));
  response.revision_id = (*policy)->revision_id;
  co_return response;
}

Answer<void> remove_permission(Lambda& lambda, const Context& context,
                               RemovePermissionRequest request) {
  auto target = policy_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        if (auto owner = co_await need_policy_owner(transaction, context.scope, *target); !owner)
          co_return owner;
        const std::string key = policy_key(context.scope, target->name, target->qualifier);
        auto policy = co_await find_row<PolicyRow>(transaction, key);
        if (!policy) co_return std::unexpected(policy.error());
        if (!*policy)
          co_return wire::fail(kResourceNotFound,
                               "No policy is associated with the given resource.");
        if (request.revision_id && *request.revision_id != (*policy)->revision_id) {
          co_return wire::fail(kPreconditionFailed,
                               "The Revision Id provided does not match the latest Revision Id. "
                               "Call the GetPolicy API "
                               "to retrieve the latest Revision Id");
        }
        const std::size_t removed =
            std::erase_if((*policy)->statements,
                          [&](const StatementRow& row) { return row.sid == request.statement_id; });
        if (removed == 0) {
          co_return wire::fail(
              kResourceNotFound,
              fmt::format("Statement {} is not found in resource policy.", request.statement_id));
        }
        if ((*policy)->statements.empty()) {
          transaction.erase(key);
        } else {
          (*policy)->revision_id = lambda.ids.uuid();
          transaction.put(key, wire::to_row(**policy));
        }
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::lambda
