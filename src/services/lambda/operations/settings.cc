#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

Answer<FunctionRecursionConfig> put_function_recursion_config(
    Lambda& lambda, const Context& context, PutFunctionRecursionConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = resolve_target(scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto function = co_await need_function(transaction, scope, target->name);
        if (!function) co_return std::unexpected(function.error());
        function->recursive_loop = request.recursive_loop;
        transaction.put(function_key(scope, target->name), wire::to_row(std::move(*function)));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return FunctionRecursionConfig{std::move(request.recursive_loop)};
}

Answer<FunctionRecursionConfig> get_function_recursion_config(
    Lambda& lambda, const Context& context, GetFunctionRecursionConfigRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  co_return FunctionRecursionConfig{std::move(function->recursive_loop)};
}

namespace {

// $LATEST where none is named; an alias stands for its version.
base::Task<wire::Result<std::string>> version_of(store::Transaction& transaction, base::Scope scope,
                                                 Target target) {
  auto resolved = co_await resolve(transaction, scope, std::move(target));
  if (!resolved) co_return std::unexpected(resolved.error());
  co_return version_text(resolved->number);
}

}  // namespace

Answer<PutRuntimeManagementConfigResponse> put_runtime_management_config(
    Lambda& lambda, const Context& context, PutRuntimeManagementConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = resolve_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  const bool manual = request.update_runtime_on == "Manual";
  if (manual != request.runtime_version_arn.has_value()) {
    co_return wire::fail(kInvalidParameterValue,
                         manual
                             ? "RuntimeVersionArn is required when UpdateRuntimeOn is Manual."
                             : "RuntimeVersionArn is allowed only when UpdateRuntimeOn is Manual.");
  }
  auto version = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<std::string>> {
        auto found = co_await version_of(transaction, scope, *target);
        if (!found) co_return found;
        transaction.put(
            runtime_update_key(scope, target->name, *found),
            wire::to_row(RuntimeUpdateRow{request.update_runtime_on, request.runtime_version_arn}));
        co_return found;
      });
  if (!version) co_return std::unexpected(version.error());
  co_return PutRuntimeManagementConfigResponse{std::move(request.update_runtime_on),
                                               function_arn(scope, target->name, *version),
                                               std::move(request.runtime_version_arn)};
}

Answer<GetRuntimeManagementConfigResponse> get_runtime_management_config(
    Lambda& lambda, const Context& context, GetRuntimeManagementConfigRequest request) {
  auto target = resolve_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto version = co_await version_of(*transaction, context.scope, *target);
  if (!version) co_return std::unexpected(version.error());
  auto row = co_await find_row<RuntimeUpdateRow>(
      *transaction, runtime_update_key(context.scope, target->name, *version));
  if (!row) co_return std::unexpected(row.error());
  const RuntimeUpdateRow set = std::move(*row).value_or(RuntimeUpdateRow{"Auto", std::nullopt});
  co_return GetRuntimeManagementConfigResponse{set.update_on, set.version_arn,
                                               function_arn(context.scope, target->name, *version)};
}

}  // namespace mayfly::lambda
