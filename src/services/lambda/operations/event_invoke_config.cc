#include <fmt/format.h>

#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

FunctionEventInvokeConfig shown(const base::Scope& scope, const std::string& name,
                                const std::string& qualifier, const EventConfigRow& row) {
  FunctionEventInvokeConfig out;
  out.last_modified = wire::Timestamp{static_cast<double>(row.modified_ms) / 1000};
  out.function_arn = function_arn(scope, name, qualifier);
  out.maximum_retry_attempts = row.retries;
  out.maximum_event_age_in_seconds = row.max_age_seconds;
  out.destination_config.emplace();
  out.destination_config->on_success.emplace();
  out.destination_config->on_failure.emplace();
  out.destination_config->on_success->destination = row.on_success;
  out.destination_config->on_failure->destination = row.on_failure;
  return out;
}

// A destination that can be reached: a function of this account and region.
wire::Result<std::optional<std::string>> checked_destination(
    const base::Scope& scope, const std::optional<std::string>& arn) {
  if (!arn || arn->empty()) return std::optional<std::string>{};
  const std::optional<base::Arn> parsed = base::Arn::parse(*arn);
  if (!parsed) {
    return wire::fail(kInvalidParameterValue,
                      fmt::format("The provided destination config DestinationConfig is "
                                  "invalid: {} is not an ARN.",
                                  *arn));
  }
  if (parsed->service != "lambda") {
    return wire::not_supported(fmt::format("A destination of {}", parsed->service));
  }
  auto target = resolve_target(scope, *arn);
  if (!target) return std::unexpected(target.error());
  return std::optional<std::string>(*arn);
}

wire::Result<void> set_destinations(EventConfigRow& row, const base::Scope& scope,
                                    const DestinationConfig& config) {
  auto success =
      checked_destination(scope, config.on_success ? config.on_success->destination : std::nullopt);
  if (!success) return std::unexpected(success.error());
  auto failure =
      checked_destination(scope, config.on_failure ? config.on_failure->destination : std::nullopt);
  if (!failure) return std::unexpected(failure.error());
  row.on_success = std::move(*success);
  row.on_failure = std::move(*failure);
  return {};
}

// $LATEST where none is named; so is the ARN in the answer.
wire::Result<Target> config_target(const base::Scope& scope, const std::string& name,
                                   const std::optional<std::string>& qualifier) {
  auto target = resolve_target(scope, name, qualifier);
  if (target && target->qualifier.empty()) target->qualifier = kLatest;
  return target;
}

std::unexpected<wire::ApiError> no_config(const base::Scope& scope, const Target& target) {
  return wire::fail(kResourceNotFound,
                    fmt::format("The function {} doesn't have an EventInvokeConfig",
                                function_arn(scope, target.name, target.qualifier)));
}

enum class Existing { replace, update };

// Put replaces what is there; Update changes only what the request has, and there must be
// something.
template <class Request>
base::Task<wire::Result<FunctionEventInvokeConfig>> store_config(Lambda& lambda, base::Scope scope,
                                                                 Request request,
                                                                 Existing existing) {
  auto target = config_target(scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  if (!request.maximum_retry_attempts && !request.maximum_event_age_in_seconds &&
      !request.destination_config) {
    co_return wire::fail(kInvalidParameterValue,
                         "You must specify at least one of error handling or destination setting.");
  }
  const std::int64_t now = base::epoch_ms(lambda.clock.now());
  auto done = co_await store::transact(
      lambda.store,
      [&](store::Transaction& transaction) -> base::Task<wire::Result<EventConfigRow>> {
        auto resolved = co_await resolve(transaction, scope, *target);
        if (!resolved) co_return std::unexpected(resolved.error());
        const std::string key = event_config_key(scope, target->name, target->qualifier);
        EventConfigRow row;
        if (existing == Existing::update) {
          auto found = co_await find_row<EventConfigRow>(transaction, key);
          if (!found) co_return std::unexpected(found.error());
          if (!*found) co_return no_config(scope, *target);
          row = std::move(**found);
        }
        row.modified_ms = now;
        if (request.maximum_retry_attempts) row.retries = request.maximum_retry_attempts;
        if (request.maximum_event_age_in_seconds)
          row.max_age_seconds = request.maximum_event_age_in_seconds;
        if (request.destination_config) {
          if (auto set = set_destinations(row, scope, *request.destination_config); !set) {
            co_return std::unexpected(set.error());
          }
        }
        transaction.put(key, wire::to_row(row));
        co_return row;
      });
  if (!done) co_return std::unexpected(done.error());
  co_return shown(scope, target->name, target->qualifier, *done);
}

}  // namespace

Answer<FunctionEventInvokeConfig> put_function_event_invoke_config(
    Lambda& lambda, const Context& context, PutFunctionEventInvokeConfigRequest request) {
  co_return co_await store_config(lambda, context.scope, std::move(request), Existing::replace);
}

Answer<FunctionEventInvokeConfig> update_function_event_invoke_config(
    Lambda& lambda, const Context& context, UpdateFunctionEventInvokeConfigRequest request) {
  co_return co_await store_config(lambda, context.scope, std::move(request), Existing::update);
}

Answer<FunctionEventInvokeConfig> get_function_event_invoke_config(
    Lambda& lambda, const Context& context, GetFunctionEventInvokeConfigRequest request) {
  auto target = config_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto row = co_await find_row<EventConfigRow>(
      *transaction, event_config_key(context.scope, target->name, target->qualifier));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return no_config(context.scope, *target);
  co_return shown(context.scope, target->name, target->qualifier, **row);
}

Answer<void> delete_function_event_invoke_config(Lambda& lambda, const Context& context,
                                                 DeleteFunctionEventInvokeConfigRequest request) {
  auto target = config_target(context.scope, request.function_name, request.qualifier);
  if (!target) co_return std::unexpected(target.error());
  co_return co_await store::transact(
      lambda.store, [&](store::Transaction& transaction) -> base::Task<wire::Result<void>> {
        const std::string key = event_config_key(context.scope, target->name, target->qualifier);
        auto row = co_await find_row<EventConfigRow>(transaction, key);
        if (!row) co_return std::unexpected(row.error());
        if (!*row) co_return no_config(context.scope, *target);
        transaction.erase(key);
        co_return wire::Result<void>{};
      });
}

Answer<ListFunctionEventInvokeConfigsResponse> list_function_event_invoke_configs(
    Lambda& lambda, const Context& context, ListFunctionEventInvokeConfigsRequest request) {
  auto target = resolve_target(context.scope, request.function_name);
  if (!target) co_return std::unexpected(target.error());
  std::unique_ptr<store::Transaction> transaction = lambda.store.begin();
  auto function = co_await need_function(*transaction, context.scope, target->name);
  if (!function) co_return std::unexpected(function.error());
  const std::string prefix = table_prefix(Table::event_configs, context.scope, target->name);
  auto page = co_await read_page(*transaction, prefix, std::move(request.marker),
                                 static_cast<std::size_t>(request.max_items.value_or(50)));
  if (!page) co_return std::unexpected(page.error());
  ListFunctionEventInvokeConfigsResponse response;
  response.function_event_invoke_configs.emplace();
  for (const store::KeyValue& entry : page->rows) {
    auto row = wire::from_row<EventConfigRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    response.function_event_invoke_configs->push_back(
        shown(context.scope, target->name, read_name(prefix, entry.key).value_or(""), *row));
  }
  response.next_marker = std::move(page->next_marker);
  co_return response;
}

}  // namespace mayfly::lambda
