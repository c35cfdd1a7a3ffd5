// ExecuteStatement and BatchExecuteStatement.
#include <algorithm>

#include "base/strings.h"
#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/statement.h"
#include "services/dynamodb/operations/transaction.h"
#include "services/dynamodb/operations/write_item.h"
#include "wire/json.h"

namespace mayfly::dynamodb {
namespace {

// A SELECT of several partitions answers in pages of this many items.
constexpr std::int32_t kItemsOfSeveralPartitions = 10;

constexpr std::string_view kForeignToken = "NextToken does not match request";

// Where a SELECT goes on. Its text: base64 of a version byte, a hash of the statement and its
// parameters (it fits no other one), the number of the range (two bytes) and the last row's key.
struct Position {
  std::size_t range = 0;
  std::optional<Item> start;
};
constexpr char kTokenVersion = '\x01';
constexpr std::size_t kHashBytes = 16;

std::string statement_hash(const ExecuteStatementRequest& request) {
  std::string all = request.statement;
  if (request.parameters) {
    for (const wire::Document& parameter : *request.parameters) {
      all.push_back('\0');
      all.append(wire::to_json(parameter));
    }
  }
  return base::sha256(all).substr(0, kHashBytes);
}

std::string encode_token(const std::string& hash, const Position& position) {
  std::string bytes(1, kTokenVersion);
  bytes.append(hash);
  bytes.push_back(static_cast<char>(position.range >> 8));
  bytes.push_back(static_cast<char>(position.range));
  if (position.start) bytes.append(encode_item(*position.start));
  return base::to_base64(bytes);
}

wire::Result<Position> decode_token(const std::optional<std::string>& token,
                                    const std::string& hash) {
  Position position;
  if (!token) return position;
  const auto bytes = base::from_base64(*token);
  constexpr std::size_t kHead = 1 + kHashBytes + 2;
  if (!bytes || bytes->size() < kHead || bytes->front() != kTokenVersion ||
      std::string_view(*bytes).substr(1, kHashBytes) != hash) {
    return refuse(std::string(kForeignToken));
  }
  position.range = static_cast<std::size_t>(static_cast<unsigned char>((*bytes)[kHead - 2])) << 8 |
                   static_cast<unsigned char>((*bytes)[kHead - 1]);
  if (bytes->size() > kHead) {
    position.start = decode_item(std::string_view(*bytes).substr(kHead));
    if (!position.start) return refuse(std::string(kForeignToken));
  }
  return position;
}

struct Selected {
  std::vector<wire::Document> items;
  std::optional<Position> next;
  wire::Document last_key;
  Capacity capacity;
};

// The ranges of a SELECT in their order, until one page is full.
class SelectRun {
 public:
  SelectRun(const TablePtr& table, Selection& selection, std::optional<std::int32_t> limit)
      : table_(table), selection_(selection), left_(limit) {
    if (selection.ranges.size() > 1) {
      left_ = std::min(limit.value_or(kItemsOfSeveralPartitions), kItemsOfSeveralPartitions);
    }
  }

  base::Task<wire::Result<Selected>> run(store::Transaction& transaction, Position from) {
    Selected out;
    PageRequest& page = selection_.page;
    page.start = std::move(from.start);
    for (std::size_t i = from.range; i < selection_.ranges.size(); ++i) {
      page.limit = left_;
      std::optional range = selection_.ranges[i];
      if (page.start) {
        auto row = start_row(*table_, selection_.index, *page.start);
        if (row) range = resume(std::move(*range), std::move(*row), page.direction);
        if (!row || !range) co_return refuse(std::string(kForeignToken));
      }
      auto read =
          co_await read_page(transaction, table_, selection_.index, std::move(*range), page);
      if (!read) co_return std::unexpected(std::move(read).error());
      take(std::move(*read), out);
      if (!out.last_key.is_null()) {
        auto start = item_from_key(out.last_key);
        if (!start) co_return std::unexpected(std::move(start).error());
        out.next = Position{i, std::move(*start)};
        break;
      }
      page.start.reset();
      if (left_ == 0 && i + 1 < selection_.ranges.size()) {
        out.next = Position{i + 1, std::nullopt};
        break;
      }
    }
    co_return out;
  }

 private:
  static wire::Result<Item> item_from_key(const wire::Document& key) {
    wire::Document copy = key;
    return item_from(copy);
  }

  void take(Page read, Selected& out) {
    out.capacity.add(read.capacity);
    out.last_key = std::move(read.response.last_evaluated_key);
    if (left_) *left_ -= read.response.scanned_count;
    if (!read.response.items) return;
    std::ranges::move(*read.response.items, std::back_inserter(out.items));
  }

  const TablePtr& table_;
  Selection& selection_;
  std::optional<std::int32_t> left_;
};

wire::Result<void> check_alone(const partiql::Statement& statement) {
  if (statement.kind != partiql::StatementKind::exists) return {};
  return refuse("EXISTS is only supported within transactions");
}

base::Task<wire::Result<ExecuteStatementResponse>> execute_select(
    Dynamodb& dynamodb, const base::Scope& scope, const ExecuteStatementRequest& request,
    const std::string& hash, partiql::Statement statement) {
  auto position = decode_token(request.next_token, hash);
  if (!position) co_return std::unexpected(std::move(position).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  const std::string name = statement.table;
  auto table = co_await open_table(dynamodb, *transaction, scope, name, Missing::brief,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  auto selection =
      selection_of(**table, std::move(statement),
                   request.consistent_read ? Consistency::strong : Consistency::eventual);
  if (!selection) co_return std::unexpected(std::move(selection).error());
  if (position->range >= selection->ranges.size()) co_return refuse(std::string(kForeignToken));
  if (auto allowed =
          dynamodb.throughput.check(**table, Access::read, Capacity::least(selection->index));
      !allowed) {
    co_return std::unexpected(std::move(allowed).error());
  }
  SelectRun run(*table, *selection, request.limit);
  auto selected = co_await run.run(*transaction, std::move(*position));
  if (!selected) co_return std::unexpected(std::move(selected).error());
  dynamodb.throughput.spend(**table, Access::read, selected->capacity);
  ExecuteStatementResponse response;
  response.items = std::move(selected->items);
  if (selected->next) response.next_token = encode_token(hash, *selected->next);
  response.last_evaluated_key = std::move(selected->last_key);
  response.consumed_capacity =
      consumed(name, selected->capacity, report_of(request.return_consumed_capacity));
  co_return response;
}

struct WriteOutcome {
  wire::Document attributes;
  Capacity capacity;
};

base::Task<wire::Result<WriteOutcome>> execute_write(
    Dynamodb& dynamodb, const base::Scope& scope, partiql::Statement statement,
    const std::optional<std::string>& return_values_on_failure, Report report) {
  if (auto checked = check_alone(statement); !checked) {
    co_return std::unexpected(std::move(checked).error());
  }
  const std::string name = statement.table;
  auto table = co_await current_table(dynamodb, scope, name);
  if (!table) co_return std::unexpected(std::move(table).error());
  auto write = write_of((*table)->keys, std::move(statement));
  if (!write) co_return std::unexpected(std::move(write).error());
  write->on_failure = on_failure_of(return_values_on_failure);
  write->report = report;
  auto written = co_await commit_write(dynamodb, scope, name, *write);
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return WriteOutcome{attributes_of(*write, *written), std::move(written->capacity)};
}

std::string_view batch_code(const wire::ApiError& error) {
  struct Code {
    const wire::ErrorSpec* spec;
    std::string_view code;
  };
  static constexpr Code kCodes[] = {
      {&kValidation, "ValidationError"},
      {&kConditionalCheckFailed, "ConditionalCheckFailed"},
      {&kDuplicateItem, "DuplicateItem"},
      {&kResourceNotFound, "ResourceNotFound"},
      {&wire::kThrottling, "ThrottlingError"},
      {&wire::kAccessDenied, "AccessDenied"},
      {&kThroughputExceeded, "ProvisionedThroughputExceeded"},
  };
  for (const Code& known : kCodes) {
    if (error.spec == known.spec) return known.code;
  }
  return "InternalServerError";
}

BatchStatementError batch_error(wire::ApiError error) {
  BatchStatementError out;
  out.code = batch_code(error);
  out.message = std::move(error.message);
  if (const wire::Document* item = error.members.find("Item")) out.item = *item;
  return out;
}

struct OneResult {
  wire::Document item;
  Capacity capacity;
};

base::Task<wire::Result<OneResult>> batch_read(Dynamodb& dynamodb, const base::Scope& scope,
                                               partiql::Statement statement,
                                               Consistency consistency) {
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, scope, statement.table, Missing::brief,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  auto selection = selection_of(**table, std::move(statement), consistency);
  if (!selection) co_return std::unexpected(std::move(selection).error());
  if (selection->reads != Selection::Reads::one_item) {
    co_return refuse(
        "Select statements within BatchExecuteStatement must specify the primary key in the where "
        "clause.");
  }
  if (auto allowed =
          dynamodb.throughput.check(**table, Access::read, Capacity::least(selection->index));
      !allowed) {
    co_return std::unexpected(std::move(allowed).error());
  }
  SelectRun run(*table, *selection, std::nullopt);
  auto selected = co_await run.run(*transaction, {});
  if (!selected) co_return std::unexpected(std::move(selected).error());
  dynamodb.throughput.spend(**table, Access::read, selected->capacity);
  OneResult out;
  out.capacity = std::move(selected->capacity);
  if (!selected->items.empty()) out.item = std::move(selected->items.front());
  co_return out;
}

base::Task<wire::Result<OneResult>> batch_one(Dynamodb& dynamodb, const base::Scope& scope,
                                              const BatchStatementRequest& request,
                                              partiql::Statement statement, Report report) {
  if (statement.reads()) {
    co_return co_await batch_read(
        dynamodb, scope, std::move(statement),
        request.consistent_read ? Consistency::strong : Consistency::eventual);
  }
  auto written = co_await execute_write(dynamodb, scope, std::move(statement),
                                        request.return_values_on_failure, report);
  if (!written) co_return std::unexpected(std::move(written).error());
  co_return OneResult{std::move(written->attributes), std::move(written->capacity)};
}

// All statements parsed, those that could be; and whether they belong together.
using Parsed = std::vector<wire::Result<partiql::Statement>>;

wire::Result<Parsed> parse_batch(const base::Scope& scope, BatchExecuteStatementRequest& request) {
  Parsed parsed;
  std::size_t reads = 0;
  std::size_t writes = 0;
  for (BatchStatementRequest& one : request.statements) {
    auto& statement = parsed.emplace_back(read_statement(scope, one.statement, one.parameters));
    if (statement) ++(statement->reads() ? reads : writes);
  }
  if (reads > 0 && writes > 0) {
    return refuse(
        "The entire batch must consist of either read statements or write statements, you cannot "
        "mix both in one batch.");
  }
  return parsed;
}

}  // namespace

base::Task<wire::Result<ExecuteStatementResponse>> execute_statement(
    Dynamodb& dynamodb, const api::RequestContext& context, ExecuteStatementRequest request) {
  const std::string hash = statement_hash(request);
  auto statement = read_statement(context.scope, request.statement, request.parameters);
  if (!statement) co_return std::unexpected(std::move(statement).error());
  if (statement->reads()) {
    co_return co_await execute_select(dynamodb, context.scope, request, hash,
                                      std::move(*statement));
  }
  const std::string name = statement->table;
  const Report report = report_of(request.return_consumed_capacity);
  auto written = co_await execute_write(dynamodb, context.scope, std::move(*statement),
                                        request.return_values_on_failure, report);
  if (!written) co_return std::unexpected(std::move(written).error());
  ExecuteStatementResponse response;
  if (!written->attributes.is_null()) response.items.push_back(std::move(written->attributes));
  response.consumed_capacity = consumed(name, written->capacity, report);
  co_return response;
}

base::Task<wire::Result<BatchExecuteStatementResponse>> batch_execute_statement(
    Dynamodb& dynamodb, const api::RequestContext& context, BatchExecuteStatementRequest request) {
  auto parsed = parse_batch(context.scope, request);
  if (!parsed) co_return std::unexpected(std::move(parsed).error());
  const Report report = report_of(request.return_consumed_capacity);
  BatchExecuteStatementResponse response;
  std::map<std::string, Capacity> capacity;
  for (std::size_t i = 0; i < request.statements.size(); ++i) {
    BatchStatementResponse& answer = response.responses.emplace_back();
    auto& statement = (*parsed)[i];
    if (!statement) {
      answer.error = batch_error(std::move(statement).error());
      continue;
    }
    const std::string name = statement->table;
    answer.table_name = name;
    auto result = co_await batch_one(dynamodb, context.scope, request.statements[i],
                                     std::move(*statement), report);
    if (!result) {
      answer.error = batch_error(std::move(result).error());
      continue;
    }
    answer.item = std::move(result->item);
    capacity[name].add(result->capacity);
  }
  response.consumed_capacity = consumed_all(capacity, report);
  co_return response;
}

}  // namespace mayfly::dynamodb
