// What the crash test and the program that it kills agree on.
#pragma once

#include <cstdint>
#include <string>

#include "store/key.h"

namespace mayfly::store::crash {

inline constexpr std::uint32_t kThreads = 4;

// A pipe takes it in one piece.
struct Report {
  std::uint64_t thread = 0;
  std::uint64_t number = 0;
};

inline std::string last_key(std::uint64_t thread) {
  return KeyWriter{}.str("last").u64(thread).done();
}
inline std::string row_key(char kind, std::uint64_t thread, std::uint64_t number) {
  return KeyWriter{}.str(std::string(1, kind)).u64(thread).u64(number).done();
}
inline std::string log_prefix() { return KeyWriter{}.str("log").done(); }

}  // namespace mayfly::store::crash
