#include "services/dynamodb/operations/parameters.h"

#include <algorithm>
#include <set>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/operations/read.h"

namespace mayfly::dynamodb {
namespace {

// Of all names of a request, and of all values: 2 MB each.
constexpr std::size_t kMaxPlaceholderBytes = 2 * 1024 * 1024;

std::string join(const std::vector<Given>& parameters, bool present, std::string_view separator) {
  std::string out;
  for (const Given& given : parameters) {
    if (given.present != present) continue;
    if (!out.empty()) out.append(separator);
    out.append(given.parameter);
  }
  return out;
}

bool any(const std::vector<Given>& parameters) {
  return std::ranges::any_of(parameters, &Given::present);
}

wire::Result<std::vector<Value>> values_of(std::vector<wire::Document>& documents) {
  std::vector<Value> values;
  values.reserve(documents.size());
  for (wire::Document& document : documents) {
    auto value = value_from(document);
    if (!value) return std::unexpected(std::move(value).error());
    values.push_back(std::move(*value));
  }
  return values;
}

wire::Result<LegacyCondition> expected_of(const std::string& attribute, ExpectedValue& given) {
  LegacyCondition condition{attribute, {}, {}};
  const bool has_value = !given.value.is_null();
  const std::string name = " for Attribute: " + attribute;
  if (given.comparison) {
    if (given.exists) {
      return refuse(
          "One or more parameter values were invalid: Exists and ComparisonOperator cannot be used "
          "together" +
          name);
    }
    if (has_value && given.values) {
      return refuse(
          "One or more parameter values were invalid: Value and AttributeValueList cannot be used "
          "together" +
          name);
    }
    condition.comparison = std::move(*given.comparison);
  } else {
    if (given.values) {
      return refuse(
          "One or more parameter values were invalid: AttributeValueList can only be used with a "
          "ComparisonOperator" +
          name);
    }
    if (given.exists.value_or(true) != has_value) {
      return refuse(
          has_value
              ? "One or more parameter values were invalid: Value cannot be used when Exists is "
                "false" +
                    name
              : "One or more parameter values were invalid: Value must be provided when Exists "
                "is " +
                    std::string(given.exists ? "true" : "null") + name);
    }
    condition.comparison = has_value ? "EQ" : "NULL";
  }
  if (has_value) {
    auto value = value_from(given.value);
    if (!value) return std::unexpected(std::move(value).error());
    condition.values.push_back(std::move(*value));
  } else if (given.values) {
    auto values = values_of(*given.values);
    if (!values) return std::unexpected(std::move(values).error());
    condition.values = std::move(*values);
  }
  return condition;
}

wire::Result<OwnedCondition> translated(std::vector<LegacyCondition> legacy,
                                        ConditionalOperator join_by) {
  OwnedCondition owned;
  owned.legacy = std::move(legacy);
  if (owned.legacy.empty()) return owned;
  auto condition = condition_of(owned.legacy, join_by);
  if (!condition) return refuse(std::move(condition).error());
  owned.condition = std::move(*condition);
  return owned;
}

}  // namespace

wire::Result<void> check_use(const ParameterUse& use, const Names& names,
                             const wire::Document& values) {
  std::vector<Given> expressions = use.other_expressions;
  expressions.insert(expressions.end(), use.value_expressions.begin(), use.value_expressions.end());
  if (any(use.legacy) && any(expressions)) {
    return refuse(
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {" +
        join(use.legacy, true, ", ") + "} Expression parameters: {" +
        join(expressions, true, ", ") + "}");
  }
  if (names && !any(expressions)) {
    return refuse("ExpressionAttributeNames can only be specified when using expressions");
  }
  if (!values.is_null() && !any(use.value_expressions)) {
    return refuse("ExpressionAttributeValues can only be specified when using expressions: " +
                  join(use.value_expressions, false, " and ") +
                  (use.value_expressions.size() == 1 ? " is null" : " are null"));
  }
  return {};
}

namespace {

wire::Result<void> add_names(Names& names, Placeholders& out) {
  if (names->empty()) return refuse("ExpressionAttributeNames must not be empty");
  std::size_t bytes = 0;
  for (auto& [key, name] : *names) {
    bytes += key.size() + name.size();
    if (bytes > kMaxPlaceholderBytes) return refuse("ExpressionAttributeNames exceeds max size");
    if (auto added = out.add_name(key, std::move(name)); !added) {
      return refuse(std::move(added).error());
    }
  }
  return {};
}

wire::Result<void> add_values(wire::Document& values, Placeholders& out) {
  wire::DocumentMap* map = values.as_map();
  if (map == nullptr) return wire::fail(wire::kSerialization, "Unexpected field type");
  if (map->empty()) return refuse("ExpressionAttributeValues must not be empty");
  std::size_t bytes = 0;
  for (auto& [key, document] : *map) {
    auto value = value_from(document);
    if (!value) {
      wire::ApiError error = std::move(value).error();
      if (error.spec == &kValidation) {
        error.message = "ExpressionAttributeValues contains invalid value: " + error.message +
                        " for key " + key;
      }
      return std::unexpected(std::move(error));
    }
    bytes += key.size() + size_of(*value);
    if (bytes > kMaxPlaceholderBytes) return refuse("ExpressionAttributeValues exceeds max size");
    if (auto added = out.add_value(std::move(key), std::move(*value)); !added) {
      return refuse(std::move(added).error());
    }
  }
  return {};
}

}  // namespace

wire::Result<Placeholders> placeholders_of(Names& names, wire::Document& values) {
  Placeholders out;
  if (names) {
    if (auto added = add_names(names, out); !added) {
      return std::unexpected(std::move(added).error());
    }
  }
  if (!values.is_null()) {
    if (auto added = add_values(values, out); !added) {
      return std::unexpected(std::move(added).error());
    }
  }
  out.sort();
  return out;
}

wire::Result<ConditionalOperator> conditional_operator_of(const std::optional<std::string>& text) {
  return text == "OR" ? ConditionalOperator::any : ConditionalOperator::all;
}

wire::Result<OwnedCondition> expected_condition(std::map<std::string, ExpectedValue>& expected,
                                                ConditionalOperator join_by) {
  std::vector<LegacyCondition> legacy;
  for (auto& [attribute, given] : expected) {
    auto condition = expected_of(attribute, given);
    if (!condition) return std::unexpected(std::move(condition).error());
    legacy.push_back(std::move(*condition));
  }
  return translated(std::move(legacy), join_by);
}

wire::Result<OwnedCondition> filter_condition(std::map<std::string, LegacyFilter>& filters,
                                              ConditionalOperator join_by) {
  std::vector<LegacyCondition> legacy;
  for (auto& [attribute, given] : filters) {
    LegacyCondition condition{attribute, std::move(given.comparison), {}};
    if (given.values) {
      auto values = values_of(*given.values);
      if (!values) return std::unexpected(std::move(values).error());
      condition.values = std::move(*values);
    }
    legacy.push_back(std::move(condition));
  }
  return translated(std::move(legacy), join_by);
}

wire::Result<std::optional<Projection>> projection_of(
    const std::optional<std::string>& expression,
    std::optional<std::vector<std::string>>& attributes, Placeholders& placeholders) {
  if (expression) {
    auto parsed = parse_projection(*expression, placeholders);
    if (!parsed) return refuse(std::move(parsed).error());
    return std::optional(std::move(*parsed));
  }
  if (!attributes) return std::optional<Projection>{};
  Projection projection;
  std::set<std::string> seen;
  for (std::string& attribute : *attributes) {
    if (!seen.insert(attribute).second) {
      return refuse(
          "One or more parameter values were invalid: Duplicate value in attribute name: " +
          attribute);
    }
    projection.push_back(path_of(std::move(attribute)));
  }
  return std::optional(std::move(projection));
}

wire::Result<void> check_projection_use(const std::optional<std::string>& expression,
                                        const std::optional<std::vector<std::string>>& attributes,
                                        const Names& names) {
  return check_use({{{"AttributesToGet", attributes.has_value()}},
                    {},
                    {{"ProjectionExpression", expression.has_value()}}},
                   names, {});
}

wire::Result<std::optional<Projection>> read_projection(
    const std::optional<std::string>& expression,
    std::optional<std::vector<std::string>>& attributes, Names& names) {
  wire::Document no_values;
  auto placeholders = placeholders_of(names, no_values);
  if (!placeholders) return std::unexpected(std::move(placeholders).error());
  auto projection = projection_of(expression, attributes, *placeholders);
  if (!projection) return projection;
  if (auto used = placeholders->all_used(); !used) return refuse(std::move(used).error());
  return projection;
}

}  // namespace mayfly::dynamodb
