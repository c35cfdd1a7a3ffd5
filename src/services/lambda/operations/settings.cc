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

}  // namespace mayfly::lambda
