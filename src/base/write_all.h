// Writing all of some bytes to a descriptor, however many calls that takes.
//
// Blocks. False, with errno, where the descriptor refuses; a part may be written then. Threads:
// any.
#pragma once

#include <errno.h>
#include <unistd.h>

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

}  // namespace mayfly::base
