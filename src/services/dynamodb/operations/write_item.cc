// PutItem, UpdateItem, DeleteItem: their parameters become a Write.
#include "services/dynamodb/operations/write_item.h"

#include "services/dynamodb/convert.h"
#include "services/dynamodb/operations/operations.h"

namespace mayfly::dynamodb {
namespace {

ReturnValues return_values_of(const std::optional<std::string>& text) {
  if (text == "ALL_OLD") return ReturnValues::all_old;
  if (text == "UPDATED_OLD") return ReturnValues::updated_old;
  if (text == "ALL_NEW") return ReturnValues::all_new;
  if (text == "UPDATED_NEW") return ReturnValues::updated_new;
  return ReturnValues::none;
}

// The parameters that the three requests have under the same names.
template <class Request>
wire::Result<void> read_returns(const Request& request, Write& write) {
  write.returns = return_values_of(request.return_values);
  const bool updates = write.kind == Write::Kind::update;
  if (!updates && write.returns != ReturnValues::none && write.returns != ReturnValues::all_old) {
    return refuse("ReturnValues can only be ALL_OLD or NONE");
  }
  write.on_failure = on_failure_of(request.return_values_on_failure);
  write.report = report_of(request.return_consumed_capacity);
  write.metrics = request.return_item_collection_metrics == "SIZE" ? Metrics::size : Metrics::none;
  return {};
}

template <class Request>
wire::Result<void> read_condition(Request& request, Write& write) {
  if (auto checked = check_conditional_operator(request.conditional_operator, request.expected);
      !checked) {
    return checked;
  }
  if (request.expected) {
    auto join = conditional_operator_of(request.conditional_operator);
    if (!join) return std::unexpected(std::move(join).error());
    auto owned = expected_condition(*request.expected, *join);
    if (!owned) return std::unexpected(std::move(owned).error());
    write.legacy_conditions = std::move(owned->legacy);
    write.condition = std::move(owned->condition);
  }
  if (!request.condition_expression) return {};
  return parse_write_condition(*request.condition_expression, write);
}

wire::Result<void> read_item(wire::Document& document, Write& write) {
  auto item = item_from(document);
  if (!item) return std::unexpected(std::move(item).error());
  write.item = std::move(*item);
  return {};
}

wire::Result<void> read_attribute_updates(std::map<std::string, AttributeUpdate>& updates,
                                          Write& write) {
  for (auto& [attribute, given] : updates) {
    LegacyUpdate update{attribute, given.action.value_or("PUT"), std::nullopt};
    if (!given.value.is_null()) {
      auto value = value_from(given.value);
      if (!value) return std::unexpected(std::move(value).error());
      update.value = std::move(*value);
    }
    write.legacy_updates.push_back(std::move(update));
  }
  auto update = update_of(write.legacy_updates);
  if (!update) return refuse(std::move(update).error());
  write.update = std::move(*update);
  return {};
}

// Each step may refuse the request; the first that does, decides.
template <class... Steps>
wire::Result<void> in_order(Steps... steps) {
  wire::Result<void> result;
  (void)((result = steps(), result.has_value()) && ...);
  return result;
}

wire::Result<void> use_all(const Write& write) { return answer(write.placeholders.all_used()); }

template <class Request>
wire::Result<void> read_placeholders(Request& request, Write& write) {
  auto placeholders = placeholders_of(request.names, request.values);
  if (!placeholders) return std::unexpected(std::move(placeholders).error());
  write.placeholders = std::move(*placeholders);
  return {};
}

// The steps are in DynamoDB's order: what a request with several faults is refused for.
template <class Request>
wire::Result<Write> read_plain(Write::Kind kind, wire::Document& item, Request& request) {
  Write write;
  write.kind = kind;
  const ParameterUse use{{{"Expected", request.expected.has_value()},
                          {"ConditionalOperator", request.conditional_operator.has_value()}},
                         {{"ConditionExpression", request.condition_expression.has_value()}},
                         {}};
  auto read = in_order(
      [&] { return check_use(use, request.names, request.values); },
      [&] { return read_item(item, write); }, [&] { return read_returns(request, write); },
      [&] { return check_item_size(write); }, [&] { return read_placeholders(request, write); },
      [&] { return read_condition(request, write); }, [&] { return use_all(write); });
  if (!read) return std::unexpected(std::move(read).error());
  return write;
}

wire::Result<Write> read_update(UpdateItemRequest& request) {
  Write write;
  write.kind = Write::Kind::update;
  const ParameterUse use{{{"AttributeUpdates", request.attribute_updates.has_value()},
                          {"Expected", request.expected.has_value()},
                          {"ConditionalOperator", request.conditional_operator.has_value()}},
                         {{"UpdateExpression", request.update_expression.has_value()},
                          {"ConditionExpression", request.condition_expression.has_value()}},
                         {}};
  auto read = in_order(
      [&] { return check_use(use, request.names, request.values); },
      [&] { return read_item(request.key, write); }, [&] { return read_returns(request, write); },
      [&] { return read_placeholders(request, write); },
      [&]() -> wire::Result<void> {
        if (request.attribute_updates) {
          return read_attribute_updates(*request.attribute_updates, write);
        }
        if (request.update_expression) return parse_write_update(*request.update_expression, write);
        return {};
      },
      [&] { return read_condition(request, write); }, [&] { return use_all(write); });
  if (!read) return std::unexpected(std::move(read).error());
  return write;
}

}  // namespace

OnFailure on_failure_of(const std::optional<std::string>& text) {
  return text == "ALL_OLD" ? OnFailure::all_old : OnFailure::nothing;
}

wire::Result<void> parse_write_condition(const std::string& text, Write& write) {
  auto parsed = parse_condition(ExpressionKind::condition, text, write.placeholders);
  if (!parsed) return refuse(std::move(parsed).error());
  write.condition = std::move(*parsed);
  return {};
}

wire::Result<void> parse_write_update(const std::string& text, Write& write) {
  auto parsed = parse_update(text, write.placeholders);
  if (!parsed) return refuse(std::move(parsed).error());
  write.update = std::move(*parsed);
  return {};
}

base::Task<wire::Result<WriteResponse>> put_item(Dynamodb& dynamodb,
                                                 const api::RequestContext& context,
                                                 PutItemRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  auto write = read_plain(Write::Kind::put, request.item, request);
  if (!write) co_return std::unexpected(std::move(write).error());
  co_return co_await run_write(dynamodb, context.scope, *name, *write);
}

base::Task<wire::Result<WriteResponse>> delete_item(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    DeleteItemRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  auto write = read_plain(Write::Kind::remove, request.key, request);
  if (!write) co_return std::unexpected(std::move(write).error());
  co_return co_await run_write(dynamodb, context.scope, *name, *write);
}

base::Task<wire::Result<WriteResponse>> update_item(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    UpdateItemRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  auto write = read_update(request);
  if (!write) co_return std::unexpected(std::move(write).error());
  co_return co_await run_write(dynamodb, context.scope, *name, *write);
}

}  // namespace mayfly::dynamodb
