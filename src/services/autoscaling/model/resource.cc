#include "services/autoscaling/model/resource.h"

#include <algorithm>
#include <array>

namespace mayfly::autoscaling {
namespace {

std::size_t parts_of(std::string_view text, char separator) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text, separator));
}

// "table/NAME" and "table/NAME/index/INDEX"; "function:NAME:QUALIFIER", where a version cannot be
// scaled but an alias can.
bool fits(std::string_view resource, std::string_view dimension) {
  const bool table = resource.starts_with("table/");
  if (dimension.starts_with("dynamodb:table:")) return table && parts_of(resource, '/') == 2;
  if (dimension.starts_with("dynamodb:index:"))
    return table && parts_of(resource, '/') == 4 && resource.contains("/index/");
  return resource.starts_with("function:") && parts_of(resource, ':') == 3 &&
         !resource.ends_with(":$LATEST");
}

}  // namespace

wire::Result<void> check_resource(std::string_view space, std::string_view resource,
                                  std::string_view dimension) {
  static constexpr std::array<std::string_view, 5> kDimensions{
      "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits",
      "dynamodb:index:ReadCapacityUnits", "dynamodb:index:WriteCapacityUnits",
      "lambda:function:ProvisionedConcurrency"};
  if (space != "dynamodb" && space != "lambda") {
    return wire::not_supported("Scaling in the namespace " + std::string(space));
  }
  if (std::ranges::find(kDimensions, dimension) == kDimensions.end() ||
      !dimension.starts_with(space) || !fits(resource, dimension)) {
    return refuse("Unsupported service namespace, resource type or scalable dimension");
  }
  return {};
}

std::string default_role(std::string_view account, std::string_view space) {
  const bool tables = space == "dynamodb";
  return "arn:aws:iam::" + std::string(account) + ":role/aws-service-role/" +
         (tables ? "dynamodb" : "lambda") +
         ".application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_" +
         (tables ? "DynamoDBTable" : "LambdaConcurrency");
}

}  // namespace mayfly::autoscaling
