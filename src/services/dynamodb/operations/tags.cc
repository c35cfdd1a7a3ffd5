// TagResource, UntagResource, ListTagsOfResource.
#include <algorithm>

#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/table_definition.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {
namespace {

// Changes the tags of a table in one transaction.
template <class Change>
base::Task<wire::Result<void>> change_tags(Dynamodb& dynamodb, base::Scope scope, std::string arn,
                                           Change change) {
  auto name = table_name_of_arn(scope, arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  co_return co_await store::transact(
      dynamodb.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto table = co_await open_table(dynamodb, transaction, scope, *name, Missing::named);
        if (!table) co_return std::unexpected(std::move(table).error());
        Table changed = **table;
        if (wire::Result<void> done = change(changed.tags); !done) co_return done;
        put_table(transaction, changed);
        co_return wire::Result<void>{};
      });
}

}  // namespace

base::Task<wire::Result<void>> tag_resource(Dynamodb& dynamodb, const api::RequestContext& context,
                                            TagResourceRequest request) {
  co_return co_await change_tags(
      dynamodb, context.scope, std::move(request.resource_arn),
      [&](std::vector<Tag>& tags) { return add_tags(tags, request.tags); });
}

base::Task<wire::Result<void>> untag_resource(Dynamodb& dynamodb,
                                              const api::RequestContext& context,
                                              UntagResourceRequest request) {
  co_return co_await change_tags(dynamodb, context.scope, std::move(request.resource_arn),
                                 [&](std::vector<Tag>& tags) -> wire::Result<void> {
                                   std::erase_if(tags, [&](const Tag& tag) {
                                     return std::ranges::find(request.tag_keys, tag.key) !=
                                            request.tag_keys.end();
                                   });
                                   return {};
                                 });
}

base::Task<wire::Result<ListTagsResponse>> list_tags_of_resource(Dynamodb& dynamodb,
                                                                 const api::RequestContext& context,
                                                                 ListTagsRequest request) {
  auto name = table_name_of_arn(context.scope, request.resource_arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  // A table has at most 50 tags, so there never is a second page.
  if (request.next_token) co_return refuse("Invalid NextToken");
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::named,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  ListTagsResponse response;
  for (const Tag& tag : (*table)->tags) response.tags.push_back({tag.key, tag.value});
  co_return response;
}

}  // namespace mayfly::dynamodb
