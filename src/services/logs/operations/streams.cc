#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "services/logs/errors.h"
#include "services/logs/operations/operations.h"
#include "wire/row.h"

namespace mayfly::logs {

namespace {

struct NamedStream {
  std::string name;
  StreamRow row;
};

// Every stream of the group whose name has the prefix, by name.
base::Task<wire::Result<std::vector<NamedStream>>> read_streams(
    store::Transaction& transaction, base::Scope scope, std::string group, std::string name_prefix,
    std::string after, std::size_t limit) {
  std::vector<NamedStream> streams;
  const std::string prefix = streams_prefix(scope, group);
  std::string begin = name_prefix.empty() ? prefix : stream_key(scope, group, name_prefix);
  if (!after.empty()) begin = stream_key(scope, group, after) + '\0';
  while (true) {
    store::RangeQuery query{.begin = begin,
                            .end = store::prefix_end(prefix),
                            .limit = std::min<std::size_t>(limit - streams.size(), 1000),
                            .conflict = store::Conflict::ignore};
    auto rows = co_await transaction.range(std::move(query));
    if (!rows) co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(rows.error()));
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      std::optional<std::string> name = stream_of(scope, group, entry.key);
      auto row = wire::from_row<StreamRow>(entry.value);
      if (!name || !row)
        co_return wire::fail(wire::kInternalFailure, "A stored log stream cannot be read.");
      if (!name->starts_with(name_prefix)) co_return streams;
      streams.push_back({std::move(*name), std::move(*row)});
    }
    if (!rows->more || streams.size() >= limit) co_return streams;
  }
}

LogStream shown(const base::Scope& scope, const std::string& group, const NamedStream& stream) {
  LogStream out;
  out.log_stream_name = stream.name;
  out.creation_time = stream.row.creation_time;
  out.first_event_timestamp = stream.row.first_event;
  out.last_event_timestamp = stream.row.last_event;
  out.last_ingestion_time = stream.row.last_ingestion;
  out.upload_sequence_token = fmt::format("{:056}", stream.row.next_sequence);
  out.arn = fmt::format("{}:log-stream:{}", group_arn(scope, group), stream.name);
  out.stored_bytes = 0;  // of streams, AWS has reported zero since 2019
  return out;
}

// The order of LastEventTime: by that time, then by name; streams without events come first.
std::pair<std::int64_t, std::string_view> by_time(const NamedStream& stream) {
  return {stream.row.last_event.value_or(-1), stream.name};
}

std::unexpected<wire::ApiError> bad_token() {
  return wire::fail(kInvalidParameter, "The specified nextToken is invalid.");
}

}  // namespace

Answer<void> create_log_stream(Logs& logs, const Context& context, CreateLogStreamRequest request) {
  const std::int64_t now = base::epoch_ms(logs.clock.now());
  co_return co_await store::transact(
      logs.store,
      [scope = context.scope, request,
       now](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto group = co_await find_group(transaction, scope, request.log_group_name);
        if (!group) co_return std::unexpected(group.error());
        auto found = co_await find_stream(transaction, scope, request.log_group_name,
                                          request.log_stream_name);
        if (found)
          co_return wire::fail(kResourceAlreadyExists, "The specified log stream already exists");
        if (found.error().spec != &kResourceNotFound) co_return std::unexpected(found.error());
        StreamRow row;
        row.creation_time = now;
        transaction.put(stream_key(scope, request.log_group_name, request.log_stream_name),
                        wire::to_row(row));
        co_return wire::Result<void>{};
      });
}

Answer<void> delete_log_stream(Logs& logs, const Context& context, DeleteLogStreamRequest request) {
  co_await logs.sink.flush();
  co_return co_await store::transact(
      logs.store,
      [scope = context.scope,
       request](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto group = co_await find_group(transaction, scope, request.log_group_name);
        if (!group) co_return std::unexpected(group.error());
        auto stream = co_await find_stream(transaction, scope, request.log_group_name,
                                           request.log_stream_name);
        if (!stream) co_return std::unexpected(stream.error());
        transaction.erase(stream_key(scope, request.log_group_name, request.log_stream_name));
        const std::string events =
            events_prefix(scope, request.log_group_name, request.log_stream_name);
        transaction.erase_range(events, store::prefix_end(events));
        co_return wire::Result<void>{};
      });
}

Answer<DescribeLogStreamsResponse> describe_log_streams(Logs& logs, const Context& context,
                                                        DescribeLogStreamsRequest request) {
  auto group = named_group(context.scope, std::move(request.log_group_name),
                           std::move(request.log_group_identifier));
  if (!group) co_return std::unexpected(group.error());
  const bool by_last_event = request.order_by == "LastEventTime";
  const bool descending = request.descending.value_or(false);
  const std::size_t limit = static_cast<std::size_t>(request.limit.value_or(50));
  if (by_last_event && request.log_stream_name_prefix) {
    co_return wire::fail(kInvalidParameter,
                         "Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  co_await logs.sink.flush();
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  auto found = co_await find_group(*transaction, context.scope, *group);
  if (!found) co_return std::unexpected(found.error());

  std::optional<std::string> token;
  if (request.next_token) {
    token = base::from_base64(*request.next_token);
    if (!token) co_return bad_token();
  }
  // Ascending by name needs one page; every other order needs them all.
  const bool one_page = !by_last_event && !descending;
  auto streams = co_await read_streams(
      *transaction, context.scope, *group, request.log_stream_name_prefix.value_or(""),
      one_page ? token.value_or("") : "", one_page ? limit + 1 : SIZE_MAX);
  if (!streams) co_return std::unexpected(streams.error());
  if (by_last_event) std::ranges::sort(*streams, {}, by_time);
  if (descending) std::ranges::reverse(*streams);

  std::size_t first = 0;
  if (token && !one_page) {
    // "<time>:<name>" of the last stream that was shown.
    const std::size_t colon = token->find(':');
    const std::optional<std::int64_t> time = base::parse_int(token->substr(0, colon));
    if (colon == std::string::npos || !time) co_return bad_token();
    const std::string name = token->substr(colon + 1);
    const std::pair<std::int64_t, std::string_view> last{by_last_event ? *time : 0, name};
    while (first < streams->size()) {
      auto key = by_time((*streams)[first]);
      if (!by_last_event) key.first = 0;
      if (descending ? key < last : key > last) break;
      ++first;
    }
  }

  DescribeLogStreamsResponse response;
  response.log_streams.emplace();
  for (std::size_t i = first; i < streams->size() && response.log_streams->size() < limit; ++i) {
    response.log_streams->push_back(shown(context.scope, *group, (*streams)[i]));
  }
  if (first + limit < streams->size()) {
    const NamedStream& last = (*streams)[first + limit - 1];
    response.next_token = base::to_base64(
        one_page ? last.name : fmt::format("{}:{}", last.row.last_event.value_or(-1), last.name));
  }
  co_return response;
}

}  // namespace mayfly::logs
