// GetTags, TagResource, UntagResource: of APIs and stages,
// arn:aws:apigateway:region::/apis/{id}[/stages/{name}]
#include <fmt/format.h>

#include "base/arn.h"
#include "services/apigateway/model/repository.h"
#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"

namespace mayfly::apigateway {
namespace {

struct Tagged {
  std::string api_id;
  std::optional<std::string> stage;
};

wire::Result<Tagged> parse_resource(const std::string& text) {
  constexpr std::string_view kApis = "/apis/";
  constexpr std::string_view kStages = "/stages/";
  const std::optional<base::Arn> arn = base::Arn::parse(text);
  if (!arn || arn->service != "apigateway" || !arn->resource.starts_with(kApis)) {
    return wire::fail(kBadRequest, fmt::format("Invalid resource ARN specified {}", text));
  }
  Tagged tagged{arn->resource.substr(kApis.size()), {}};
  if (const std::size_t slash = tagged.api_id.find('/'); slash != std::string::npos) {
    const std::string rest = tagged.api_id.substr(slash);
    tagged.api_id.resize(slash);
    if (!rest.starts_with(kStages)) {
      return wire::fail(kBadRequest, fmt::format("Invalid resource ARN specified {}", text));
    }
    tagged.stage = rest.substr(kStages.size());
  }
  return tagged;
}

// Reads the tags, lets `edit` change them, and stores them.
template <class Edit>
Answer<Tags> edit_tags(store::Transaction& transaction, Change change,
                       std::optional<std::string> stage_name, Edit edit) {
  if (stage_name) {
    auto stage = co_await require<Stage>(transaction, change.scope, change.api_id, *stage_name);
    if (!stage) co_return std::unexpected(std::move(stage).error());
    edit(stage->tags);
    put(transaction, keys::one<Stage>(change.scope, change.api_id, *stage_name), *stage);
    co_return stage->tags;
  }
  auto api = co_await require_api(transaction, change.scope, change.api_id);
  if (!api) co_return std::unexpected(std::move(api).error());
  edit(api->tags);
  put(transaction, keys::of_api<Api>(change.scope, change.api_id), *api);
  co_return api->tags;
}

}  // namespace

Answer<GetTagsResponse> get_tags(ApiGateway& gateway, const Context& context,
                                 GetTagsRequest request) {
  const auto resource = parse_resource(request.resource_arn);
  if (!resource) co_return std::unexpected(resource.error());
  const std::unique_ptr<store::Transaction> transaction = gateway.store().begin();
  auto api = co_await require_api(*transaction, context.scope, resource->api_id);
  if (!api) co_return std::unexpected(std::move(api).error());
  if (!resource->stage) co_return GetTagsResponse{std::move(api->tags)};
  auto stage =
      co_await require<Stage>(*transaction, context.scope, resource->api_id, *resource->stage);
  if (!stage) co_return std::unexpected(std::move(stage).error());
  co_return GetTagsResponse{std::move(stage->tags)};
}

Answer<Empty> tag_resource(ApiGateway& gateway, const Context& context,
                           TagResourceRequest request) {
  const auto resource = parse_resource(request.resource_arn);
  if (!resource) co_return std::unexpected(resource.error());
  auto tagged = co_await gateway.change(
      context, resource->api_id,
      [request, stage = resource->stage](store::Transaction& transaction,
                                         Change change) -> Answer<Empty> {
        auto tags = co_await edit_tags(transaction, change, stage, [&](Tags& edited) {
          for (const auto& [key, value] : request.tags) edited[key] = value;
        });
        if (!tags) co_return std::unexpected(std::move(tags).error());
        if (auto checked = check_tags(*tags); !checked) co_return std::unexpected(checked.error());
        co_return Empty{};
      });
  co_return tagged;
}

Answer<Empty> untag_resource(ApiGateway& gateway, const Context& context,
                             UntagResourceRequest request) {
  const auto resource = parse_resource(request.resource_arn);
  if (!resource) co_return std::unexpected(resource.error());
  co_return co_await gateway.change(
      context, resource->api_id,
      [request, stage = resource->stage](store::Transaction& transaction,
                                         Change change) -> Answer<Empty> {
        auto tags = co_await edit_tags(transaction, change, stage, [&](Tags& edited) {
          for (const std::string& key : request.tag_keys) edited.erase(key);
        });
        if (!tags) co_return std::unexpected(std::move(tags).error());
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
