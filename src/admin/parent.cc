#include "admin/parent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace mayfly::admin {

ParentWatch::ParentWatch(int fd) : life_(fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  thread_ = std::thread([fd] {
    char byte = 0;
    ssize_t count = 0;
    do {
      count = ::read(fd, &byte, 1);
    } while (count > 0 || (count < 0 && errno == EINTR));
    ::kill(::getpid(), SIGTERM);
  });
}

ParentWatch::~ParentWatch() {
  ::shutdown(life_.get(), SHUT_RDWR);
  thread_.join();
}

void ParentWatch::announce(const std::string& endpoint) {
  const std::string line = endpoint + "\n";
  // Where the parent is gone, the thread sees it too.
  [[maybe_unused]] const ssize_t sent = ::send(life_.get(), line.data(), line.size(), MSG_NOSIGNAL);
}

}  // namespace mayfly::admin
