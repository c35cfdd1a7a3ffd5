// Writes bytes to a TCP listener on the loopback and ends the connection: how telemetry reaches a
// TCP destination.
//
// Threads: called on `loop`, whose turns the work takes; the coroutine resumes on the executor it
// left. `socket`: not connected; it is closed at the end.
#pragma once

#include <cstdint>
#include <string>

#include "base/task.h"
#include "base/unique_fd.h"
#include "http/io.h"

namespace mayfly::engine {

// Whether all was written. The listener is waited for until it has closed its end too, so that
// nothing is reset under it; not for longer than 5 s in all.
base::Task<bool> send_lines(http::Loop& loop, base::UniqueFd socket, std::uint16_t port,
                            std::string bytes);

}  // namespace mayfly::engine
