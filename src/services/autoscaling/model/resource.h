// What can be scaled: namespaces, their resources and dimensions.
#pragma once

#include <string>
#include <string_view>

#include "services/autoscaling/errors.h"

namespace mayfly::autoscaling {

// Refuses what is no such resource, or has no such dimension.
wire::Result<void> check_resource(std::string_view space, std::string_view resource,
                                  std::string_view dimension);
// The service-linked role that AWS uses for it.
std::string default_role(std::string_view account, std::string_view space);

}  // namespace mayfly::autoscaling
