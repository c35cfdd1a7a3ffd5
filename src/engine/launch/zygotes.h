// Zygotes: for each interpreter of this machine at most one process that has it and its SDK loaded
// and no user code, from which the warden forks functions' processes.
//
// One is started when the first function needs its interpreter, which is too late for that one, and
// stays. With real root's power a zygote is one of root's programs: an interpreter that anybody
// else could change gets none. Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "engine/launch/runtimes.h"
#include "engine/services.h"

namespace mayfly::engine {

class Zygotes {
 public:
  explicit Zygotes(const Services& services) : services_(services) {}
  // 0: none for this interpreter.
  sandbox::ProcessId of(const Choice& choice);

 private:
  const Services& services_;
  std::mutex mutex_;
  std::map<std::string, sandbox::ProcessId> by_interpreter_;
};

}  // namespace mayfly::engine
