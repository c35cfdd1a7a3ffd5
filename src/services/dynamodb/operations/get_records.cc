// GetShardIterator and GetRecords.
#include <algorithm>
#include <chrono>

#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/stream_operations.h"
#include "services/dynamodb/operations/streams.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::chrono::minutes kIteratorLifetime{15};

// What a ShardIterator says: "<StreamArn>|1|" and the rest in base64. It is no secret and nothing
// is trusted in it: what it names is looked up, and its age concerns only its holder.
struct Iterator {
  std::string arn;
  std::uint32_t shard = 0;
  StreamPosition start;
  bool oldest = false;  // TRIM_HORIZON: from whatever is there
  std::int64_t made_ms = 0;
};
constexpr std::string_view kFormat = "|1|";
constexpr std::size_t kPositionBytes = 10;
constexpr std::size_t kIteratorBytes = 4 + kPositionBytes + 1 + 8;

void put_integer(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}
std::uint64_t integer_of(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string text_of(const Iterator& iterator) {
  std::string bytes;
  put_integer(bytes, iterator.shard, 4);
  bytes += iterator.start.bytes();
  put_integer(bytes, iterator.oldest ? 1 : 0, 1);
  put_integer(bytes, static_cast<std::uint64_t>(iterator.made_ms), 8);
  return iterator.arn + std::string(kFormat) + base::to_base64(bytes);
}

std::optional<Iterator> iterator_of(std::string_view text) {
  const std::size_t cut = text.rfind(kFormat);
  if (cut == std::string_view::npos) return std::nullopt;
  const auto bytes = base::from_base64(text.substr(cut + kFormat.size()));
  if (!bytes || bytes->size() != kIteratorBytes) return std::nullopt;
  const std::string_view rest = *bytes;
  Iterator out;
  out.arn = text.substr(0, cut);
  out.shard = static_cast<std::uint32_t>(integer_of(rest.substr(0, 4)));
  out.start = *StreamPosition::from_bytes(rest.substr(4, kPositionBytes));
  out.oldest = rest[4 + kPositionBytes] != 0;
  out.made_ms = static_cast<std::int64_t>(integer_of(rest.substr(4 + kPositionBytes + 1)));
  return out;
}

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
  Iterator iterator;
  iterator.arn = stream_arn(context.scope, *name);
  iterator.shard = shard->number;
  iterator.start = shard->start;
  iterator.made_ms = base::epoch_ms(context.received);
  if (request.shard_iterator_type == "TRIM_HORIZON") {
    iterator.oldest = true;
  } else if (request.shard_iterator_type == "LATEST") {
    auto end = co_await end_of_shard(*transaction, context.scope, stream->stream(), shard->number);
    if (!end) co_return std::unexpected(std::move(end).error());
    // With no record yet, everything that comes is new.
    if (*end) iterator.start = **end;
    iterator.oldest = !*end;
  } else {
    auto start =
        co_await numbered_start(*transaction, context.scope, request, stream->stream(), *shard);
    if (!start) co_return std::unexpected(std::move(start).error());
    iterator.start = *start;
  }
  co_return GetShardIteratorResponse{text_of(iterator)};
}

base::Task<wire::Result<GetRecordsResponse>> get_records(Dynamodb& dynamodb,
                                                         const api::RequestContext& context,
                                                         GetRecordsRequest request) {
  auto iterator = iterator_of(request.shard_iterator);
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
  if (!iterator->oldest) {
    auto horizon = co_await trimmed_to(*transaction, context.scope, id, iterator->shard);
    if (!horizon) co_return std::unexpected(std::move(horizon).error());
    if (iterator->start < *horizon) co_return trimmed();
  }
  auto page = co_await read_shard(*transaction, context.scope, id, iterator->shard, iterator->start,
                                  static_cast<std::size_t>(request.limit));
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
    iterator->oldest = iterator->oldest && page->records.empty();
    iterator->start = page->next;
    iterator->made_ms = base::epoch_ms(context.received);
    response.next_shard_iterator = text_of(*iterator);
  }
  co_return response;
}

}  // namespace mayfly::dynamodb
