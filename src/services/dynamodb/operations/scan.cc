#include "services/dynamodb/convert.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/page.h"
#include "services/dynamodb/operations/page_request.h"

namespace mayfly::dynamodb {
namespace {

wire::Result<void> check_segments(const ScanRequest& request) {
  if (request.segment && !request.total_segments) {
    return refuse(
        "The TotalSegments parameter is required but was not present in the request when Segment "
        "parameter is "
        "present");
  }
  if (request.total_segments && !request.segment) {
    return refuse(
        "The Segment parameter is required but was not present in the request when parameter "
        "TotalSegments is "
        "present");
  }
  if (request.segment && *request.segment >= *request.total_segments) {
    return refuse(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
        "Segment: " +
        std::to_string(*request.segment) +
        " is not less than TotalSegments: " + std::to_string(*request.total_segments));
  }
  return {};
}

wire::Result<PageRequest> read_scan(ScanRequest& request) {
  if (auto checked = check_segments(request); !checked)
    return std::unexpected(std::move(checked).error());
  PageRequest page;
  auto read = read_page_request(request, page, request.scan_filter, "ScanFilter",
                                {{"FilterExpression", request.filter_expression.has_value()}}, {});
  if (!read) return std::unexpected(std::move(read).error());
  if (auto used = page.placeholders.all_used(); !used) return refuse(std::move(used).error());
  return page;
}

}  // namespace

base::Task<wire::Result<PageResponse>> scan(Dynamodb& dynamodb, const api::RequestContext& context,
                                            ScanRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  auto page = read_scan(request);
  if (!page) co_return std::unexpected(std::move(page).error());

  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::brief,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  auto index = readable_index(**table, request.index_name, *page);
  if (!index) co_return std::unexpected(std::move(index).error());

  const auto segment = static_cast<std::uint32_t>(request.segment.value_or(0));
  const auto total = static_cast<std::uint32_t>(request.total_segments.value_or(1));
  std::optional range = keys::scan(**table, *index, segment, total);
  if (page->start) {
    auto row = start_row(**table, *index, *page->start);
    if (!row) {
      co_return refuse(
          "The provided starting key is invalid: The provided key element does not match the "
          "schema");
    }
    range = resume(std::move(*range), std::move(*row), page->direction);
    if (!range) {
      co_return refuse(
          "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
          "ExclusiveStartKey with correct Segment. TotalSegments: " +
          std::to_string(total) + " Segment: " + std::to_string(segment));
    }
  }
  if (auto allowed = dynamodb.throughput.check(**table, Access::read, Capacity::least(*index));
      !allowed) {
    co_return std::unexpected(std::move(allowed).error());
  }
  auto read = co_await read_page(*transaction, *table, *index, std::move(*range), *page);
  if (!read) co_return std::unexpected(std::move(read).error());
  dynamodb.throughput.spend(**table, Access::read, read->capacity);
  read->response.consumed_capacity =
      consumed(*name, read->capacity, report_of(request.return_consumed_capacity));
  co_return std::move(read->response);
}

}  // namespace mayfly::dynamodb
