#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/strings.h"
#include "services/logs/errors.h"
#include "services/logs/operations/operations.h"
#include "wire/row.h"

namespace mayfly::logs {

namespace {

constexpr std::int32_t kRetentionDays[] = {1,    3,    5,    7,    14,   30,  60,  90,
                                           120,  150,  180,  365,  400,  545, 731, 1096,
                                           1827, 2192, 2557, 2922, 3288, 3653};

// Changes the row of a group that must be there.
template <class Change>
base::Task<wire::Result<void>> change_group(Logs& logs, base::Scope scope, std::string group,
                                            Change change) {
  co_return co_await store::transact(
      logs.store, [=](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto row = co_await find_group(transaction, scope, group);
        if (!row) co_return std::unexpected(row.error());
        change(*row);
        transaction.put(group_key(scope, group), wire::to_row(*row));
        co_return wire::Result<void>{};
      });
}

base::Task<wire::Result<void>> erase_group(store::Transaction& transaction, base::Scope scope,
                                           std::string group) {
  auto row = co_await find_group(transaction, scope, group);
  if (!row) co_return std::unexpected(row.error());
  if (row->deletion_protected) {
    co_return wire::fail(
        kDeletionProtected,
        "The log group is protected against deletion. Disable deletion protection and try again.");
  }
  transaction.erase(group_key(scope, group));
  transaction.erase(bytes_key(scope, group));
  for (const std::string& prefix : {streams_prefix(scope, group), events_prefix(scope, group)}) {
    transaction.erase_range(prefix, store::prefix_end(prefix));
  }
  co_return wire::Result<void>{};
}

}  // namespace

std::string group_arn(const base::Scope& scope, std::string_view group) {
  return scope.arn("logs", fmt::format("log-group:{}", group));
}

wire::Result<std::string> named_group(const base::Scope& scope, std::optional<std::string> name,
                                      std::optional<std::string> identifier) {
  if (name && identifier) {
    return wire::fail(kInvalidParameter,
                      "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  }
  if (name) return std::move(*name);
  if (!identifier) {
    return wire::fail(kInvalidParameter, "Either LogGroup name or LogGroup ARN must be specified.");
  }
  if (!identifier->starts_with("arn:")) return std::move(*identifier);
  const std::optional<base::Arn> arn = base::Arn::parse(*identifier);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with("log-group:")) {
    return wire::fail(kInvalidParameter, "Invalid LogGroup ARN.");
  }
  if (arn->account != scope.account || arn->region != scope.region) {
    return wire::fail(kResourceNotFound, "The specified log group does not exist.");
  }
  std::string_view group =
      std::string_view(arn->resource).substr(std::string_view("log-group:").size());
  if (group.ends_with(":*")) group.remove_suffix(2);
  return std::string(group);
}

Answer<void> create_log_group(Logs& logs, const Context& context, CreateLogGroupRequest request) {
  if (request.kms_key_id) co_return wire::not_supported("Encryption of log groups with a KMS key");
  GroupRow row;
  row.creation_time = base::epoch_ms(logs.clock.now());
  row.log_group_class = request.log_group_class.value_or("STANDARD");
  row.deletion_protected = request.deletion_protection_enabled.value_or(false);
  if (request.tags) row.tags = std::move(*request.tags);
  const std::string key = group_key(context.scope, request.log_group_name);
  co_return co_await store::transact(
      logs.store, [key, row](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        auto found = co_await transaction.get(key);
        if (!found)
          co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(found.error()));
        if (*found)
          co_return wire::fail(kResourceAlreadyExists, "The specified log group already exists");
        transaction.put(key, wire::to_row(row));
        co_return wire::Result<void>{};
      });
}

Answer<void> delete_log_group(Logs& logs, const Context& context, DeleteLogGroupRequest request) {
  co_await logs.sink.flush();  // lines that are on their way would make the group again
  co_return co_await store::transact(
      logs.store,
      [scope = context.scope, group = std::move(request.log_group_name)](
          store::Transaction& transaction) { return erase_group(transaction, scope, group); });
}

Answer<DescribeLogGroupsResponse> describe_log_groups(Logs& logs, const Context& context,
                                                      DescribeLogGroupsRequest request) {
  if (request.log_group_name_prefix && request.log_group_name_pattern) {
    co_return wire::fail(
        kInvalidParameter,
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  co_await logs.sink.flush();
  const std::string prefix = groups_prefix(context.scope);
  const std::string wanted_prefix = request.log_group_name_prefix.value_or("");
  const std::size_t limit = static_cast<std::size_t>(request.limit.value_or(50));
  std::string begin = prefix;
  if (!wanted_prefix.empty()) begin = group_key(context.scope, wanted_prefix);
  if (request.next_token) {
    const std::optional<std::string> after = base::from_base64(*request.next_token);
    if (!after) co_return wire::fail(kInvalidParameter, "The specified nextToken is invalid.");
    begin = group_key(context.scope, *after) + '\0';
  }

  DescribeLogGroupsResponse response;
  response.log_groups.emplace();
  std::unique_ptr<store::Transaction> transaction = logs.store.begin();
  for (bool more = true; more;) {
    // Keys are in the order of the names, so those with the prefix follow one another from the
    // prefix on.
    store::RangeQuery query{.begin = begin, .end = store::prefix_end(prefix), .limit = 500};
    auto rows = co_await transaction->range(std::move(query));
    if (!rows) co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(rows.error()));
    more = rows->more;
    for (const store::KeyValue& entry : rows->rows) {
      begin = entry.key + '\0';
      const std::optional<std::string> name = group_of(context.scope, entry.key);
      auto row = wire::from_row<GroupRow>(entry.value);
      if (!name || !row)
        co_return wire::fail(wire::kInternalFailure, "A stored log group cannot be read.");
      if (!name->starts_with(wanted_prefix)) {
        more = false;
        break;
      }
      if (request.log_group_name_pattern &&
          name->find(*request.log_group_name_pattern) == std::string::npos)
        continue;
      if (request.log_group_class && *request.log_group_class != row->log_group_class) continue;
      if (request.log_group_identifiers &&
          std::ranges::none_of(*request.log_group_identifiers, [&](const std::string& identifier) {
            return identifier == *name || identifier == group_arn(context.scope, *name);
          })) {
        continue;
      }
      if (response.log_groups->size() == limit) {
        response.next_token = base::to_base64(*response.log_groups->back().log_group_name);
        more = false;
        break;
      }
      auto bytes = co_await transaction->get(bytes_key(context.scope, *name));
      if (!bytes)
        co_return std::unexpected(store::FromStoreError<wire::ApiError>::map(bytes.error()));
      LogGroup& group = response.log_groups->emplace_back();
      group.log_group_name = *name;
      group.creation_time = row->creation_time;
      group.retention_in_days = row->retention_days;
      group.metric_filter_count = 0;
      group.arn = group_arn(context.scope, *name) + ":*";
      group.log_group_arn = group_arn(context.scope, *name);
      group.stored_bytes = *bytes ? base::parse_int(**bytes).value_or(0) : 0;
      group.log_group_class = row->log_group_class;
      group.deletion_protection_enabled = row->deletion_protected;
    }
  }
  co_return response;
}

Answer<void> put_retention_policy(Logs& logs, const Context& context,
                                  PutRetentionPolicyRequest request) {
  if (std::ranges::find(kRetentionDays, request.retention_in_days) == std::end(kRetentionDays)) {
    co_return wire::fail(
        kInvalidParameter,
        fmt::format(
            "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy "
            "constraint: Member must satisfy enum value set: [{}]",
            request.retention_in_days, fmt::join(kRetentionDays, ", ")));
  }
  co_return co_await change_group(
      logs, context.scope, std::move(request.log_group_name),
      [days = request.retention_in_days](GroupRow& row) { row.retention_days = days; });
}

Answer<void> delete_retention_policy(Logs& logs, const Context& context,
                                     DeleteRetentionPolicyRequest request) {
  co_return co_await change_group(logs, context.scope, std::move(request.log_group_name),
                                  [](GroupRow& row) { row.retention_days.reset(); });
}

}  // namespace mayfly::logs
