#include "services/dynamodb/operations/streams.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "services/dynamodb/convert.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/tables.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kPageBytes = 1024 * 1024;
constexpr std::size_t kMaxGenerations = 1000;
constexpr std::string_view kPathOfStream = "/stream/";

std::string_view event_name(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::insert:
      return "INSERT";
    case ChangeKind::modify:
      return "MODIFY";
    case ChangeKind::remove:
      return "REMOVE";
    case ChangeKind::shard_end:
      break;
  }
  return "";
}

std::unexpected<wire::ApiError> damaged() {
  return wire::fail(kInternalServer, "Stored data is damaged: a stream record cannot be read.");
}

std::optional<StreamPosition> position_in(std::string_view prefix, std::string_view key) {
  if (!key.starts_with(prefix)) return std::nullopt;
  return StreamPosition::from_bytes(key.substr(prefix.size()));
}

// Adds what an image counts to `size`.
wire::Result<wire::Document> show_image(std::string_view image, std::int64_t& size) {
  if (image.empty()) return wire::Document();
  const auto bytes = decode_size(image);
  const auto item = decode_item(image);
  if (!bytes || !item) return damaged();
  size += static_cast<std::int64_t>(*bytes);
  return document_of(*item);
}

}  // namespace

std::string stream_arn(const base::Scope& scope, const StreamName& name) {
  return scope.arn("dynamodb", "table/" + name.table + std::string(kPathOfStream) + name.label);
}

wire::Result<StreamName> stream_name_of(const base::Scope& scope, std::string_view text) {
  const std::size_t cut = text.find(kPathOfStream);
  if (cut == std::string_view::npos || cut + kPathOfStream.size() == text.size()) {
    return refuse("Invalid StreamArn: " + std::string(text));
  }
  auto table = table_name_of_arn(scope, text.substr(0, cut));
  if (!table && table.error().spec == &kValidation) {
    return refuse("Invalid StreamArn: " + std::string(text));
  }
  if (!table) return std::unexpected(std::move(table).error());
  return StreamName{std::move(*table), std::string(text.substr(cut + kPathOfStream.size()))};
}

base::Task<wire::Result<StreamRow>> open_stream(store::Transaction& transaction,
                                                const base::Scope& scope, const StreamName& name) {
  auto row = co_await transaction.get(keys::stream(scope, name.table, name.label),
                                      store::Conflict::ignore);
  if (!row) co_return store_failed(row);
  if (!*row) {
    co_return wire::fail(kResourceNotFound, "Requested resource not found: Stream: " +
                                                stream_arn(scope, name) + " not found");
  }
  co_return wire::from_row<StreamRow>(**row);
}

base::Task<wire::Result<std::vector<Generation>>> read_generations(store::Transaction& transaction,
                                                                   const base::Scope& scope,
                                                                   std::uint64_t stream) {
  const std::string prefix = keys::generations(scope, stream);
  store::RangeQuery query = store::prefix_query(prefix);
  query.limit = kMaxGenerations;
  query.conflict = store::Conflict::ignore;
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return store_failed(rows);
  std::vector<Generation> out;
  for (const store::KeyValue& row : rows->rows) {
    const auto sequence = keys::generation_sequence(prefix, row.key);
    auto content = wire::from_row<GenerationRow>(row.value);
    if (!content) co_return std::unexpected(std::move(content).error());
    if (!sequence) co_return damaged();
    out.push_back({*sequence, *content});
  }
  co_return out;
}

std::vector<Shard> shards_of(const std::vector<Generation>& generations) {
  std::vector<Shard> out;
  for (std::size_t g = 0; g < generations.size(); ++g) {
    const GenerationRow& row = generations[g].row;
    for (std::int64_t i = 0; i < row.shards; ++i) {
      Shard shard;
      shard.number = static_cast<std::uint32_t>(row.first_shard + i);
      shard.id = shard_id(row.created_ms, shard.number);
      if (row.parent_shards > 0) {
        // There are as many or a multiple of them, so each is within one parent's hashes.
        const std::int64_t parent = row.parent_first_shard + i * row.parent_shards / row.shards;
        shard.parent = shard_id(row.parent_created_ms, static_cast<std::uint32_t>(parent));
      }
      shard.start = {generations[g].sequence, 1};
      if (g + 1 < generations.size()) shard.end = StreamPosition{generations[g + 1].sequence, 0};
      out.push_back(std::move(shard));
    }
  }
  return out;
}

base::Task<wire::Result<ShardPage>> read_shard(store::Transaction& transaction,
                                               const base::Scope& scope, std::uint64_t stream,
                                               std::uint32_t shard, StreamPosition start,
                                               std::size_t limit) {
  const std::string prefix = keys::records(scope, stream, shard);
  store::RangeQuery query;
  query.begin = prefix + start.bytes();
  query.end = store::prefix_end(prefix);
  query.limit = limit;
  query.max_bytes = kPageBytes;
  query.conflict = store::Conflict::ignore;
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return store_failed(rows);
  ShardPage page;
  page.next = start;
  for (store::KeyValue& row : rows->rows) {
    const auto position = position_in(prefix, row.key);
    const auto change = read_change(row.value);
    if (!position || !change) co_return damaged();
    if (change->kind == ChangeKind::shard_end) {
      page.closed = true;
      break;
    }
    page.next = position->next();
    page.records.push_back({*position, std::move(row.value)});
  }
  co_return page;
}

base::Task<wire::Result<StreamPosition>> trimmed_to(store::Transaction& transaction,
                                                    const base::Scope& scope, std::uint64_t stream,
                                                    std::uint32_t shard) {
  auto row = co_await transaction.get(keys::trim(scope, stream, shard), store::Conflict::ignore);
  if (!row) co_return store_failed(row);
  if (!*row) co_return StreamPosition{};
  const auto position = StreamPosition::from_bytes(**row);
  if (!position) co_return damaged();
  co_return *position;
}

base::Task<wire::Result<std::optional<StreamPosition>>> end_of_shard(
    store::Transaction& transaction, const base::Scope& scope, std::uint64_t stream,
    std::uint32_t shard) {
  const std::string prefix = keys::records(scope, stream, shard);
  store::RangeQuery query = store::prefix_query(prefix);
  query.direction = store::Direction::reverse;
  query.limit = 1;
  query.conflict = store::Conflict::ignore;
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return store_failed(rows);
  if (rows->rows.empty()) co_return std::optional<StreamPosition>{};
  const auto position = position_in(prefix, rows->rows.front().key);
  const auto change = read_change(rows->rows.front().value);
  if (!position || !change) co_return damaged();
  co_return std::optional(change->kind == ChangeKind::shard_end ? *position : position->next());
}

base::OneShot<bool> watch_shard(Dynamodb& dynamodb, const base::Scope& scope, std::uint64_t stream,
                                std::uint32_t shard) {
  return dynamodb.store.watch(keys::records(scope, stream, shard));
}

wire::Result<RecordShape> show_record(const base::Scope& scope, const StreamRow& stream,
                                      const StreamRecord& record) {
  const auto change = record.change();
  if (!change) return damaged();
  RecordShape out;
  ChangeShape& shown = out.dynamodb;
  shown.sequence_number = record.position.number();
  constexpr std::size_t kIdBytes = 16;
  out.event_id = base::to_hex(
      std::string_view(base::sha256(fmt::format("{:x}/{}", stream.stream(), shown.sequence_number)))
          .substr(0, kIdBytes));
  out.event_name = event_name(change->kind);
  out.event_version = "1.1";
  out.event_source = "aws:dynamodb";
  out.aws_region = scope.region;
  if (change->origin == Origin::expiry) {
    out.user_identity = IdentityShape{"dynamodb.amazonaws.com", "Service"};
  }
  // DynamoDB gives whole seconds.
  shown.approximate_creation = {static_cast<double>(change->epoch_ms / 1000)};
  shown.stream_view_type = stream.view;
  auto key = show_image(change->keys, shown.size_bytes);
  auto after = show_image(change->new_image, shown.size_bytes);
  auto before = show_image(change->old_image, shown.size_bytes);
  if (!key || !after || !before) return damaged();
  shown.keys = std::move(*key);
  shown.new_image = std::move(*after);
  shown.old_image = std::move(*before);
  return out;
}

}  // namespace mayfly::dynamodb
