// What this machine has.
#pragma once

#include <unistd.h>

#include <cstdint>

namespace mayfly::base {

// In bytes.
inline std::uint64_t physical_memory() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace mayfly::base
