// Where Application Auto Scaling keeps what. The only file that knows these bytes.
//
//   autoscaling (scope) 1 namespace resource dimension        TargetRow
//   autoscaling (scope) 2 namespace resource dimension name   ScalingPolicy
//   autoscaling (scope) 3 namespace resource dimension name   ScheduledAction
//
// Rows are JSON (wire/row.h), to which members may be added.
#pragma once

#include <string>
#include <string_view>

#include "services/autoscaling/shapes.h"
#include "store/keyspaces.h"

namespace mayfly::autoscaling {

struct TargetRow {
  ScalableTarget target;
  Tags tags;
  static constexpr auto shape() {
    return std::tuple{wire::field("target", &TargetRow::target).required(),
                      wire::field("tags", &TargetRow::tags)};
  }
};

enum class Kind : std::uint8_t { target = 1, policy = 2, action = 3 };  // stored: append only

inline store::KeyWriter key_of_kind(const base::Scope& scope, Kind kind) {
  return key_in(store::KeySpace::autoscaling, scope).u8(static_cast<std::uint8_t>(kind));
}
inline std::string all_of(const base::Scope& scope, Kind kind) {
  return key_of_kind(scope, kind).done();
}
inline std::string all_of(const base::Scope& scope, Kind kind, std::string_view space) {
  return key_of_kind(scope, kind).str(space).done();
}
// Of a target, or all policies or actions of one; `of` has the three members that name it.
template <class Named>
std::string key_of(const base::Scope& scope, Kind kind, const Named& of) {
  return key_of_kind(scope, kind)
      .str(of.service_namespace)
      .str(of.resource_id)
      .str(of.dimension)
      .done();
}
template <class Named>
std::string key_of(const base::Scope& scope, Kind kind, const Named& of, std::string_view name) {
  return key_of_kind(scope, kind)
      .str(of.service_namespace)
      .str(of.resource_id)
      .str(of.dimension)
      .str(name)
      .done();
}

}  // namespace mayfly::autoscaling
