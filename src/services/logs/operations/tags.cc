#include "services/logs/errors.h"
#include "services/logs/operations/operations.h"
#include "wire/row.h"

namespace mayfly::logs {

namespace {

constexpr std::size_t kMaxTags = 50;
using Tags = std::map<std::string, std::string>;

base::Task<wire::Result<void>> change_tags(Logs& logs, base::Scope scope, std::string group,
                                           Tags add, std::vector<std::string> remove) {
  co_return co_await store::transact(
      logs.store, [=](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await find_group(transaction, scope, group);
        if (!row) co_return std::unexpected(row.error());
        for (const auto& [key, value] : add) row->tags[key] = value;
        for (const std::string& key : remove) row->tags.erase(key);
        if (row->tags.size() > kMaxTags) {
          co_return wire::fail(kTooManyTags, "A resource can have at most 50 tags.");
        }
        transaction.put(group_key(scope, group), wire::to_row(*row));
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<Tags>> read_tags(Logs& logs, base::Scope scope, std::string group) {
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  auto row = co_await find_group(*transaction, scope, group);
  if (!row) co_return std::unexpected(row.error());
  co_return std::move(row->tags);
}

wire::Result<std::string> group_of_arn(const base::Scope& scope, const std::string& arn) {
  if (!arn.starts_with("arn:")) return wire::fail(kInvalidParameter, "Invalid resourceArn.");
  return named_group(scope, std::nullopt, arn);
}

}  // namespace

Answer<void> tag_resource(Logs& logs, const Context& context, TagResourceRequest request) {
  auto group = group_of_arn(context.scope, request.resource_arn);
  if (!group) co_return std::unexpected(group.error());
  co_return co_await change_tags(logs, context.scope, std::move(*group), std::move(request.tags),
                                 {});
}

Answer<void> untag_resource(Logs& logs, const Context& context, UntagResourceRequest request) {
  auto group = group_of_arn(context.scope, request.resource_arn);
  if (!group) co_return std::unexpected(group.error());
  co_return co_await change_tags(logs, context.scope, std::move(*group), {},
                                 std::move(request.tag_keys));
}

Answer<ListTagsForResourceResponse> list_tags_for_resource(Logs& logs, const Context& context,
                                                           ListTagsForResourceRequest request) {
  auto group = group_of_arn(context.scope, request.resource_arn);
  if (!group) co_return std::unexpected(group.error());
  auto tags = co_await read_tags(logs, context.scope, std::move(*group));
  if (!tags) co_return std::unexpected(tags.error());
  co_return ListTagsForResourceResponse{std::move(*tags)};
}

// The older three, by name instead of ARN.
Answer<void> tag_log_group(Logs& logs, const Context& context, TagLogGroupRequest request) {
  co_return co_await change_tags(logs, context.scope, std::move(request.log_group_name),
                                 std::move(request.tags), {});
}

Answer<void> untag_log_group(Logs& logs, const Context& context, UntagLogGroupRequest request) {
  co_return co_await change_tags(logs, context.scope, std::move(request.log_group_name), {},
                                 std::move(request.tags));
}

Answer<ListTagsLogGroupResponse> list_tags_log_group(Logs& logs, const Context& context,
                                                     ListTagsLogGroupRequest request) {
  auto tags = co_await read_tags(logs, context.scope, std::move(request.log_group_name));
  if (!tags) co_return std::unexpected(tags.error());
  co_return ListTagsLogGroupResponse{std::move(*tags)};
}

}  // namespace mayfly::logs
