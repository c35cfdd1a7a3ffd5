// What a process in a sandbox goes through before it runs a function's code: it gets its
// descriptors, joins its group, and gives up all its power for good.
//
// Each function acts on the calling process, which is in the sandbox's namespaces, and ends it
// where a step fails: the warden is told which. Threads: one.
#pragma once

#include <vector>

#include "sandbox/init.h"

namespace mayfly::sandbox {

// Asks the warden to put this process into its group, and waits until it is there.
void join_group(int setup);

// Puts the ends where a guest finds them. The calling process's other descriptors stay open, those
// of `ends` too. Returns a number of what was `setup`.
int place_ends(const GuestEnds& ends);

// After it the process has the function's user, no capabilities, its limits and its filters, and
// the warden has the listener of held calls. `report`: what was the setup channel.
void confine(const SandboxSpec& spec, const HostSide& host, const SeccompFilters& filters,
             int report);

// All of that, and then the program.
[[noreturn]] void run_function_process(const SandboxPlan& plan);

}  // namespace mayfly::sandbox
