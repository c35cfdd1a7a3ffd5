#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxTags = 50;

// The function that the ARN is of. Other kinds of resources that can have tags do not exist yet.
wire::Result<std::string> tagged_function(const base::Scope& scope, const std::string& arn) {
  const std::optional<base::Arn> parsed = base::Arn::parse(arn);
  if (parsed && !parsed->resource.starts_with("function:")) {
    return wire::fail(kResourceNotFound, "The resource you requested does not exist: " + arn);
  }
  auto target = resolve_target(scope, arn);
  if (!target) return std::unexpected(target.error());
  if (!target->qualifier.empty()) {
    return wire::fail(kInvalidParameterValue,
                      "Tags on function aliases and versions are not supported. Please specify "
                      "either a function ARN, "
                      "an event source mapping ARN or a code signing configuration ARN.");
  }
  return std::move(target->name);
}

template <class Change>
base::Task<wire::Result<void>> change_tags(Lambda& lambda, base::Scope scope, std::string arn,
                                           Change change) {
  auto name = tagged_function(scope, arn);
  if (!name) co_return std::unexpected(name.error());
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto function = co_await need_function(transaction, scope, *name);
        if (!function) co_return std::unexpected(function.error());
        change(function->tags);
        if (function->tags.size() > kMaxTags) {
          co_return wire::fail(kInvalidParameterValue,
                               "Number of tags exceeds resource tag limit.");
        }
        transaction.put(function_key(scope, *name), wire::to_row(std::move(*function)));
        co_return wire::Result<void>{};
      });
}

}  // namespace

Answer<void> tag_resource(Lambda& lambda, const Context& context, TagResourceRequest request) {
  co_return co_await change_tags(lambda, context.scope, request.resource, [&](auto& tags) {
    for (const auto& [key, value] : request.tags) tags[key] = value;
  });
}

Answer<void> untag_resource(Lambda& lambda, const Context& context, UntagResourceRequest request) {
  co_return co_await change_tags(lambda, context.scope, request.resource, [&](auto& tags) {
    for (const std::string& key : request.tag_keys) tags.erase(key);
  });
}

Answer<ListTagsResponse> list_tags(Lambda& lambda, const Context& context,
                                   ListTagsRequest request) {
  auto name = tagged_function(context.scope, request.resource);
  if (!name) co_return std::unexpected(name.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, *name);
  if (!function) co_return std::unexpected(function.error());
  co_return ListTagsResponse{std::move(function->tags)};
}

}  // namespace mayfly::lambda
