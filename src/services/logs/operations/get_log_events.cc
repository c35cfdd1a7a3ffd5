#include <algorithm>

#include "services/logs/errors.h"
#include "services/logs/model/tokens.h"
#include "services/logs/operations/operations.h"

namespace mayfly::logs {

Answer<GetLogEventsResponse> get_log_events(Logs& logs, const Context& context,
                                            GetLogEventsRequest request) {
  auto group = named_group(context.scope, std::move(request.log_group_name),
                           std::move(request.log_group_identifier));
  if (!group) co_return std::unexpected(group.error());
  std::optional<PageToken> token;
  if (request.next_token) {
    token = read_page_token(*request.next_token);
    if (!token) co_return wire::fail(kInvalidParameter, "The specified nextToken is invalid.");
  }
  co_await logs.sink.flush();
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  auto group_row = co_await find_group(*transaction, context.scope, *group);
  if (!group_row) co_return std::unexpected(group_row.error());
  auto stream = co_await find_stream(*transaction, context.scope, *group, request.log_stream_name);
  if (!stream) co_return std::unexpected(stream.error());

  EventQuery query;
  query.begin.time = std::max(request.start_time.value_or(0),
                              first_visible_ms(*group_row, base::epoch_ms(logs.clock.now())));
  query.end =
      request.end_time ? Position{*request.end_time, 0} : kEndPosition;  // endTime is exclusive
  query.limit = static_cast<std::size_t>(request.limit.value_or(10'000));
  if (!token) {
    query.direction = request.start_from_head.value_or(false) ? store::Direction::forward
                                                              : store::Direction::reverse;
  } else if (token->side == Side::after) {
    query.begin = std::max(query.begin, after(token->position));
  } else {
    query.direction = store::Direction::reverse;
    query.end = std::min(query.end, token->position);
  }
  auto page =
      co_await read_events(*transaction, context.scope, *group, request.log_stream_name, query);
  if (!page) co_return std::unexpected(page.error());
  if (query.direction == store::Direction::reverse) std::ranges::reverse(page->events);

  // Past an end the tokens stay where they are, so that a client that polls with the forward token
  // sees what comes later.
  Position first = query.begin, last = query.begin;
  if (!page->events.empty()) {
    first = page->events.front().position;
    last = page->events.back().position;
  } else if (token) {
    first = last = token->position;
  }
  GetLogEventsResponse response;
  response.next_backward_token = write_page_token({Side::before, first});
  response.next_forward_token = write_page_token({Side::after, last});
  response.events.emplace();
  response.events->reserve(page->events.size());
  for (Event& event : page->events) {
    OutputLogEvent& out = response.events->emplace_back();
    out.timestamp = event.position.time;
    out.ingestion_time = event.ingestion_time;
    out.message = std::move(event.message);
  }
  co_return response;
}

}  // namespace mayfly::logs
