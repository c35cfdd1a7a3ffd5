#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

Answer<FunctionConfiguration> publish_version(Lambda& lambda, const Context& context,
                                              PublishVersionRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  const std::string name = target->name;
  auto done = co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<Published>> {
        auto function = co_await need_function(transaction, context.scope, name);
        if (!function) co_return std::unexpected(function.error());
        auto latest = co_await need_version(transaction, context.scope, name, kLatestNumber);
        if (!latest) co_return std::unexpected(latest.error());
        if (auto settled = check_settled(context.scope, name, *latest); !settled) {
          co_return std::unexpected(settled.error());
        }
        if (auto same = check_revision(request.revision_id, latest->revision_id); !same) {
          co_return std::unexpected(same.error());
        }
        const std::string sha256 = sha256_as_base64(latest->code_sha256);
        if (request.code_sha256 && !request.code_sha256->empty() &&
            *request.code_sha256 != sha256) {
          co_return wire::fail(
              kInvalidParameterValue,
              fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). "
                          "Please try again with the CodeSHA256 in $LATEST.",
                          *request.code_sha256, sha256));
        }
        co_return co_await publish(transaction, lambda, context.scope, name, std::move(*function),
                                   std::move(*latest), request.description);
      });
  if (!done) co_return std::unexpected(done.error());
  if (done->is_new) lambda.lifecycle.begin({context.scope, name, done->version});
  co_return shown(context.scope, name, done->version, done->row, version_text(done->version));
}

Answer<ListVersionsByFunctionResponse> list_versions_by_function(
    Lambda& lambda, const Context& context, ListVersionsByFunctionRequest request) {
  constexpr std::int32_t kMaxItems = 50;
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  const std::size_t limit =
      static_cast<std::size_t>(std::min(request.max_items.value_or(kMaxItems), kMaxItems));
  auto page =
      co_await read_page(*transaction, table_prefix(Table::versions, context.scope, target->name),
                         std::move(request.marker), limit);
  if (!page) co_return std::unexpected(page.error());
  ListVersionsByFunctionResponse response;
  response.versions.emplace();
  for (const store::KeyValue& entry : page->rows) {
    const std::optional<NamedVersion> key = read_version_key(context.scope, entry.key);
    auto row = wire::from_row<VersionRow>(entry.value);
    if (!key || !row) co_return wire::fail(kService, "A stored version cannot be read.");
    response.versions->push_back(shown(context.scope, target->name, key->version, *row,
                                       version_text(key->version), Detail::listed));
  }
  response.next_marker = std::move(page->next_marker);
  co_return response;
}

}  // namespace mayfly::lambda
