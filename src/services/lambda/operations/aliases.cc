#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

AliasConfiguration shown(const base::Scope& scope, const std::string& function,
                         const std::string& name, const AliasRow& row) {
  AliasConfiguration out;
  out.alias_arn = function_arn(scope, function, name);
  out.name = name;
  out.function_version = row.function_version;
  out.description = row.description;
  if (!row.weights.empty()) out.routing_config = AliasRoutingConfiguration{row.weights};
  out.revision_id = row.revision_id;
  return out;
}

wire::Result<void> check_alias_name(const std::string& name) {
  const bool has_only =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
      std::string::npos;
  const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
  if (has_only && !is_number) return {};
  return wire::fail(
      wire::kValidation,
      fmt::format("1 validation error detected: Value '{}' at 'name' failed to satisfy constraint: "
                  "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                  name));
}

// What an alias may point to, once the row says where it does.
base::Task<wire::Result<void>> check_routes(store::Transaction& transaction, base::Scope scope,
                                            std::string function, AliasRow row) {
  const auto exists = [&](const std::string& text) -> base::Task<wire::Result<void>> {
    const std::optional<std::uint64_t> number = version_number(text);
    if (!number) co_return function_not_found(scope, function, text);
    auto version = co_await need_version(transaction, scope, function, *number);
    if (!version) co_return std::unexpected(version.error());
    co_return wire::Result<void>{};
  };
  if (row.function_version == "$LATEST.PUBLISHED")
    co_return wire::not_supported("FunctionVersion $LATEST.PUBLISHED");
  if (auto found = co_await exists(row.function_version); !found) co_return found;
  if (row.weights.size() > 1) {
    co_return wire::fail(kInvalidParameterValue,
                         "Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  if (!row.weights.empty() && row.function_version == kLatest) {
    co_return wire::fail(kInvalidParameterValue,
                         "$LATEST is not supported for an alias pointing to more than 1 version");
  }
  for (const auto& [version, weight] : row.weights) {
    if (version == row.function_version) {
      co_return wire::fail(
          kInvalidParameterValue,
          fmt::format("Invalid function version {}. Function version {} is already included in "
                      "routing configuration.",
                      version, version));
    }
    if (auto found = co_await exists(version); !found) co_return found;
  }
  co_return wire::Result<void>{};
}

std::map<std::string, double> weights_of(const AliasRoutingConfiguration& routing) {
  return routing.additional_version_weights.value_or(std::map<std::string, double>{});
}

base::Task<wire::Result<AliasRow>> need_alias(store::Transaction& transaction, base::Scope scope,
                                              std::string function, std::string name) {
  auto row = co_await find_row<AliasRow>(transaction, alias_key(scope, function, name));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) {
    co_return wire::fail(kResourceNotFound, fmt::format("Cannot find alias arn: {}",
                                                        function_arn(scope, function, name)));
  }
  co_return std::move(**row);
}

}  // namespace

Answer<AliasConfiguration> create_alias(Lambda& lambda, const Context& context,
                                        CreateAliasRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  if (auto named = check_alias_name(request.name); !named) co_return std::unexpected(named.error());
  AliasRow row;
  row.function_version = request.function_version;
  row.description = request.description.value_or("");
  row.revision_id = lambda.ids.uuid();
  if (request.routing_config) row.weights = weights_of(*request.routing_config);
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto function = co_await need_function(transaction, context.scope, target->name);
        if (!function) co_return std::unexpected(function.error());
        if (auto routes = co_await check_routes(transaction, context.scope, target->name, row);
            !routes) {
          co_return routes;
        }
        const std::string key = alias_key(context.scope, target->name, request.name);
        auto found = co_await find_row<AliasRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        if (*found) {
          co_return wire::fail(
              kResourceConflict,
              fmt::format("Alias already exists: {}",
                          function_arn(context.scope, target->name, request.name)));
        }
        transaction.put(key, wire::to_row(row));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  co_return shown(context.scope, target->name, request.name, row);
}

Answer<AliasConfiguration> get_alias(Lambda& lambda, const Context& context,
                                     GetAliasRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  auto row = co_await need_alias(*transaction, context.scope, target->name, request.name);
  if (!row) co_return std::unexpected(row.error());
  co_return shown(context.scope, target->name, request.name, *row);
}

Answer<AliasConfiguration> update_alias(Lambda& lambda, const Context& context,
                                        UpdateAliasRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<AliasRow>> {
        auto function = co_await need_function(transaction, context.scope, target->name);
        if (!function) co_return std::unexpected(function.error());
        auto row = co_await need_alias(transaction, context.scope, target->name, request.name);
        if (!row) co_return row;
        if (auto same = check_revision(request.revision_id, row->revision_id); !same) {
          co_return std::unexpected(same.error());
        }
        if (request.function_version) row->function_version = *request.function_version;
        if (request.description) row->description = *request.description;
        if (request.routing_config) row->weights = weights_of(*request.routing_config);
        if (auto routes = co_await check_routes(transaction, context.scope, target->name, *row);
            !routes) {
          co_return std::unexpected(routes.error());
        }
        row->revision_id = lambda.ids.uuid();
        transaction.put(alias_key(context.scope, target->name, request.name), wire::to_row(*row));
        co_return row;
      });
  if (!done) co_return std::unexpected(done.error());
  lambda.provisioning.touch(context.scope, target->name);
  co_return shown(context.scope, target->name, request.name, *done);
}

Answer<void> delete_alias(Lambda& lambda, const Context& context, DeleteAliasRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  // AWS answers 204 for an alias that is not there.
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        transaction.erase(provisioned_key(context.scope, target->name, request.name));
        transaction.erase(alias_key(context.scope, target->name, request.name));
        transaction.erase(policy_key(context.scope, target->name, request.name));
        transaction.erase(event_config_key(context.scope, target->name, request.name));
        auto url = co_await erase_url(transaction, context.scope, {target->name, request.name});
        if (!url) co_return std::unexpected(url.error());
        co_return wire::Result<void>{};
      });
  if (done) lambda.provisioning.touch(context.scope, target->name);
  co_return done;
}

Answer<ListAliasesResponse> list_aliases(Lambda& lambda, const Context& context,
                                         ListAliasesRequest request) {
  constexpr std::int32_t kMaxItems = 50;
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  const std::string prefix = table_prefix(Table::aliases, context.scope, target->name);
  const std::size_t limit =
      static_cast<std::size_t>(std::min(request.max_items.value_or(kMaxItems), kMaxItems));
  auto page = co_await read_page(*transaction, prefix, std::move(request.marker), limit);
  if (!page) co_return std::unexpected(page.error());
  ListAliasesResponse response;
  response.aliases.emplace();
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<AliasRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    if (request.function_version && row->function_version != *request.function_version &&
        !row->weights.contains(*request.function_version)) {
      continue;
    }
    response.aliases->push_back(
        shown(context.scope, target->name, read_name(prefix, entry.key).value_or(""), *row));
  }
  response.next_marker = std::move(page->next_marker);
  co_return response;
}

}  // namespace mayfly::lambda
