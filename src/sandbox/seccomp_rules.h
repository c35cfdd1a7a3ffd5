// The system call rules of every sandboxed process, as commented data, and their compiled form.
//
// Two filters are loaded. The first is a list of what is allowed; everything else, also calls that
// a newer kernel may bring, is answered with ENOSYS, so programs fall back as they do on an older
// kernel. The second takes back, by name or by argument, what the first cannot tell apart, mostly
// with EPERM. The stricter answer wins; between two errors, that of the second.
//
// One call is held for the warden: setns into a user namespace, by which a clone enters the
// namespaces that were made for it (docs/decisions/0002-clone-by-notification.md). No call that
// makes or mounts anything is ever let through.
#pragma once

#include <linux/filter.h>

#include <expected>
#include <string>
#include <vector>

namespace mayfly::sandbox {

struct SeccompFilters {
  std::vector<sock_filter> allowed;  // load first
  std::vector<sock_filter> denied;   // load second, with a listener
};

// Compiled for the machine's own architecture; calls of any other one (i386, x32) end the process.
std::expected<SeccompFilters, std::string> compile_seccomp_filters();

}  // namespace mayfly::sandbox
