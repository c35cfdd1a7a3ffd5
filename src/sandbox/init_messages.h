// What the warden and the first process of a sandbox say to each other, and that process and its
// own: packets (channel.h) of one size.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>

#include "sandbox/channel.h"

namespace mayfly::sandbox {

enum class InitKind : std::uint32_t {
  map_me = 1,  // a new user namespace waits for its id map (the kernel tells whose it is)
  mapped = 2,  // warden: it is written
  main_here,   // the function's process, before its program runs: put me into my group
  go,          // warden: done
  listener,    // the function's process: the seccomp listener is attached
  started,     // init: value = pid of the function's process; attached: listening sockets, then
               // the inside socket
  exited,      // init: value = pid, status as from wait
  prepare,     // warden: make a nest, value = its number, bytes = size of its /tmp, status = a
               // TemplateFiles; attached: the nest's channel
  prepared,    // init: value = pid of the nest's init, status = its number; attached: its pidfd
  furnished,   // nest: attached: its namespaces (MAYFLY_CLONE_FD_USER ...), then its listening
               // sockets
  complete,    // warden, to the nest: INIT is over, copy what it left in /tmp
  completed,   // nest: done
  watch,       // warden: report the exit of the process with pid = value
  terminate,   // warden: SIGTERM to the function's process
  waiting,     // a blank sandbox's process, to init: it waits for the order
  built,       // init, to that process: the sandbox is; attached: its user namespace, where the
               // process is not in it
  failed,      // text: what, as a sentence
};

// What a nest's /tmp has when it is furnished: what the template's INIT has left in its own, or
// nothing yet, since INIT is under way.
enum class TemplateFiles : std::int32_t { now, later };

struct InitMessage {
  InitKind kind{};
  std::int32_t value = 0;
  std::int32_t status = 0;
  std::int32_t unused = 0;
  std::uint64_t bytes = 0;
  std::int64_t cpu_us = 0;
  std::int64_t peak_memory_bytes = 0;
  char text[256] = {};
};

std::expected<void, int> send_message(int channel, const InitMessage& message,
                                      std::span<const int> fds = {});
// Waits for one. Failure: errno; EPIPE where the other side is gone.
std::expected<std::pair<InitMessage, Packet>, int> receive_message(int channel);
// Says why, and ends this process.
[[noreturn]] void give_up(int channel, const std::string& why);

}  // namespace mayfly::sandbox
