// What stands for Application Auto Scaling, which is another service.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ports/scaling_settings.h"

namespace mayfly::dynamodb {

// Keeps what it is told.
class FakeScaling final : public ports::ScalingSettings {
 public:
  using Settings = std::optional<ports::CapacityScaling>;
  base::Task<wire::Result<Settings>> find(ports::ScalableCapacity of) override {
    const auto found = told.find(name(of));
    return base::Task<wire::Result<Settings>>::ready(found == told.end() ? Settings{}
                                                                         : Settings(found->second));
  }
  base::Task<wire::Result<void>> change(ports::ScalableCapacity of, ports::CapacityScaling to,
                                        std::string, base::WallTime) override {
    told.insert_or_assign(name(of), std::move(to));
    return base::Task<wire::Result<void>>::ready({});
  }
  base::Task<wire::Result<void>> end(ports::ScalableCapacity of) override {
    told.erase(name(of));
    return base::Task<wire::Result<void>>::ready({});
  }
  // "us-east-1 table/T dynamodb:table:ReadCapacityUnits"
  std::map<std::string, ports::CapacityScaling> told;

 private:
  static std::string name(const ports::ScalableCapacity& of) {
    return of.scope.region + " " + of.resource + " " + of.dimension;
  }
};

}  // namespace mayfly::dynamodb
