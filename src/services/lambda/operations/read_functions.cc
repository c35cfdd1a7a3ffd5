#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::int64_t kCodeStorageBytes = 300LL * 1024 * 1024 * 1024;

}  // namespace

std::string origin_of(const http::Request& request) {
  const std::string_view host = request.headers.get("Host").value_or(request.local);
  return fmt::format("{}://{}", request.tls ? "https" : "http", host);
}

Answer<GetFunctionResponse> get_function(Lambda& lambda, const Context& context,
                                         GetFunctionRequest request) {
  auto target = resolve_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto found = co_await resolve(*transaction, context.scope, *target);
  if (!found) co_return std::unexpected(found.error());
  transaction.reset();
  GetFunctionResponse response;
  response.configuration =
      shown(context.scope, target->name, found->number, found->version, target->qualifier);
  response.code.emplace();
  if (const auto& image = found->version.image) {
    // "name:tag" and "name@sha256:..." alike resolve to the latter.
    const std::string name = image->uri.substr(0, image->uri.find('@'));
    const std::size_t colon = name.rfind(':');
    const bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;
    response.code->repository_type = "ECR";
    response.code->image_uri = image->uri;
    response.code->resolved_image_uri = fmt::format(
        "{}@sha256:{}", tagged ? name.substr(0, colon) : name, found->version.code_sha256);
  } else {
    auto url = co_await lambda.code_urls.url(origin_of(context.http), found->version.code_sha256);
    if (!url) co_return std::unexpected(url.error());
    response.code->repository_type = "S3";
    response.code->location = std::move(*url);
  }
  if (!found->function.tags.empty()) response.tags = std::move(found->function.tags);
  if (found->function.reserved_concurrency) {
    response.concurrency.emplace();
    response.concurrency->reserved_concurrent_executions = found->function.reserved_concurrency;
  }
  co_return response;
}

Answer<FunctionConfiguration> get_function_configuration(Lambda& lambda, const Context& context,
                                                         GetFunctionConfigurationRequest request) {
  auto target = resolve_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto found = co_await resolve(*transaction, context.scope, *target);
  if (!found) co_return std::unexpected(found.error());
  co_return shown(context.scope, target->name, found->number, found->version, target->qualifier);
}

Answer<ListFunctionsResponse> list_functions(Lambda& lambda, const Context& context,
                                             ListFunctionsRequest request) {
  constexpr std::int32_t kMaxItems = 50;  // AWS never gives more, whatever is asked for
  if (request.master_region)
    co_return wire::not_supported("ListFunctions with MasterRegion (Lambda@Edge)");
  const bool all_versions = request.function_version.has_value();
  const std::size_t limit =
      static_cast<std::size_t>(std::min(request.max_items.value_or(kMaxItems), kMaxItems));
  const std::string prefix = table_prefix(Table::versions, context.scope);
  ListFunctionsResponse response;
  response.functions.emplace();
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  std::optional<std::string> marker = std::move(request.marker);
  while (true) {
    auto page = co_await read_page(*transaction, prefix, marker, limit);
    if (!page) co_return std::unexpected(page.error());
    for (std::size_t i = 0; i < page->rows.size(); ++i) {
      const store::KeyValue& entry = page->rows[i];
      const std::optional<NamedVersion> key = read_version_key(context.scope, entry.key);
      auto row = wire::from_row<VersionRow>(entry.value);
      if (!key || !row) co_return wire::fail(kService, "A stored function cannot be read.");
      if (!all_versions && key->version != kLatestNumber) continue;
      const std::string qualifier = all_versions ? version_text(key->version) : "";
      response.functions->push_back(
          shown(context.scope, key->name, key->version, *row, qualifier, Detail::listed));
      if (response.functions->size() == limit) {
        const bool more = i + 1 < page->rows.size() || page->next_marker;
        if (more) response.next_marker = base::to_base64(entry.key.substr(prefix.size()));
        co_return response;
      }
    }
    if (!page->next_marker) co_return response;
    marker = std::move(page->next_marker);
  }
}

Answer<GetAccountSettingsResponse> get_account_settings(Lambda& lambda, const Context& context,
                                                        GetAccountSettingsRequest) {
  std::int64_t functions = 0, bytes = 0;
  std::int32_t reserved = 0;
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  for (Table table : {Table::functions, Table::versions}) {
    std::optional<std::string> marker;
    do {
      auto page =
          co_await read_page(*transaction, table_prefix(table, context.scope), marker, 1000);
      if (!page) co_return std::unexpected(page.error());
      for (const store::KeyValue& entry : page->rows) {
        if (table == Table::functions) {
          auto row = wire::from_row<FunctionRow>(entry.value);
          if (!row) co_return std::unexpected(row.error());
          ++functions;
          reserved += row->reserved_concurrency.value_or(0);
        } else {
          auto row = wire::from_row<VersionRow>(entry.value);
          if (!row) co_return std::unexpected(row.error());
          bytes += row->code_size;
        }
      }
      marker = std::move(page->next_marker);
    } while (marker);
  }
  GetAccountSettingsResponse response;
  response.account_limit.emplace();
  response.account_limit->total_code_size = kCodeStorageBytes;
  response.account_limit->code_size_unzipped =
      static_cast<std::int64_t>(lambda.options.zip.unpacked_bytes);
  response.account_limit->code_size_zipped = 52'428'800;
  response.account_limit->concurrent_executions = lambda.options.account_concurrency;
  response.account_limit->unreserved_concurrent_executions =
      lambda.options.account_concurrency - reserved;
  response.account_usage.emplace();
  response.account_usage->total_code_size = bytes;
  response.account_usage->function_count = functions;
  co_return response;
}

}  // namespace mayfly::lambda
