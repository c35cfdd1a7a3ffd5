// GetShardIterator and GetRecords.
#include <algorithm>
#include <chrono>

#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/stream_iterator.h"
#include "services/dynamodb/operations/stream_operations.h"
#include "services/dynamodb/operations/streams.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::minutes kIteratorLifetime{15};

std::unexpected<wire::ApiError> trimmed() {
  return wire::fail(kTrimmedDataAccess, "The data you are trying to access has been trimmed");
}

// Where AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER begin.
base::Task<wire::Result<StreamPosition>> numbered_start(store::Transaction& transaction,
                                                        const base::Scope& scope,
                                                        const GetShardIteratorRequest& request,
                                                        std::uint64_t stream, const Shard& shard) {
  if (!request.sequence_number) {
    co_return refuse("SequenceNumber must be specified when ShardIteratorType is " +
                     request.shard_iterator_type);
  }
  auto horizon = co_await trimmed_to(transaction, scope, stream, shard.number);
  if (!horizon) co_return std::unexpected(std::move(horizon).error());
  auto end = co_await end_of_shard(transaction, scope, stream, shard.number);
  if (!end) co_return std::unexpected(std::move(end).error());
  const StreamPosition behind =
      shard.end ? shard.end->next() : std::max(end->value_or(shard.start.next()), *horizon);
  const auto position = StreamPosition::from_number(*request.sequence_number);
  if (!position || *position < shard.start || *position >= behind) {
    co_return refuse("Invalid SequenceNumber: " + *request.sequence_number +
                     " is not in the shard " + shard.id);
  }
  const StreamPosition start =
      request.shard_iterator_type == "AT_SEQUENCE_NUMBER" ? *position : position->next();
  if (start < *horizon) co_return trimmed();
  co_return start;
}

base::Task<wire::Result<Shard>> find_shard(store::Transaction& transaction,
                                           const base::Scope& scope, const StreamRow& stream,
                                           const std::string& id) {
  auto generations = co_await read_generations(transaction, scope, stream.stream());
  if (!generations) co_return std::unexpected(std::move(generations).error());
  std::vector<Shard> shards = shards_of(*generations);
  const auto found = std::ranges::find(shards, id, &Shard::id);
  if (found == shards.end()) {
    co_return wire::fail(kResourceNotFound,
                         "Requested resource not found: Shard: " + id + " in Stream: " +
                             stream_arn(scope, {stream.table, stream.label}) + " not found");
  }
  co_return std::move(*found);
}

// Where there was nothing to read: the shard may have gone as a whole since the iterator was made.
base::Task<wire::Result<void>> check_present(store::Transaction& transaction,
                                             const base::Scope& scope, const StreamRow& stream,
                                             std::uint32_t shard) {
  auto generations = co_await read_generations(transaction, scope, stream.stream());
  if (!generations) co_return std::unexpected(std::move(generations).error());
  const std::vector<Shard> shards = shards_of(*generations);
  if (std::ranges::find(shards, shard, &Shard::number) != shards.end())
    co_return wire::Result<void>{};
  if (!shards.empty() && shard > shards.back().number) co_return refuse("Invalid ShardIterator");
  co_return trimmed();
}

}  // namespace

base::Task<wire::Result<GetShardIteratorResponse>> get_shard_iterator(
    Dynamodb& dynamodb, const api::RequestContext& context, GetShardIteratorRequest request) {
  auto name = stream_name_of(context.scope, request.stream_arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto stream = co_await open_stream(*transaction, context.scope, *name);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  auto shard = co_await find_shard(*transaction, context.scope, *stream, request.shard_id);
  if (!shard) co_return std::unexpected(std::move(shard).error());
  StreamIterator iterator;
  iterator.arn = stream_arn(context.scope, *name);
  iterator.shard = shard->number;
  iterator.position = shard->start;
  iterator.made_ms = base::epoch_ms(context.received);
  if (request.shard_iterator_type == "TRIM_HORIZON") {
    iterator.start = StreamIterator::Start::oldest;
  } else if (request.shard_iterator_type == "LATEST") {
    auto end = co_await end_of_shard(*transaction, context.scope, stream->stream(), shard->number);
    if (!end) co_return std::unexpected(std::move(end).error());
    // With no record yet, everything that comes is new.
    if (*end) {
      iterator.position = **end;
    } else {
      iterator.start = StreamIterator::Start::oldest;
    }
  } else {
    auto start =
        co_await numbered_start(*transaction, context.scope, request, stream->stream(), *shard);
    if (!start) co_return std::unexpected(std::move(start).error());
    iterator.position = *start;
  }
  co_return GetShardIteratorResponse{iterator.text()};
}

base::Task<wire::Result<GetRecordsResponse>> get_records(Dynamodb& dynamodb,
                                                         const api::RequestContext& context,
                                                         GetRecordsRequest request) {
  auto iterator = StreamIterator::read(request.shard_iterator);
  if (!iterator) co_return refuse("Invalid ShardIterator");
  auto name = stream_name_of(context.scope, iterator->arn);
  if (!name) co_return std::unexpected(std::move(name).error());
  if (base::epoch_ms(context.received - kIteratorLifetime) > iterator->made_ms) {
    co_return wire::fail(kExpiredIterator, "Shard iterator has expired");
  }
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto stream = co_await open_stream(*transaction, context.scope, *name);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  const std::uint64_t id = stream->stream();
  if (iterator->start == StreamIterator::Start::position) {
    auto horizon = co_await trimmed_to(*transaction, context.scope, id, iterator->shard);
    if (!horizon) co_return std::unexpected(std::move(horizon).error());
    if (iterator->position < *horizon) co_return trimmed();
  }
  auto page = co_await read_shard(*transaction, context.scope, id, iterator->shard,
                                  iterator->position, static_cast<std::size_t>(request.limit));
  if (!page) co_return std::unexpected(std::move(page).error());
  if (page->records.empty() && !page->closed) {
    auto present = co_await check_present(*transaction, context.scope, *stream, iterator->shard);
    if (!present) co_return std::unexpected(std::move(present).error());
  }
  GetRecordsResponse response;
  for (const StreamRecord& record : page->records) {
    auto shown = show_record(context.scope, *stream, record);
    if (!shown) co_return std::unexpected(std::move(shown).error());
    response.records.push_back(std::move(*shown));
  }
  if (!page->closed) {
    if (!page->records.empty()) iterator->start = StreamIterator::Start::position;
    iterator->position = page->next;
    iterator->made_ms = base::epoch_ms(context.received);
    response.next_shard_iterator = iterator->text();
  }
  co_return response;
}

}  // namespace mayfly::dynamodb
