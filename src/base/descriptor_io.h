// Reading and writing all of some bytes, however many calls that takes.
//
// Blocks. False, with errno, where the descriptor refuses, and where it ends too early (errno 0); a
// part may be done then. Threads: any.
#pragma once

#include <errno.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace mayfly::base {

inline bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// As many bytes as `into` has.
inline bool read_all(int file, std::string& into) {
  for (std::size_t done = 0; done < into.size();) {
    const ssize_t count = ::read(file, into.data() + done, into.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = 0;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace mayfly::base
