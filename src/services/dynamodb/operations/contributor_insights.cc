// UpdateContributorInsights, DescribeContributorInsights, ListContributorInsights: accepted and
// kept. Nothing is counted: the rules are CloudWatch's, and have no data here.
#include <algorithm>

#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/tables.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::string_view kDefaultMode = "ACCESSED_AND_THROTTLED_KEYS";
constexpr std::int32_t kMaxResults = 100;

struct InsightsRow {
  std::string mode;
  std::int64_t changed_ms = 0;
  static constexpr auto shape() {
    return std::tuple{wire::field("mode", &InsightsRow::mode),
                      wire::field("changed", &InsightsRow::changed_ms)};
  }
};

base::Task<wire::Result<std::string>> need_resource(Dynamodb& dynamodb,
                                                    store::Transaction& transaction,
                                                    base::Scope scope, std::string name_or_arn,
                                                    std::optional<std::string> index) {
  auto name = table_name_of(scope, std::move(name_or_arn));
  if (!name) co_return name;
  auto table = co_await open_table(dynamodb, transaction, scope, *name, Missing::named);
  if (!table) co_return std::unexpected(std::move(table).error());
  if (index && (*table)->find_index(*index) == nullptr) {
    co_return wire::fail(kResourceNotFound,
                         "Requested resource not found: Index: " + *index + " not found");
  }
  co_return name;
}

// The names of CloudWatch's rules, as DynamoDB makes them.
std::vector<std::string> rules_of(const std::string& table, const std::string& index,
                                  const InsightsRow& row) {
  const std::string what = table + (index.empty() ? "" : "-" + index);
  std::vector<std::string> rules;
  for (const std::string_view kind : {"PKC", "SKC", "PKT", "SKT"}) {
    const bool accessed = kind.ends_with('C');
    if (accessed && row.mode != kDefaultMode) continue;
    rules.push_back("DynamoDBContributorInsights-" + std::string(kind) + "-" + what + "-" +
                    std::to_string(row.changed_ms));
  }
  return rules;
}

}  // namespace

base::Task<wire::Result<UpdateContributorInsightsOutput>> update_contributor_insights(
    Dynamodb& dynamodb, const api::RequestContext& context,
    UpdateContributorInsightsInput request) {
  const bool enable = request.contributor_insights_action == "ENABLE";
  const std::string mode = request.contributor_insights_mode.value_or(std::string(kDefaultMode));
  auto done = co_await store::transact(
      dynamodb.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::string>> {
        auto name = co_await need_resource(dynamodb, transaction, context.scope, request.table_name,
                                           request.index_name);
        if (!name) co_return name;
        const std::string key =
            keys::insights(context.scope, *name, request.index_name.value_or(""));
        if (enable) {
          transaction.put(key, wire::to_row(InsightsRow{mode, base::epoch_ms(context.received)}));
        } else {
          transaction.erase(key);
        }
        co_return name;
      });
  if (!done) co_return std::unexpected(std::move(done).error());
  UpdateContributorInsightsOutput out;
  out.table_name = std::move(*done);
  out.index_name = std::move(request.index_name);
  out.contributor_insights_status = enable ? "ENABLING" : "DISABLING";
  if (enable) out.contributor_insights_mode = mode;
  co_return out;
}

base::Task<wire::Result<DescribeContributorInsightsOutput>> describe_contributor_insights(
    Dynamodb& dynamodb, const api::RequestContext& context,
    DescribeContributorInsightsInput request) {
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto name = co_await need_resource(dynamodb, *transaction, context.scope, request.table_name,
                                     request.index_name);
  if (!name) co_return std::unexpected(std::move(name).error());
  const std::string index = request.index_name.value_or("");
  auto bytes = co_await transaction->get(keys::insights(context.scope, *name, index));
  if (!bytes) co_return store_failed(bytes);
  DescribeContributorInsightsOutput out;
  out.index_name = std::move(request.index_name);
  out.contributor_insights_status = *bytes ? "ENABLED" : "DISABLED";
  if (*bytes) {
    auto row = wire::from_row<InsightsRow>(**bytes);
    if (!row) co_return std::unexpected(std::move(row).error());
    out.contributor_insights_rule_list = rules_of(*name, index, *row);
    out.last_update_date_time = timestamp(base::from_epoch_ms(row->changed_ms));
    out.contributor_insights_mode = row->mode;
  }
  out.table_name = std::move(*name);
  co_return out;
}

base::Task<wire::Result<ListContributorInsightsOutput>> list_contributor_insights(
    Dynamodb& dynamodb, const api::RequestContext& context, ListContributorInsightsInput request) {
  std::string prefix = keys::insights(context.scope);
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  if (request.table_name) {
    auto name = co_await need_resource(dynamodb, *transaction, context.scope, *request.table_name,
                                       std::nullopt);
    if (!name) co_return std::unexpected(std::move(name).error());
    prefix = keys::insights(context.scope, *name);
  }
  store::RangeQuery range{.begin = prefix, .end = store::prefix_end(prefix)};
  if (request.next_token) {
    const auto after = base::from_base64(*request.next_token);
    if (!after) co_return refuse("Invalid NextToken");
    range.begin = prefix + *after + '\0';
  }
  range.limit = static_cast<std::size_t>(
      std::clamp(request.max_results.value_or(kMaxResults), 1, kMaxResults));
  range.conflict = store::Conflict::ignore;
  auto rows = co_await transaction->range(std::move(range));
  if (!rows) co_return store_failed(rows);
  ListContributorInsightsOutput out;
  for (const store::KeyValue& entry : rows->rows) {
    auto key = keys::read_insights(context.scope, entry.key);
    auto row = wire::from_row<InsightsRow>(entry.value);
    if (!key || !row) co_return corrupt_row();
    ContributorInsightsSummary summary;
    summary.table_name = std::move(key->table);
    if (!key->index.empty()) summary.index_name = std::move(key->index);
    summary.contributor_insights_status = "ENABLED";
    summary.contributor_insights_mode = std::move(row->mode);
    out.contributor_insights_summaries.push_back(std::move(summary));
  }
  if (rows->more && !rows->rows.empty())
    out.next_token = base::to_base64(rows->rows.back().key.substr(prefix.size()));
  co_return out;
}

}  // namespace mayfly::dynamodb
