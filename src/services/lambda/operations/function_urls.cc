#include <fmt/format.h>

#include <algorithm>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

UrlCorsRow stored(Cors cors) {
  return {cors.allow_credentials,         std::move(cors.allow_headers),
          std::move(cors.allow_methods),  std::move(cors.allow_origins),
          std::move(cors.expose_headers), cors.max_age};
}

Cors shown(const UrlCorsRow& row) {
  return {row.credentials, row.headers, row.methods, row.origins, row.exposed, row.max_age};
}

FunctionUrlConfig shown(const Lambda& lambda, const base::Scope& scope, const std::string& name,
                        const std::string& qualifier, const UrlRow& row) {
  FunctionUrlConfig out;
  out.function_url =
      lambda.public_host.url(fmt::format("{}.lambda-url.{}", row.id, scope.region)) + "/";
  out.function_arn = function_arn(scope, name, qualifier);
  out.auth_type = row.auth_type;
  if (row.cors) out.cors = shown(*row.cors);
  out.creation_time = row.created;
  out.last_modified_time = row.modified;
  out.invoke_mode = row.invoke_mode;
  return out;
}

// A function itself or an alias of it has a URL; a version has none.
wire::Result<Target> url_target(const base::Scope& scope, const std::string& name,
                                const std::optional<std::string>& qualifier) {
  auto target = resolve_target(scope, name, qualifier);
  if (target && version_number(target->qualifier)) {
    return wire::fail(
        wire::kValidation,
        fmt::format("1 validation error detected: Value '{}' at 'qualifier' failed to "
                    "satisfy constraint: Member must satisfy regular expression "
                    "pattern: {}",
                    target->qualifier, kFunctionUrlQualifierPattern));
  }
  return target;
}

wire::Result<void> check_cors(const std::optional<Cors>& cors) {
  constexpr std::string_view kMethods[] = {"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"};
  if (!cors || !cors->allow_methods) return {};
  for (const std::string& method : *cors->allow_methods) {
    if (std::ranges::find(kMethods, method) == std::end(kMethods)) {
      return wire::fail(kInvalidParameterValue, fmt::format("Unsupported method: {}", method));
    }
  }
  return {};
}

std::unexpected<wire::ApiError> no_url() {
  return wire::fail(kResourceNotFound, "The resource you requested does not exist.");
}

}  // namespace

Answer<CreateFunctionUrlConfigResponse> create_function_url_config(
    Lambda& lambda, const Context& context, CreateFunctionUrlConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = url_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  if (auto checked = check_cors(request.cors); !checked) co_return std::unexpected(checked.error());
  UrlRow row;
  row.id = lambda.ids.hex(32);
  row.auth_type = request.auth_type;
  row.invoke_mode = request.invoke_mode.value_or("BUFFERED");
  if (request.cors) row.cors = stored(std::move(*request.cors));
  row.created = row.modified = base::iso8601_ms(lambda.clock.now());
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto resolved = co_await resolve(transaction, scope, *target);
        if (!resolved) co_return std::unexpected(resolved.error());
        const std::string key = url_key(scope, target->name, target->qualifier);
        auto found = co_await find_row<UrlRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        if (*found) {
          co_return wire::fail(
              kResourceConflict,
              fmt::format("Failed to create function url config for [functionArn = {}]. Error "
                          "message:  FunctionUrlConfig exists for this Lambda function",
                          function_arn(scope, target->name, target->qualifier)));
        }
        transaction.put(key, wire::to_row(row));
        transaction.put(url_owner_key(row.id),
                        wire::to_row(UrlOwnerRow{scope.account, scope.region, target->name,
                                                 target->qualifier}));
        co_return wire::Result<void>{};
      });
  if (!done) co_return std::unexpected(done.error());
  FunctionUrlConfig out = shown(lambda, scope, target->name, target->qualifier, row);
  co_return CreateFunctionUrlConfigResponse{
      std::move(out.function_url), std::move(out.function_arn),  std::move(out.auth_type),
      std::move(out.cors),         std::move(out.creation_time), std::move(out.invoke_mode)};
}

Answer<FunctionUrlConfig> update_function_url_config(Lambda& lambda, const Context& context,
                                                     UpdateFunctionUrlConfigRequest request) {
  const base::Scope scope = context.scope;
  auto target = url_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  if (auto checked = check_cors(request.cors); !checked) co_return std::unexpected(checked.error());
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<UrlRow>> {
        const std::string key = url_key(scope, target->name, target->qualifier);
        auto found = co_await find_row<UrlRow>(transaction, key);
        if (!found) co_return std::unexpected(found.error());
        if (!*found) co_return no_url();
        UrlRow row = std::move(**found);
        if (request.auth_type) row.auth_type = *request.auth_type;
        if (request.invoke_mode) row.invoke_mode = *request.invoke_mode;
        if (request.cors) row.cors = stored(*request.cors);
        row.modified = base::iso8601_ms(lambda.clock.now());
        transaction.put(key, wire::to_row(row));
        co_return row;
      });
  if (!done) co_return std::unexpected(done.error());
  co_return shown(lambda, scope, target->name, target->qualifier, *done);
}

Answer<FunctionUrlConfig> get_function_url_config(Lambda& lambda, const Context& context,
                                                  GetFunctionUrlConfigRequest request) {
  auto target = url_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto row = co_await find_row<UrlRow>(*transaction,
                                       url_key(context.scope, target->name, target->qualifier));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return no_url();
  co_return shown(lambda, context.scope, target->name, target->qualifier, **row);
}

Answer<void> delete_function_url_config(Lambda& lambda, const Context& context,
                                        DeleteFunctionUrlConfigRequest request) {
  auto target = url_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto erased = co_await erase_url(transaction, context.scope, *target);
        if (!erased) co_return std::unexpected(erased.error());
        if (!*erased) co_return no_url();
        co_return wire::Result<void>{};
      });
}

Answer<ListFunctionUrlConfigsResponse> list_function_url_configs(
    Lambda& lambda, const Context& context, ListFunctionUrlConfigsRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  const std::string prefix = table_prefix(Table::urls, context.scope, target->name);
  auto page = co_await read_page(*transaction, prefix, std::move(request.marker),
                                 static_cast<std::size_t>(request.max_items.value_or(50)));
  if (!page) co_return std::unexpected(page.error());
  ListFunctionUrlConfigsResponse response;
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<UrlRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    response.function_url_configs.push_back(shown(lambda, context.scope, target->name,
                                                  read_name(prefix, entry.key).value_or(""), *row));
  }
  response.next_marker = std::move(page->next_marker);
  co_return response;
}

base::Task<wire::Result<bool>> erase_url(store::Transaction& transaction, base::Scope scope,
                                         Target target) {
  const std::string key = url_key(scope, target.name, target.qualifier);
  auto row = co_await find_row<UrlRow>(transaction, key);
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return false;
  transaction.erase(key);
  transaction.erase(url_owner_key((*row)->id));
  co_return true;
}

base::Task<wire::Result<void>> erase_urls(store::Transaction& transaction, base::Scope scope,
                                          std::string name) {
  const std::string prefix = table_prefix(Table::urls, scope, name);
  std::optional<std::string> marker;
  do {
    auto page = co_await read_page(transaction, prefix, marker, 1000);
    if (!page) co_return std::unexpected(page.error());
    for (const store::KeyValue& entry : page->rows) {
      auto row = wire::from_row<UrlRow>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      transaction.erase(url_owner_key(row->id));
    }
    marker = std::move(page->next_marker);
  } while (marker);
  transaction.erase_range(prefix, store::prefix_end(prefix));
  co_return wire::Result<void>{};
}

}  // namespace mayfly::lambda
