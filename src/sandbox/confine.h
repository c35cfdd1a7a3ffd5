// What a process takes upon itself before it runs a user's code: resource limits, no capabilities,
// no new privileges, a key ring of its own, no reach to abstract Unix sockets outside (Landlock,
// where the kernel has it), system call filters. Each function acts on the calling process, cannot
// be undone by it, and says which step failed.
#pragma once

#include <expected>
#include <string>

#include "base/unique_fd.h"
#include "sandbox/seccomp_rules.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

std::expected<void, std::string> set_resource_limits(const Limits& limits);
// Permitted, effective, inheritable, ambient and bounding sets; root's special treatment by exec is
// off and locked.
std::expected<void, std::string> drop_capabilities();
void leave_key_rings();
// False where the kernel has no such scope (before Linux 6.12).
bool confine_unix_sockets();
bool kernel_confines_unix_sockets();
// Loads both filters; returns the listener on which held calls arrive.
std::expected<base::UniqueFd, std::string> load_filters(const SeccompFilters& filters);

}  // namespace mayfly::sandbox
