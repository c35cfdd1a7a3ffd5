// How much room the disk of a folder has, and from when on writes are refused.
//
// Writing until the disk is full would leave RocksDB without the room to flush what it has in
// memory, and then nothing is sure any more. So a commit is refused while less than a reserve is
// free: nothing half-done, reads go on, and the next commit goes through once there is room again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace mayfly::store {

struct DiskSpace {
  std::uint64_t free = 0;  // for us, in bytes
  std::uint64_t total = 0;
};

// nullopt where the system does not say.
std::optional<DiskSpace> disk_space(const std::filesystem::path& folder);

// Kept free for what has been committed and is still to be written elsewhere: flushes, and the
// compaction of one file.
std::uint64_t disk_reserve(std::size_t write_buffer_bytes);

// Why no commit is taken, as a sentence; empty where one is.
std::string out_of_space(const std::filesystem::path& folder, std::uint64_t reserve);

// That this will be soon, as a sentence; empty where there is room.
std::string low_on_space(const std::filesystem::path& folder, std::uint64_t reserve);

}  // namespace mayfly::store
