// FilterLogEvents: the events of many streams, merged by time, those that match.
#include <algorithm>
#include <deque>

#include "services/logs/errors.h"
#include "services/logs/model/filter_pattern.h"
#include "services/logs/model/tokens.h"
#include "services/logs/operations/operations.h"
#include "wire/row.h"

namespace mayfly::logs {

namespace {

constexpr std::size_t kPageOfStream = 256;
// One call looks at no more than this; where nothing matched it answers with a token and no events,
// as AWS does.
constexpr std::size_t kMaxLookedAt = 200'000;
constexpr std::size_t kMaxAnswerBytes = 1'048'576;

// A stream that takes part: its next events, read page by page.
struct Cursor {
  std::string stream;
  Position next;  // where the next page begins
  std::deque<Event> events;
  bool exhausted = false;
};

struct Search {
  base::Scope scope;
  std::string group;
  Position end;
};

base::Task<wire::Result<void>> refill(store::Transaction& transaction, const Search& search,
                                      Cursor& cursor) {
  if (cursor.exhausted || !cursor.events.empty()) co_return wire::Result<void>{};
  EventQuery query{.begin = cursor.next, .end = search.end, .limit = kPageOfStream};
  auto page = co_await read_events(transaction, search.scope, search.group, cursor.stream, query);
  if (!page) co_return std::unexpected(page.error());
  cursor.exhausted = !page->more;
  for (Event& event : page->events) cursor.events.push_back(std::move(event));
  if (!cursor.events.empty()) cursor.next = after(cursor.events.back().position);
  co_return wire::Result<void>{};
}

// Of the merged order: by time, then by stream, then by arrival.
bool later(const Cursor& a, const Cursor& b) {
  const Event& left = a.events.front();
  const Event& right = b.events.front();
  if (left.position.time != right.position.time) return left.position.time > right.position.time;
  return a.stream > b.stream;
}

// Where a stream goes on after the event that the token names.
Position resume(const FilterToken& token, const std::string& stream) {
  if (stream == token.stream) return after(token.position);
  return {stream < token.stream ? token.position.time + 1 : token.position.time, 0};
}

struct Selection {
  std::optional<std::vector<std::string>> names;
  std::string prefix;
  std::int64_t begin = 0;
  std::int64_t end = INT64_MAX;
};

bool takes_part(const Selection& selection, const std::string& name, const StreamRow& row) {
  if (!name.starts_with(selection.prefix)) return false;
  if (selection.names && std::ranges::find(*selection.names, name) == selection.names->end())
    return false;
  return row.last_event && *row.last_event >= selection.begin &&
         row.first_event.value_or(0) < selection.end;
}

base::Task<wire::Result<std::vector<Cursor>>> open_cursors(
    store::Transaction& transaction, const Search& search, const Selection& selection,
    const std::optional<FilterToken>& token) {
  std::vector<Cursor> cursors;
  const std::string prefix = streams_prefix(search.scope, search.group);
  std::string begin = prefix;
  for (bool more = true; more;) {
    store::RangeQuery range{
        .begin = begin, .end = store::prefix_end(prefix), .conflict = store::Conflict::ignore};
    auto rows = co_await transaction.range(std::move(range));
    if (!rows) co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(rows.error()));
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      std::optional<std::string> name = stream_of(search.scope, search.group, entry.key);
      auto row = wire::from_row<StreamRow>(entry.value);
      if (!name || !row)
        co_return wire::fail(wire::kInternalFailure, "A stored log stream cannot be read.");
      if (!takes_part(selection, *name, *row)) continue;
      Position start{selection.begin, 0};
      if (token) start = std::max(start, resume(*token, *name));
      cursors.push_back(Cursor{std::move(*name), start, {}, false});
    }
  }
  co_return cursors;
}

}  // namespace

Answer<FilterLogEventsResponse> filter_log_events(Logs& logs, const Context& context,
                                                  FilterLogEventsRequest request) {
  auto group = named_group(context.scope, std::move(request.log_group_name),
                           std::move(request.log_group_identifier));
  if (!group) co_return std::unexpected(group.error());
  if (request.log_stream_names && request.log_stream_name_prefix) {
    co_return wire::fail(
        kInvalidParameter,
        "LogStream names and LogStream name prefix are mutually exclusive parameters.");
  }
  auto pattern = FilterPattern::parse(request.filter_pattern.value_or(""));
  if (!pattern) co_return wire::fail(kInvalidParameter, pattern.error());
  std::optional<FilterToken> token;
  if (request.next_token) {
    token = read_filter_token(*request.next_token);
    if (!token) co_return wire::fail(kInvalidParameter, "The specified nextToken is invalid.");
  }

  co_await logs.sink.flush();
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  auto group_row = co_await find_group(*transaction, context.scope, *group);
  if (!group_row) co_return std::unexpected(group_row.error());
  if (request.log_stream_names) {
    for (const std::string& name : *request.log_stream_names) {
      auto stream = co_await find_stream(*transaction, context.scope, *group, name);
      if (!stream) co_return std::unexpected(stream.error());
    }
  }
  Selection selection;
  selection.names = std::move(request.log_stream_names);
  selection.prefix = request.log_stream_name_prefix.value_or("");
  selection.begin = std::max(request.start_time.value_or(0),
                             first_visible_ms(*group_row, base::epoch_ms(logs.clock.now())));
  // endTime is inclusive here, unlike that of GetLogEvents.
  selection.end =
      request.end_time && *request.end_time < INT64_MAX ? *request.end_time + 1 : INT64_MAX;
  const Search search{context.scope, *group, Position{selection.end, 0}};

  auto cursors = co_await open_cursors(*transaction, search, selection, token);
  if (!cursors) co_return std::unexpected(cursors.error());
  std::vector<Cursor*> heap;
  for (Cursor& cursor : *cursors) {
    auto filled = co_await refill(*transaction, search, cursor);
    if (!filled) co_return std::unexpected(filled.error());
    if (!cursor.events.empty()) heap.push_back(&cursor);
  }
  const auto order = [](const Cursor* a, const Cursor* b) { return later(*a, *b); };
  std::ranges::make_heap(heap, order);

  FilterLogEventsResponse response;
  response.events.emplace();
  response.searched_log_streams.emplace();
  const std::size_t limit = static_cast<std::size_t>(request.limit.value_or(10'000));
  std::size_t looked_at = 0, bytes = 0;
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, order);
    Cursor& cursor = *heap.back();
    Event event = std::move(cursor.events.front());
    cursor.events.pop_front();
    const Position position = event.position;
    if (pattern->matches(event.message)) {
      bytes += event.message.size() + kEventOverhead;
      FilteredLogEvent& out = response.events->emplace_back();
      out.log_stream_name = cursor.stream;
      out.timestamp = position.time;
      out.ingestion_time = event.ingestion_time;
      out.event_id = event_id(*group, cursor.stream, position);
      out.message = std::move(event.message);
    }
    auto filled = co_await refill(*transaction, search, cursor);
    if (!filled) co_return std::unexpected(filled.error());
    if (cursor.events.empty()) {
      heap.pop_back();
    } else {
      std::ranges::push_heap(heap, order);
    }
    if (!heap.empty() && (response.events->size() == limit || bytes >= kMaxAnswerBytes ||
                          ++looked_at >= kMaxLookedAt)) {
      response.next_token = write_filter_token({position, cursor.stream});
      break;
    }
  }
  co_return response;
}

}  // namespace mayfly::logs
