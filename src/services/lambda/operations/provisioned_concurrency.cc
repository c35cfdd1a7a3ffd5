#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::int32_t kMinUnreserved = 100;

// Published versions and aliases of them have it.
wire::Result<Target> provisioned_target(const base::Scope& scope, const std::string& name,
                                        const std::string& qualifier) {
  auto target = resolve_target(scope, name, qualifier);
  if (target && (target->qualifier.empty() || target->qualifier == kLatest)) {
    return wire::fail(
        kInvalidParameterValue,
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  }
  return target;
}

std::map<std::uint64_t, std::int32_t> shares_of(const Resolved& resolved, std::int32_t count) {
  if (!resolved.alias) return {{resolved.number, count}};
  return shares_of(*resolved.alias, count);
}

ProvisionedConcurrencyConfig shown(const Lambda& lambda, const base::Scope& scope,
                                   const std::string& name, const Resolved& resolved,
                                   const ProvisionedRow& row) {
  ProvisionedConcurrencyConfig out;
  out.requested = row.count;
  for (const auto& [version, share] : shares_of(resolved, row.count)) {
    const engine::ProvisionedState state =
        lambda.runner.provisioned(scope, name, version_text(version));
    out.available += std::min(share, static_cast<std::int32_t>(state.running));
    if (!state.failure.empty()) out.status_reason = state.failure;
  }
  out.allocated = out.available;
  out.status = out.available == row.count ? "READY" : out.status_reason ? "FAILED" : "IN_PROGRESS";
  if (out.status != "FAILED") out.status_reason.reset();
  out.last_modified = base::iso8601_ms(base::from_epoch_ms(row.modified_ms));
  return out;
}

std::unexpected<wire::ApiError> no_config() {
  return wire::fail(kProvisionedConcurrencyConfigNotFound,
                    "No Provisioned Concurrency Config found for this function");
}

// What is configured besides this one: of the function, and of all functions that have reserved
// nothing; and whether a version would get some by two ways.
struct Others {
  std::int32_t of_function = 0, of_unreserved = 0;
  bool overlap = false;
};
base::Task<wire::Result<Others>> look_at_others(store::Transaction& transaction, base::Scope scope,
                                                Target target, Resolved resolved) {
  Others out;
  std::string begin = provisioned_prefix(scope);
  for (bool more = true; more;) {
    store::RangeQuery query{.begin = begin, .end = store::prefix_end(provisioned_prefix(scope))};
    auto rows = co_await transaction.range(std::move(query));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      const auto key = read_provisioned_key(entry.key);
      auto row = wire::from_row<ProvisionedRow>(entry.value);
      if (!key || !row) co_return wire::fail(kService, "A stored configuration cannot be read.");
      if (key->name == target.name && key->qualifier == target.qualifier) continue;
      auto function = co_await find_row<FunctionRow>(transaction, function_key(scope, key->name));
      if (!function) co_return std::unexpected(function.error());
      if (!*function) continue;
      if (!(*function)->reserved_concurrency) out.of_unreserved += row->count;
      if (key->name != target.name) continue;
      out.of_function += row->count;
      auto other = co_await resolve(transaction, scope, {key->name, key->qualifier});
      if (!other) continue;  // its alias is gone
      for (const auto& [version, share] : shares_of(*other, row->count)) {
        if (shares_of(resolved, 1'000).contains(version)) out.overlap = true;
      }
    }
  }
  co_return out;
}

base::Task<wire::Result<std::int32_t>> reserved_of_account(store::Transaction& transaction,
                                                           base::Scope scope) {
  std::int32_t sum = 0;
  std::optional<std::string> marker;
  do {
    auto page =
        co_await read_page(transaction, table_prefix(Table::functions, scope), marker, 1000);
    if (!page) co_return std::unexpected(page.error());
    for (const store::KeyValue& entry : page->rows) {
      auto row = wire::from_row<FunctionRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      sum += row->reserved_concurrency.value_or(0);
    }
    marker = std::move(page->next_marker);
  } while (marker);
  co_return sum;
}

base::Task<wire::Result<void>> check_room(const Lambda& lambda, store::Transaction& transaction,
                                          base::Scope scope, Target target, Resolved resolved,
                                          std::int32_t count) {
  auto others = co_await look_at_others(transaction, scope, target, resolved);
  if (!others) co_return std::unexpected(others.error());
  if (others->overlap) {
    co_return wire::fail(kResourceConflict,
                         "Provisioned concurrency is already configured for this function version, "
                         "by the version itself or by an alias that points to it.");
  }
  if (resolved.function.reserved_concurrency) {
    if (count + others->of_function > *resolved.function.reserved_concurrency) {
      co_return wire::fail(kInvalidParameterValue,
                           "Requested Provisioned Concurrency should not be greater than the "
                           "reservedConcurrentExecution for function");
    }
    co_return wire::Result<void>{};
  }
  auto reserved = co_await reserved_of_account(transaction, scope);
  if (!reserved) co_return std::unexpected(reserved.error());
  if (lambda.options.account_concurrency - *reserved - others->of_unreserved - count <
      kMinUnreserved) {
    co_return wire::fail(
        kInvalidParameterValue,
        "Specified ProvisionedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].");
  }
  co_return wire::Result<void>{};
}

}  // namespace

Answer<ProvisionedConcurrencyConfig> put_provisioned_concurrency_config(
    Lambda& lambda, const Context& context, PutProvisionedConcurrencyConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = provisioned_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  const ProvisionedRow row{request.provisioned_concurrent_executions,
                           base::epoch_ms(lambda.clock.now())};
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Resolved>> {
        auto resolved = co_await resolve(transaction, scope, *target);
        if (!resolved) co_return std::unexpected(resolved.error());
        if (resolved->number == kLatestNumber) {
          co_return wire::fail(kInvalidParameterValue,
                               "Provisioned Concurrency Configs cannot be applied to unpublished "
                               "function versions.");
        }
        auto room = co_await check_room(lambda, transaction, scope, *target, *resolved, row.count);
        if (!room) co_return std::unexpected(room.error());
        transaction.put(provisioned_key(scope, target->name, target->qualifier), wire::to_row(row));
        co_return std::move(*resolved);
      });
  if (!done) co_return std::unexpected(done.error());
  ProvisionedConcurrencyConfig out = shown(lambda, scope, target->name, *done, row);
  out.status = "IN_PROGRESS";
  out.status_reason.reset();
  lambda.provisioning.touch(scope, target->name);
  co_return out;
}

Answer<ProvisionedConcurrencyConfig> get_provisioned_concurrency_config(
    Lambda& lambda, const Context& context, GetProvisionedConcurrencyConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = provisioned_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto resolved = co_await resolve(*transaction, scope, *target);
  if (!resolved) co_return std::unexpected(resolved.error());
  auto row = co_await find_row<ProvisionedRow>(
      *transaction, provisioned_key(scope, target->name, target->qualifier));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return no_config();
  co_return shown(lambda, scope, target->name, *resolved, **row);
}

Answer<void> delete_provisioned_concurrency_config(
    Lambda& lambda, const Context& context, DeleteProvisionedConcurrencyConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = provisioned_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  // AWS answers 204 for a configuration that is not there.
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto resolved = co_await resolve(transaction, scope, *target);
        if (!resolved) co_return std::unexpected(resolved.error());
        transaction.erase(provisioned_key(scope, target->name, target->qualifier));
        co_return wire::Result<void>{};
      });
  if (done) lambda.provisioning.touch(scope, target->name);
  co_return done;
}

Answer<ListProvisionedConcurrencyConfigsResponse> list_provisioned_concurrency_configs(
    Lambda& lambda, const Context& context, ListProvisionedConcurrencyConfigsRequest request) {
  const base::Scope scope = context.scope;
  auto target = resolve_target(scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  const std::string prefix = provisioned_prefix(scope, target->name);
  auto page = co_await read_page(*transaction, prefix, std::move(request.marker),
                                 static_cast<std::size_t>(request.max_items.value_or(50)));
  if (!page) co_return std::unexpected(page.error());
  ListProvisionedConcurrencyConfigsResponse response;
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<ProvisionedRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    const std::string qualifier = read_name(prefix, entry.key).value_or("");
    auto resolved = co_await resolve(*transaction, scope, {target->name, qualifier});
    if (!resolved) continue;
    ProvisionedConcurrencyConfig one = shown(lambda, scope, target->name, *resolved, *row);
    response.provisioned_concurrency_configs.push_back(
        {function_arn(scope, target->name, qualifier), one.requested, one.available, one.allocated,
         std::move(one.status), std::move(one.status_reason), std::move(one.last_modified)});
  }
  response.next_marker = std::move(page->next_marker);
  co_return response;
}

}  // namespace mayfly::lambda
