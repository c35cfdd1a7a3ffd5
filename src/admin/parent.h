// The other side of branches.h: a daemon that was started by another one, for as long as that one
// wants it.
#pragma once

#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace mayfly::admin {

// Where a child finds its end of the socket.
inline constexpr int kParentFd = 3;

// Watches the parent's end: SIGTERM for this process once it is gone. Threads: one of its own.
class ParentWatch {
 public:
  explicit ParentWatch(int fd);
  ~ParentWatch();
  ParentWatch(const ParentWatch&) = delete;
  ParentWatch& operator=(const ParentWatch&) = delete;

  // Tells the parent where this daemon answers.
  void announce(const std::string& endpoint);

 private:
  base::UniqueFd life_;
  std::thread thread_;
};

}  // namespace mayfly::admin
