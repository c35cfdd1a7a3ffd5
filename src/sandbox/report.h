// What isolation this machine and user give, found out by trying it. Threads: one; takes some
// milliseconds.
#pragma once

#include <vector>

#include "sandbox/cgroup.h"
#include "sandbox/root_fs.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

std::vector<Feature> report_isolation(const Cgroups& cgroups, Power power);

}  // namespace mayfly::sandbox
