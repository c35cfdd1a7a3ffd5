// ListStreams and DescribeStream.
#include "services/dynamodb/operations/stream_operations.h"

#include <algorithm>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/streams.h"

namespace mayfly::dynamodb {
namespace {

// The part of the shards that a request asks for.
wire::Result<void> show_shards(const DescribeStreamRequest& request, std::vector<Shard> shards,
                               StreamDescription& out) {
  if (request.shard_filter) {
    if (!request.shard_filter->type || !request.shard_filter->shard_id) {
      return refuse("ShardFilter must have a Type and a ShardId");
    }
    std::erase_if(
        shards, [&](const Shard& shard) { return shard.parent != request.shard_filter->shard_id; });
  }
  auto first = shards.begin();
  if (request.exclusive_start_shard_id) {
    // Shards are numbered as they began, so a shard that went since is no obstacle.
    const auto number = shard_number(*request.exclusive_start_shard_id);
    if (!number) return refuse("Invalid ShardId: " + *request.exclusive_start_shard_id);
    first = std::ranges::upper_bound(shards, *number, {}, &Shard::number);
  }
  for (; first != shards.end(); ++first) {
    if (out.shards.size() == static_cast<std::size_t>(request.limit)) {
      out.last_evaluated_shard_id = out.shards.back().shard_id;
      break;
    }
    ShardDescription shown;
    shown.shard_id = std::move(first->id);
    shown.parent_shard_id = std::move(first->parent);
    shown.sequence_number_range.starting = first->start.number();
    if (first->end) shown.sequence_number_range.ending = first->end->number();
    out.shards.push_back(std::move(shown));
  }
  return {};
}

}  // namespace

base::Task<wire::Result<ListStreamsResponse>> list_streams(Dynamodb& dynamodb,
                                                           const api::RequestContext& context,
                                                           ListStreamsRequest request) {
  const std::string prefix = request.table_name ? keys::streams(context.scope, *request.table_name)
                                                : keys::streams(context.scope);
  store::RangeQuery query = store::prefix_query(prefix);
  query.limit = static_cast<std::size_t>(request.limit);
  query.conflict = store::Conflict::ignore;
  if (request.exclusive_start_stream_arn) {
    auto after = stream_name_of(context.scope, *request.exclusive_start_stream_arn);
    if (!after) co_return std::unexpected(std::move(after).error());
    query.begin = std::max(query.begin, keys::stream(context.scope, after->table, after->label) +
                                            std::string(1, '\0'));
  }
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto rows = co_await transaction->range(std::move(query));
  if (!rows) co_return store_failed(rows);
  ListStreamsResponse response;
  for (const store::KeyValue& row : rows->rows) {
    auto stream = wire::from_row<StreamRow>(row.value);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    response.streams.push_back(
        {stream_arn(context.scope, {stream->table, stream->label}), stream->table, stream->label});
  }
  if (rows->more && !response.streams.empty())
    response.last_evaluated_stream_arn = response.streams.back().stream_arn;
  co_return response;
}

base::Task<wire::Result<DescribeStreamResponse>> describe_stream(Dynamodb& dynamodb,
                                                                 const api::RequestContext& context,
                                                                 DescribeStreamRequest request) {
  auto name = stream_name_of(context.scope, request.stream_arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto stream = co_await open_stream(*transaction, context.scope, *name);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  auto generations = co_await read_generations(*transaction, context.scope, stream->stream());
  if (!generations) co_return std::unexpected(std::move(generations).error());
  DescribeStreamResponse response;
  StreamDescription& out = response.stream_description;
  out.stream_arn = stream_arn(context.scope, *name);
  out.stream_label = stream->label;
  out.stream_status = stream->disabled_ms == 0 ? "ENABLED" : "DISABLED";
  out.stream_view_type = stream->view;
  out.creation_request = {static_cast<double>(stream->created_ms) / 1000};
  out.table_name = stream->table;
  out.key_schema = stream->keys;
  if (auto shown = show_shards(request, shards_of(*generations), out); !shown) {
    co_return std::unexpected(std::move(shown).error());
  }
  co_return response;
}

}  // namespace mayfly::dynamodb
