// Unpacking a code package that somebody uploaded.
//
// Nothing of the archive is trusted: names, modes, sizes and link targets are checked before
// anything is created, and what comes out while inflating is counted, whatever the headers claim.
// The result is a tree in which every file is readable by all, executables stay executable, and no
// symbolic link leads out. On failure the folder may hold a part; the caller removes it. Threads:
// any; the calls block.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace mayfly::lambda {

struct ZipLimits {
  std::uint64_t unpacked_bytes =
      262'144'000;  // AWS: "Unzipped size must be smaller than 262144000 bytes"
  std::uint64_t entries = 200'000;
  std::size_t path_bytes = 1024;
  std::size_t depth = 64;
};

enum class ZipFault {
  unreadable,  // no zip, damaged, encrypted, or an entry that has no place in a code package
  empty,       // a zip without entries
  too_large,   // more bytes or entries than the limits
  io,          // this machine's disk; not the client's fault
};

struct ZipError {
  ZipFault fault;
  std::string detail;  // for the daemon's log and tests; clients get AWS's sentence
};

struct ZipSummary {
  std::uint64_t entries = 0;
  std::uint64_t unpacked_bytes = 0;
};

// Unpacks into `folder`, which exists and is empty.
std::expected<ZipSummary, ZipError> unpack_zip(std::string_view zip, const std::string& folder,
                                               const ZipLimits& limits = {});

}  // namespace mayfly::lambda
