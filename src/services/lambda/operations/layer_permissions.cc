#include <fmt/format.h>

#include <algorithm>

#include "services/lambda/model/layers.h"
#include "services/lambda/model/permissions.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

struct Owned {
  LayerName layer;
  std::uint64_t version;
  std::string arn, key;
};

// The layer version that a policy is of, in the transaction: it has to be there and the caller's.
base::Task<wire::Result<Owned>> need_owned(store::Transaction& transaction, base::Scope caller,
                                           std::string name, std::int64_t version) {
  auto layer = parse_layer_name(caller, name);
  if (!layer) co_return std::unexpected(layer.error());
  const auto number = static_cast<std::uint64_t>(version);
  const std::string arn = layer_version_arn(*layer, number);
  if (layer->scope.account != caller.account) {
    co_return wire::fail(
        kAccessDenied,
        fmt::format("User: arn:aws:iam::{}:root is not authorized to perform this on resource: {}",
                    caller.account, arn));
  }
  auto row = co_await find_row<LayerVersionRow>(
      transaction, layer_version_key(layer->scope, layer->name, number));
  if (!row) co_return std::unexpected(row.error());
  if (version < 1 || !*row) {
    co_return wire::fail(kResourceNotFound, fmt::format("Layer version {} does not exist.", arn));
  }
  std::string key = layer_policy_key(layer->scope, layer->name, number);
  co_return Owned{std::move(*layer), number, arn, std::move(key)};
}

wire::Result<void> check_policy_revision(const std::optional<std::string>& given,
                                         const std::string& current) {
  if (!given || *given == current) return {};
  return wire::fail(kPreconditionFailed,
                    "The Revision Id provided does not match the latest Revision Id. Call the "
                    "GetLayerVersionPolicy API to retrieve the latest Revision Id");
}

}  // namespace

Answer<AddLayerVersionPermissionResponse> add_layer_version_permission(
    Lambda& lambda, const Context& context, AddLayerVersionPermissionRequest request) {
  if (request.organization_id && request.principal != "*") {
    co_return wire::fail(kInvalidParameterValue,
                         "OrganizationId can be specified only with the principal '*'.");
  }
  const LayerStatementRow statement{request.statement_id, request.principal,
                                    request.organization_id};
  co_return co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction)
          -> base::Task<wire::Result<AddLayerVersionPermissionResponse>> {
        auto owned = co_await need_owned(transaction, context.scope, request.layer_name,
                                         request.version_number);
        if (!owned) co_return std::unexpected(owned.error());
        auto found = co_await find_row<LayerPolicyRow>(transaction, owned->key);
        if (!found) co_return std::unexpected(found.error());
        LayerPolicyRow policy = std::move(*found).value_or(LayerPolicyRow{});
        if (auto same = check_policy_revision(request.revision_id, policy.revision_id); !same)
          co_return std::unexpected(same.error());
        if (std::ranges::find(policy.statements, statement.sid, &LayerStatementRow::sid) !=
            policy.statements.end()) {
          co_return wire::fail(
              kResourceConflict,
              fmt::format("The statement id ({}) provided already exists. Please provide a new "
                          "statement id, or remove the existing statement.",
                          statement.sid));
        }
        policy.statements.push_back(statement);
        if (const std::size_t bytes = policy_json(policy, owned->arn).size();
            bytes > kMaxPolicyBytes) {
          co_return wire::fail(
              kPolicyLengthExceeded,
              fmt::format("The final policy size ({}) is bigger than the limit ({}).", bytes,
                          kMaxPolicyBytes));
        }
        policy.revision_id = lambda.ids.uuid();
        AddLayerVersionPermissionResponse response;
        response.statement = wire::to_json(statement_document(statement, owned->arn));
        response.revision_id = policy.revision_id;
        transaction.put(owned->key, wire::to_row(std::move(policy)));
        co_return response;
      });
}

Answer<GetLayerVersionPolicyResponse> get_layer_version_policy(
    Lambda& lambda, const Context& context, GetLayerVersionPolicyRequest request) {
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto owned =
      co_await need_owned(*transaction, context.scope, request.layer_name, request.version_number);
  if (!owned) co_return std::unexpected(owned.error());
  auto policy = co_await find_row<LayerPolicyRow>(*transaction, owned->key);
  if (!policy) co_return std::unexpected(policy.error());
  if (!*policy) {
    co_return wire::fail(kResourceNotFound, "No policy is associated with the given resource.");
  }
  GetLayerVersionPolicyResponse response;
  response.policy = policy_json(**policy, owned->arn);
  response.revision_id = (*policy)->revision_id;
  co_return response;
}

Answer<void> remove_layer_version_permission(Lambda& lambda, const Context& context,
                                             RemoveLayerVersionPermissionRequest request) {
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto owned = co_await need_owned(transaction, context.scope, request.layer_name,
                                         request.version_number);
        if (!owned) co_return std::unexpected(owned.error());
        auto policy = co_await find_row<LayerPolicyRow>(transaction, owned->key);
        if (!policy) co_return std::unexpected(policy.error());
        if (!*policy) {
          co_return wire::fail(kResourceNotFound,
                               "No policy is associated with the given resource.");
        }
        if (auto same = check_policy_revision(request.revision_id, (*policy)->revision_id); !same)
          co_return same;
        const std::size_t removed = std::erase_if(
            (*policy)->statements,
            [&](const LayerStatementRow& row) { return row.sid == request.statement_id; });
        if (removed == 0) {
          co_return wire::fail(
              kResourceNotFound,
              fmt::format("Statement {} is not found in resource policy.", request.statement_id));
        }
        if ((*policy)->statements.empty()) {
          transaction.erase(owned->key);
        } else {
          (*policy)->revision_id = lambda.ids.uuid();
          transaction.put(owned->key, wire::to_row(**policy));
        }
        co_return wire::Result<void>{};
      });
}

}  // namespace mayfly::lambda
