// A process of a language's runtime that waits, as a zygote, for orders of the warden.
//
// Each time it is told to it makes a blank sandbox (src/sandbox/blank.h), by the same code that the warden itself has: its
// init is forked from this process, and what is to be a function's process from init. The function's order goes to those
// two: no process of another function ever has its variables in its memory.
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

// Returns true in what is to be a function's process: in a sandbox's namespaces, but with all the rights of this process.
// It may do what is costly in a fork before it takes its order. False where the warden is not there, or no zygote is
// possible. Other threads of this process must be asleep, and hold no locks: nothing waits for them.
bool wait(Descriptors others);

// In such a process: whether take_order() would return at once.
bool order_is_there();

// Waits for the order. The process is then the function's: in its sandbox, confined, with descriptors 0 to 4 as a guest
// finds them. It must have one thread only. Call it once.
Start take_order();

}  // namespace mayfly::zygote
