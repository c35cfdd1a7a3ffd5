// Registry: every environment whose process lives, by the warden's number; routes the warden's
// exits to them.
//
// An exit may be told before its environment was added (the process ended at once): it is kept
// until then. Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/environment/environment.h"

namespace mayfly::engine {

class Registry {
 public:
  void add(const std::shared_ptr<Environment>& environment);
  void exited(sandbox::Exit exit);
  std::vector<std::shared_ptr<Environment>> all() const;
  // True when every process has ended within the time.
  bool wait_until_empty(std::chrono::milliseconds limit) const;

 private:
  static void deliver(const std::shared_ptr<Environment>& environment, sandbox::Exit exit);

  mutable std::mutex mutex_;
  mutable std::condition_variable empty_;
  std::unordered_map<sandbox::ProcessId, std::shared_ptr<Environment>> alive_;
  std::unordered_map<sandbox::ProcessId, sandbox::Exit> early_;
};

}  // namespace mayfly::engine
