#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxTags = 50;
constexpr std::string_view kMapping = "event-source-mapping:";

using Tags = std::map<std::string, std::string>;

// What an ARN with tags is of. Other kinds of resources that can have tags do not exist yet.
struct Tagged {
  std::string function;              // its name, or
  std::optional<MappingId> mapping;  // this
};

wire::Result<Tagged> tagged(const base::Scope& scope, const std::string& arn) {
  const std::optional<base::Arn> parsed = base::Arn::parse(arn);
  if (parsed && parsed->resource.starts_with(kMapping) &&
      arn == scope.arn("lambda", parsed->resource)) {
    return Tagged{{}, MappingId{scope, std::string(parsed->resource.substr(kMapping.size()))}};
  }
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
  return Tagged{std::move(target->name), std::nullopt};
}

wire::Result<void> check(const Tags& tags) {
  if (tags.size() <= kMaxTags) return {};
  return wire::fail(kInvalidParameterValue, "Number of tags exceeds resource tag limit.");
}

template <class Change>
base::Task<wire::Result<void>> change_tags(Lambda& lambda, base::Scope scope, std::string arn,
                                           Change change) {
  auto of = tagged(scope, arn);
  if (!of) co_return std::unexpected(of.error());
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        if (of->mapping) {
          auto mapping = co_await need_mapping(transaction, *of->mapping);
          if (!mapping) co_return std::unexpected(mapping.error());
          change(mapping->tags);
          if (auto checked = check(mapping->tags); !checked) co_return checked;
          transaction.put(mapping_key(*of->mapping), wire::to_row(std::move(*mapping)));
          co_return wire::Result<void>{};
        }
        auto function = co_await need_function(transaction, scope, of->function);
        if (!function) co_return std::unexpected(function.error());
        change(function->tags);
        if (auto checked = check(function->tags); !checked) co_return checked;
        transaction.put(function_key(scope, of->function), wire::to_row(std::move(*function)));
        co_return wire::Result<void>{};
      });
}

}  // namespace

Answer<void> tag_resource(Lambda& lambda, const Context& context, TagResourceRequest request) {
  co_return co_await change_tags(lambda, context.scope, request.resource, [&](Tags& tags) {
    for (const auto& [key, value] : request.tags) tags[key] = value;
  });
}

Answer<void> untag_resource(Lambda& lambda, const Context& context, UntagResourceRequest request) {
  co_return co_await change_tags(lambda, context.scope, request.resource, [&](Tags& tags) {
    for (const std::string& key : request.tag_keys) tags.erase(key);
  });
}

Answer<ListTagsResponse> list_tags(Lambda& lambda, const Context& context,
                                   ListTagsRequest request) {
  auto of = tagged(context.scope, request.resource);
  if (!of) co_return std::unexpected(of.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  if (of->mapping) {
    auto mapping = co_await need_mapping(*transaction, *of->mapping);
    if (!mapping) co_return std::unexpected(mapping.error());
    co_return ListTagsResponse{std::move(mapping->tags)};
  }
  auto function = co_await need_function(*transaction, context.scope, of->function);
  if (!function) co_return std::unexpected(function.error());
  co_return ListTagsResponse{std::move(function->tags)};
}

}  // namespace mayfly::lambda
