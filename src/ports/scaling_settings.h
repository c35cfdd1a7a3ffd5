// ScalingSettings: what Application Auto Scaling knows about a capacity of another service's
// resource, for the operations of that service that show and change it (DynamoDB's of replicas).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"
#include "wire/error.h"

namespace mayfly::ports {

struct ScalableCapacity {
  base::Scope scope;
  std::string service;    // "dynamodb"
  std::string resource;   // "table/NAME"
  std::string dimension;  // "dynamodb:table:ReadCapacityUnits"
};

// By target tracking.
struct ScalingPolicy {
  std::string name;
  double target = 0;
  std::optional<std::int32_t> scale_in_cooldown, scale_out_cooldown;  // seconds
  std::optional<bool> no_scale_in;
};

struct CapacityScaling {
  std::optional<std::int32_t> min, max;  // there in what was found
  std::optional<std::string> role_arn;   // the same
  std::vector<ScalingPolicy> policies;
};

class ScalingSettings {
 public:
  virtual ~ScalingSettings() = default;
  // nullopt: the capacity is not scaled.
  virtual base::Task<wire::Result<std::optional<CapacityScaling>>> find(ScalableCapacity of) = 0;
  // Changes what is given; a policy takes the place of the one with its name. `metric`: of the
  // policies, "DynamoDBReadCapacityUtilization".
  virtual base::Task<wire::Result<void>> change(ScalableCapacity of, CapacityScaling to,
                                                std::string metric, base::WallTime now) = 0;
  virtual base::Task<wire::Result<void>> end(ScalableCapacity of) = 0;
};

}  // namespace mayfly::ports
