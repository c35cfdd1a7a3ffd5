// PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: of tables and of their streams. Kept,
// and not evaluated yet.
#include "base/strings.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/streams.h"
#include "services/dynamodb/operations/tables.h"
#include "wire/json.h"
#include "wire/row.h"

namespace mayfly::dynamodb {
namespace {

constexpr std::size_t kMaxPolicyBytes = 20 * 1024;
// As an ExpectedRevisionId: there is none yet.
constexpr std::string_view kNoPolicy = "NO_POLICY";

struct PolicyRow {
  std::string text, revision;
  static constexpr auto shape() {
    return std::tuple{wire::field("text", &PolicyRow::text),
                      wire::field("revision", &PolicyRow::revision)};
  }
};

// Whose policy an ARN names; the stream is empty for a table's own.
struct Holder {
  std::string table, stream;
};
wire::Result<Holder> holder_of(const base::Scope& scope, const std::string& arn) {
  if (arn.find("/stream/") != std::string::npos) {
    auto name = stream_name_of(scope, arn);
    if (!name) return std::unexpected(std::move(name).error());
    return Holder{std::move(name->table), std::move(name->label)};
  }
  auto name = table_name_of_arn(scope, arn);
  if (!name) return std::unexpected(std::move(name).error());
  return Holder{std::move(*name), {}};
}

base::Task<wire::Result<void>> need_holder(Dynamodb& dynamodb, store::Transaction& transaction,
                                           base::Scope scope, Holder holder) {
  auto table = co_await open_table(dynamodb, transaction, scope, holder.table, Missing::named);
  if (!table) co_return std::unexpected(std::move(table).error());
  const auto& stream = (*table)->stream;
  if (!holder.stream.empty() && (!stream || stream->label != holder.stream)) {
    co_return wire::fail(kResourceNotFound,
                         "Requested resource not found: Stream: " + holder.table + "/stream/" +
                             holder.stream + " not found");
  }
  co_return wire::Result<void>{};
}

base::Task<wire::Result<std::optional<PolicyRow>>> find(store::Transaction& transaction,
                                                        base::Scope scope, Holder holder) {
  auto bytes = co_await transaction.get(keys::policy(scope, holder.table, holder.stream));
  if (!bytes) co_return store_failed(bytes);
  if (!*bytes) co_return std::optional<PolicyRow>{};
  auto row = wire::from_row<PolicyRow>(**bytes);
  if (!row) co_return std::unexpected(std::move(row).error());
  co_return std::optional(std::move(*row));
}

std::unexpected<wire::ApiError> no_policy(const std::string& arn) {
  return wire::fail(kPolicyNotFound,
                    "Resource-based policy not found for the provided ResourceArn: "
                    "Requested policy not found for " +
                        arn);
}

wire::Result<void> check_expected(const std::optional<std::string>& expected,
                                  const std::optional<PolicyRow>& found, const std::string& arn) {
  if (!expected) return {};
  const bool same = found ? *expected == found->revision : *expected == kNoPolicy;
  if (same) return {};
  return no_policy(arn);
}

}  // namespace

wire::Result<void> check_policy(const std::string& policy) {
  if (policy.size() > kMaxPolicyBytes) {
    return refuse("Policy size of " + std::to_string(policy.size()) +
                  " bytes is larger than the limit of " + std::to_string(kMaxPolicyBytes));
  }
  const auto document = wire::parse_json(policy);
  if (!document || !document->is_map() || document->find("Statement") == nullptr)
    return refuse("Invalid policy document: it is not a JSON object with a Statement");
  return {};
}

void put_policy(store::Transaction& transaction, const base::Scope& scope, const std::string& table,
                const std::string& policy, base::WallTime now) {
  transaction.put(keys::policy(scope, table, ""),
                  wire::to_row(PolicyRow{policy, std::to_string(base::epoch_ms(now))}));
}

base::Task<wire::Result<PutResourcePolicyOutput>> put_resource_policy(
    Dynamodb& dynamodb, const api::RequestContext& context, PutResourcePolicyInput request) {
  auto holder = holder_of(context.scope, request.resource_arn);
  if (!holder) co_return std::unexpected(std::move(holder).error());
  if (auto checked = check_policy(request.policy); !checked)
    co_return std::unexpected(std::move(checked).error());
  // Revisions are numbers in the milliseconds of their making, as on AWS.
  const std::string fresh = std::to_string(base::epoch_ms(context.received));
  auto revision = co_await store::transact(
      dynamodb.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::string>> {
        auto there = co_await need_holder(dynamodb, transaction, context.scope, *holder);
        if (!there) co_return std::unexpected(std::move(there).error());
        auto found = co_await find(transaction, context.scope, *holder);
        if (!found) co_return std::unexpected(std::move(found).error());
        auto same = check_expected(request.expected_revision_id, *found, request.resource_arn);
        if (!same) co_return std::unexpected(std::move(same).error());
        if (*found && (*found)->text == request.policy) co_return (*found)->revision;
        std::string next = fresh;
        if (*found && (*found)->revision >= next)
          next = std::to_string(base::parse_int((*found)->revision).value_or(0) + 1);
        transaction.put(keys::policy(context.scope, holder->table, holder->stream),
                        wire::to_row(PolicyRow{request.policy, next}));
        co_return next;
      });
  if (!revision) co_return std::unexpected(std::move(revision).error());
  co_return PutResourcePolicyOutput{std::move(*revision)};
}

base::Task<wire::Result<GetResourcePolicyOutput>> get_resource_policy(
    Dynamodb& dynamodb, const api::RequestContext& context, GetResourcePolicyInput request) {
  auto holder = holder_of(context.scope, request.resource_arn);
  if (!holder) co_return std::unexpected(std::move(holder).error());
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto there = co_await need_holder(dynamodb, *transaction, context.scope, *holder);
  if (!there) co_return std::unexpected(std::move(there).error());
  auto found = co_await find(*transaction, context.scope, *holder);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!*found) co_return no_policy(request.resource_arn);
  co_return GetResourcePolicyOutput{std::move((*found)->text), std::move((*found)->revision)};
}

base::Task<wire::Result<DeleteResourcePolicyOutput>> delete_resource_policy(
    Dynamodb& dynamodb, const api::RequestContext& context, DeleteResourcePolicyInput request) {
  auto holder = holder_of(context.scope, request.resource_arn);
  if (!holder) co_return std::unexpected(std::move(holder).error());
  auto revision = co_await store::transact(
      dynamodb.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<std::optional<std::string>>> {
        auto there = co_await need_holder(dynamodb, transaction, context.scope, *holder);
        if (!there) co_return std::unexpected(std::move(there).error());
        auto found = co_await find(transaction, context.scope, *holder);
        if (!found) co_return std::unexpected(std::move(found).error());
        auto same = check_expected(request.expected_revision_id, *found, request.resource_arn);
        if (!same) co_return std::unexpected(std::move(same).error());
        if (!*found) co_return std::optional<std::string>{};
        transaction.erase(keys::policy(context.scope, holder->table, holder->stream));
        co_return std::optional((*found)->revision);
      });
  if (!revision) co_return std::unexpected(std::move(revision).error());
  co_return DeleteResourcePolicyOutput{std::move(*revision)};
}

}  // namespace mayfly::dynamodb
