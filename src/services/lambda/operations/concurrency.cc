#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::int32_t kMinUnreserved = 100;

// What is configured for all versions and aliases of a function.
base::Task<wire::Result<std::int32_t>> provisioned_of(store::Transaction& transaction,
                                                      base::Scope scope, std::string name) {
  std::int32_t sum = 0;
  const std::string prefix = provisioned_prefix(scope, name);
  auto rows = co_await transaction.range(
      {.begin = prefix, .end = store::prefix_end(prefix), .limit = 10'000});
  if (!rows) co_return failed(rows.error());
  for (const store::KeyValue& entry : rows->rows) {
    auto row = wire::from_row<ProvisionedRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    sum += row->count;
  }
  co_return sum;
}

base::Task<wire::Result<void>> set_reserved(Lambda& lambda, base::Scope scope, std::string name,
                                            std::optional<std::int32_t> reserved) {
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto function = co_await need_function(transaction, scope, name);
        if (!function) co_return std::unexpected(function.error());
        if (reserved) {
          auto provisioned = co_await provisioned_of(transaction, scope, name);
          if (!provisioned) co_return std::unexpected(provisioned.error());
          if (*reserved < *provisioned) {
            co_return wire::fail(
                kInvalidParameterValue,
                fmt::format("ReservedConcurrentExecutions {} should not be lower than function's "
                            "total provisioned concurrency [{}].",
                            *reserved, *provisioned));
          }
          // What all others have reserved; the account must keep a hundred for those without.
          std::int32_t sum = *reserved;
          const std::string prefix = table_prefix(Table::functions, scope);
          std::optional<std::string> marker;
          do {
            auto page = co_await read_page(transaction, prefix, marker, 1000);
            if (!page) co_return std::unexpected(page.error());
            for (const store::KeyValue& entry : page->rows) {
              if (read_name(prefix, entry.key) == name) continue;
              auto row = wire::from_row<FunctionRow>(entry.value);
              if (!row) co_return std::unexpected(row.error());
              sum += row->reserved_concurrency.value_or(0);
            }
            marker = std::move(page->next_marker);
          } while (marker);
          if (lambda.options.account_concurrency - sum < kMinUnreserved) {
            co_return wire::fail(
                kInvalidParameterValue,
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of [100].");
          }
        }
        function->reserved_concurrency = reserved;
        transaction.put(function_key(scope, name), wire::to_row(std::move(*function)));
        co_return wire::Result<void>{};
      });
}

}  // namespace

Answer<Concurrency> put_function_concurrency(Lambda& lambda, const Context& context,
                                             PutFunctionConcurrencyRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  auto done = co_await set_reserved(lambda, context.scope, target->name,
                                    request.reserved_concurrent_executions);
  if (!done) co_return std::unexpected(done.error());
  Concurrency response;
  response.reserved_concurrent_executions = request.reserved_concurrent_executions;
  co_return response;
}

Answer<GetFunctionConcurrencyResponse> get_function_concurrency(
    Lambda& lambda, const Context& context, GetFunctionConcurrencyRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  GetFunctionConcurrencyResponse response;
  response.reserved_concurrent_executions = function->reserved_concurrency;
  co_return response;
}

Answer<void> delete_function_concurrency(Lambda& lambda, const Context& context,
                                         DeleteFunctionConcurrencyRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  co_return co_await set_reserved(lambda, context.scope, target->name, std::nullopt);
}

}  // namespace mayfly::lambda
