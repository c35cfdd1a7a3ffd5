#include "services/dynamodb/followed_streams.h"

#include <algorithm>
#include <utility>

#include "base/arn.h"
#include "services/dynamodb/operations/streams.h"
#include "wire/encode.h"

namespace mayfly::dynamodb {
namespace {

base::Task<wire::Result<StreamRow>> open(store::Transaction& transaction, const base::Scope& scope,
                                         const std::string& arn) {
  auto name = stream_name_of(scope, arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  co_return co_await open_stream(transaction, scope, *name);
}

base::Task<wire::Result<std::optional<Shard>>> find(store::Transaction& transaction,
                                                    const base::Scope& scope, std::uint64_t stream,
                                                    std::uint32_t number) {
  auto generations = co_await read_generations(transaction, scope, stream);
  if (!generations) co_return std::unexpected(std::move(generations).error());
  std::vector<Shard> shards = shards_of(*generations);
  const auto found = std::ranges::find(shards, number, &Shard::number);
  if (found == shards.end()) co_return std::optional<Shard>{};
  co_return std::optional(std::move(*found));
}

wire::Result<std::uint32_t> number_of(const std::string& shard) {
  const auto number = shard_number(shard);
  if (!number) return refuse("Invalid ShardId: " + shard);
  return *number;
}

// As functions see it: with the stream's ARN, and names of the identity that begin small.
wire::Document event_of(RecordShape record, const std::string& arn) {
  std::optional<IdentityShape> identity = std::exchange(record.user_identity, std::nullopt);
  wire::Document event = wire::encode(std::move(record));
  if (identity) {
    wire::Document shown = wire::Document::map();
    shown.set("principalId", std::move(identity->principal_id));
    shown.set("type", std::move(identity->type));
    event.set("userIdentity", std::move(shown));
  }
  event.set("eventSourceARN", arn);
  return event;
}

}  // namespace

bool FollowedStreams::owns(const std::string& arn) const {
  const auto parsed = base::Arn::parse(arn);
  return parsed && parsed->service == "dynamodb" && parsed->resource.starts_with("table/") &&
         parsed->resource.contains("/stream/");
}

base::Task<wire::Result<std::vector<ports::SourceShard>>> FollowedStreams::shards(base::Scope scope,
                                                                                  std::string arn) {
  const auto transaction = dynamodb_.store.begin();
  auto stream = co_await open(*transaction, scope, arn);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  auto generations = co_await read_generations(*transaction, scope, stream->stream());
  if (!generations) co_return std::unexpected(std::move(generations).error());
  std::vector<ports::SourceShard> out;
  for (Shard& shard : shards_of(*generations)) {
    out.push_back({std::move(shard.id), std::move(shard.parent)});
  }
  co_return out;
}

base::Task<wire::Result<std::optional<std::string>>> FollowedStreams::position(base::Scope scope,
                                                                               std::string arn,
                                                                               std::string shard,
                                                                               ports::StartAt at) {
  auto number = number_of(shard);
  if (!number) co_return std::unexpected(std::move(number).error());
  if (at == ports::StartAt::oldest) co_return std::optional(StreamPosition{}.number());
  const auto transaction = dynamodb_.store.begin();
  auto stream = co_await open(*transaction, scope, arn);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  auto found = co_await find(*transaction, scope, stream->stream(), *number);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!*found || (*found)->end) co_return std::optional<std::string>{};
  auto end = co_await end_of_shard(*transaction, scope, stream->stream(), *number);
  if (!end) co_return std::unexpected(std::move(end).error());
  co_return std::optional(end->value_or(StreamPosition{}).number());
}

base::Task<wire::Result<ports::SourcePage>> FollowedStreams::read(
    base::Scope scope, std::string arn, std::string shard, std::string position, std::size_t limit,
    ports::GroupTest wanted) {
  auto number = number_of(shard);
  if (!number) co_return std::unexpected(std::move(number).error());
  const auto start = StreamPosition::from_number(position);
  if (!start) co_return refuse("Invalid position: " + position);
  const auto transaction = dynamodb_.store.begin();
  auto stream = co_await open(*transaction, scope, arn);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  auto page = co_await read_shard(*transaction, scope, stream->stream(), *number, *start, limit);
  if (!page) co_return std::unexpected(std::move(page).error());
  ports::SourcePage out;
  out.closed = page->closed;
  if (!out.closed && page->records.empty()) {
    // It may have been trimmed as a whole, its end with it.
    auto there = co_await find(*transaction, scope, stream->stream(), *number);
    if (!there) co_return std::unexpected(std::move(there).error());
    out.closed = !*there;
  }
  out.next = page->next.number();
  for (const StreamRecord& record : page->records) {
    const auto change = record.change();
    if (change && wanted && !wanted(change->keys)) {
      ++out.others;
      continue;
    }
    auto shown = show_record(scope, *stream, record);
    if (!shown) co_return std::unexpected(std::move(shown).error());
    ports::SourceRecord& each = out.records.emplace_back();
    each.sequence_number = shown->dynamodb.sequence_number;
    each.next = record.position.next().number();
    if (change) each.arrived = base::from_epoch_ms(change->epoch_ms);
    each.event = event_of(std::move(*shown), arn);
  }
  co_return out;
}

base::Task<wire::Result<base::OneShot<bool>>> FollowedStreams::watch(base::Scope scope,
                                                                     std::string arn,
                                                                     std::string shard) {
  auto number = number_of(shard);
  if (!number) co_return std::unexpected(std::move(number).error());
  const auto transaction = dynamodb_.store.begin();
  auto stream = co_await open(*transaction, scope, arn);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  co_return watch_shard(dynamodb_, scope, stream->stream(), *number);
}

}  // namespace mayfly::dynamodb
