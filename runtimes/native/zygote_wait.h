// A process of a language's runtime that waits, as a zygote, for orders of the warden.
//
// Every order becomes a sandbox by the same code that the warden itself has (src/sandbox/init.cc): its init is forked
// from this process, and the function's process from init. The order, which has the function's variables in it, is
// decoded only in the fork, and wiped here: no process of another function ever has it in its memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mayfly::zygote {

// What the interpreter has open itself, above the reserved numbers, besides /dev/urandom.
enum class Descriptors {
  none,      // it must not have anything
  replaced,  // its event loops': each is /dev/null in the function's process, until the loops are made anew
};

struct Start {
  std::vector<std::string> argv;  // of the program that the process stands for, which it may become by exec
  std::vector<std::string> env;   // "NAME=value"
};

// Returns in processes of sandboxes only, which are to go on as the function's process: in the sandbox, confined, with
// descriptors 0 to 4 as a guest finds them. nullopt where the warden is not there, or no zygote is possible. Other
// threads of this process must be asleep, and hold no locks: nothing waits for them.
std::optional<Start> wait(Descriptors others);

}  // namespace mayfly::zygote
