// The parameters that Query and Scan have under the same names, into a PageRequest.
#pragma once

#include <utility>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/operations/page.h"

namespace mayfly::dynamodb {

// `filters` is QueryFilter or ScanFilter, by its name; `value_expressions` are the expression
// parameters that take values; `more_legacy` are other legacy parameters of the operation.
template <class Request>
wire::Result<void> read_page_request(Request& request, PageRequest& page,
                                     std::optional<std::map<std::string, LegacyFilter>>& filters,
                                     std::string_view filter_name,
                                     const std::vector<Given>& value_expressions,
                                     std::vector<Given> more_legacy) {
  more_legacy.push_back({"AttributesToGet", request.attributes_to_get.has_value()});
  more_legacy.push_back({filter_name, filters.has_value()});
  more_legacy.push_back({"ConditionalOperator", request.conditional_operator.has_value()});
  const ParameterUse use{std::move(more_legacy),
                         value_expressions,
                         {{"ProjectionExpression", request.projection_expression.has_value()}}};
  if (auto checked = check_use(use, request.names, request.values); !checked) return checked;
  if (auto checked = check_conditional_operator(request.conditional_operator, filters); !checked) {
    return checked;
  }

  auto select = select_of(request.select, request.index_name.has_value(),
                          request.attributes_to_get       ? "AttributesToGet"
                          : request.projection_expression ? "ProjectionExpression"
                                                          : "");
  if (!select) return std::unexpected(std::move(select).error());
  page.select = *select;
  page.limit = request.limit;
  page.consistency = request.consistent_read ? Consistency::strong : Consistency::eventual;
  if (!request.exclusive_start_key.is_null()) {
    auto start = item_from(request.exclusive_start_key);
    if (!start) {
      wire::ApiError error = std::move(start).error();
      if (error.spec == &kValidation) {
        error.message = "The provided starting key is invalid: " + error.message;
      }
      return std::unexpected(std::move(error));
    }
    page.start = std::move(*start);
  }

  auto placeholders = placeholders_of(request.names, request.values);
  if (!placeholders) return std::unexpected(std::move(placeholders).error());
  page.placeholders = std::move(*placeholders);
  auto paths =
      projection_of(request.projection_expression, request.attributes_to_get, page.placeholders);
  if (!paths) return std::unexpected(std::move(paths).error());
  page.projection = std::move(*paths);

  if (request.filter_expression) {
    auto parsed =
        parse_condition(ExpressionKind::filter, *request.filter_expression, page.placeholders);
    if (!parsed) return refuse(std::move(parsed).error());
    page.filter.condition = std::move(*parsed);
  } else if (filters) {
    auto join = conditional_operator_of(request.conditional_operator);
    if (!join) return std::unexpected(std::move(join).error());
    auto owned = filter_condition(*filters, *join);
    if (!owned) return std::unexpected(std::move(owned).error());
    page.filter = std::move(*owned);
  }
  return {};
}

}  // namespace mayfly::dynamodb
