// The warden process: answers the daemon's requests until the daemon is gone, then ends every
// sandbox and itself. Runs in the child that Warden::launch forked; single-threaded; never returns.
#pragma once

#include <sys/types.h>

#include "base/unique_fd.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

[[noreturn]] void run_warden(base::UniqueFd daemon_channel, const WardenOptions& options,
                             pid_t daemon);

}  // namespace mayfly::sandbox
