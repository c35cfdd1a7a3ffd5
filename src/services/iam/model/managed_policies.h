// Policies of AWS's own account that can be read here: a few that functions commonly use. All
// others can be attached, not read.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace mayfly::iam {

struct ManagedPolicy {
  std::string_view path;  // "/service-role/"
  std::string_view name;
  std::string_view document;
};

inline constexpr std::string_view kManagedPrefix = "arn:aws:iam::aws:policy/";

std::span<const ManagedPolicy> managed_policies();
const ManagedPolicy* find_managed_policy(std::string_view arn);

}  // namespace mayfly::iam
