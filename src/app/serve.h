// `mayfly serve`: the daemon's life as a process: checks, the warden before the first thread,
// signals, start, stop.
#pragma once

#include "cli/cli.h"

namespace mayfly::app {

// Returns when SIGTERM or SIGINT came and all has ended, or at once with 2 and a message on
// standard error when it cannot start.
int serve(const cli::ServeOptions& options);

}  // namespace mayfly::app
