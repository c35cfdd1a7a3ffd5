#include <fmt/format.h>
#include <fmt/ranges.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

// The names of the aliases that point to that version, as their main or as a weighted one.
base::Task<wire::Result<std::vector<std::string>>> aliases_of(store::Transaction& transaction,
                                                              base::Scope scope, std::string name,
                                                              std::string version) {
  std::vector<std::string> names;
  const std::string prefix = table_prefix(Table::aliases, scope, name);
  store::RangeQuery query{.begin = prefix, .end = store::prefix_end(prefix), .limit = 10'000};
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return failed(rows.error());
  for (const store::KeyValue& entry : rows->rows) {
    auto row = wire::from_row<AliasRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    if (row->function_version == version || row->weights.contains(version)) {
      names.push_back(read_name(prefix, entry.key).value_or(""));
    }
  }
  co_return names;
}

base::Task<wire::Result<void>> erase_version(Lambda& lambda, store::Transaction& transaction,
                                             VersionId id) {
  auto row = co_await find_row<VersionRow>(transaction, version_key(id.scope, id.name, id.version));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return function_not_found(id.scope, id.name, version_text(id.version));
  transaction.erase(version_key(id.scope, id.name, id.version));
  transaction.erase(pending_key(id));
  lambda.collector.track(transaction, id, &**row, nullptr);
  co_return wire::Result<void>{};
}

base::Task<wire::Result<void>> delete_version(Lambda& lambda, base::Scope scope, Target target) {
  if (target.qualifier == kLatest) {
    co_return wire::fail(kInvalidParameterValue,
                         "$LATEST version cannot be deleted without deleting the function.");
  }
  const std::optional<std::uint64_t> number = version_number(target.qualifier);
  if (!number) {
    co_return wire::fail(kInvalidParameterValue, "Deletion of aliases is not currently supported.");
  }
  const VersionId id{scope, target.name, *number};
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto function = co_await need_function(transaction, scope, target.name, target.qualifier);
        if (!function) co_return std::unexpected(function.error());
        auto aliases = co_await aliases_of(transaction, scope, target.name, target.qualifier);
        if (!aliases) co_return std::unexpected(aliases.error());
        if (!aliases->empty()) {
          co_return wire::fail(
              kResourceConflict,
              fmt::format(
                  "Unable to delete version because the following aliases reference it: [{}]",
                  fmt::join(*aliases, ", ")));
        }
        transaction.erase(policy_key(scope, target.name, target.qualifier));
        transaction.erase(event_config_key(scope, target.name, target.qualifier));
        transaction.erase(runtime_update_key(scope, target.name, target.qualifier));
        transaction.erase(provisioned_key(scope, target.name, target.qualifier));
        co_return co_await erase_version(lambda, transaction, id);
      });
  if (done) {
    lambda.provisioning.touch(scope, target.name);
    lambda.runner.retire(scope, target.name, target.qualifier, "");
  }
  co_return done;
}

base::Task<wire::Result<void>> delete_all(Lambda& lambda, base::Scope scope, std::string name) {
  auto versions = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::vector<std::uint64_t>>> {
        auto function = co_await need_function(transaction, scope, name);
        if (!function) co_return std::unexpected(function.error());
        transaction.erase(function_key(scope, name));
        std::vector<std::uint64_t> numbers;
        std::optional<std::string> marker;
        do {
          auto page = co_await read_page(transaction, table_prefix(Table::versions, scope, name),
                                         marker, 1000);
          if (!page) co_return std::unexpected(page.error());
          for (const store::KeyValue& entry : page->rows) {
            if (auto key = read_version_key(scope, entry.key)) numbers.push_back(key->version);
          }
          marker = std::move(page->next_marker);
        } while (marker);
        for (std::uint64_t number : numbers) {
          auto erased = co_await erase_version(lambda, transaction, {scope, name, number});
          if (!erased) co_return std::unexpected(erased.error());
        }
        if (auto erased = co_await erase_urls(transaction, scope, name); !erased)
          co_return std::unexpected(erased.error());
        for (Table table :
             {Table::aliases, Table::policies, Table::event_configs, Table::runtime_updates}) {
          const std::string prefix = table_prefix(table, scope, name);
          transaction.erase_range(prefix, store::prefix_end(prefix));
        }
        const std::string events = failed_events_prefix(scope, name);
        transaction.erase_range(events, store::prefix_end(events));
        const std::string provisioned = provisioned_prefix(scope, name);
        transaction.erase_range(provisioned, store::prefix_end(provisioned));
        co_return numbers;
      });
  if (!versions) co_return std::unexpected(versions.error());
  lambda.specs.forget(scope, name);
  lambda.provisioning.touch(scope, name);
  for (std::uint64_t number : *versions)
    lambda.runner.retire(scope, name, version_text(number), "");
  co_return wire::Result<void>{};
}

}  // namespace

Answer<DeleteFunctionResponse> delete_function(Lambda& lambda, const Context& context,
                                               DeleteFunctionRequest request) {
  auto target = resolve_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  auto done = target->qualifier.empty() ? co_await delete_all(lambda, context.scope, target->name)
                                        : co_await delete_version(lambda, context.scope, *target);
  if (!done) co_return std::unexpected(done.error());
  DeleteFunctionResponse response;
  response.status_code = 204;
  co_return response;
}

}  // namespace mayfly::lambda
