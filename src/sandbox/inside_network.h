// The network of a sandbox that has one of its own: a loopback interface and listening sockets on
// it.
//
// For the sandbox's init, in the new network namespace, while it has the power over it (addresses,
// ports below 1024). Threads: one. Failure: a sentence.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/warden.h"

namespace mayfly::sandbox {

// The only interface, with its usual addresses.
std::expected<void, std::string> bring_up_loopback();
// Gives it SandboxSpec::own_addresses as well.
std::expected<void, std::string> add_own_addresses(const SandboxSpec& spec);

// Those of SandboxSpec::listen_ports, then of open_ports.
std::expected<std::vector<base::UniqueFd>, std::string> open_listeners(const SandboxSpec& spec);

}  // namespace mayfly::sandbox
