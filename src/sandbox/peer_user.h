// Whose the other end of a local TCP connection is. Functions that share the machine's network
// reach each other's listeners on the loopback; the user, which each has of its own, tells them
// apart.
//
// Threads: any. Blocks for some microseconds: one question to the kernel.
#pragma once

#include <sys/types.h>

#include <optional>

namespace mayfly::sandbox {

// nullopt: the peer is not on this machine, is gone already, or the kernel does not say.
std::optional<uid_t> user_of_peer(int connected_socket);

}  // namespace mayfly::sandbox
