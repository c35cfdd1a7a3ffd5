#include "store/rocksdb/disk_space.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>

namespace mayfly::store {
namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;

std::string megabytes(std::uint64_t bytes) { return fmt::format("{} MB", bytes / kMegabyte); }

}  // namespace

std::optional<DiskSpace> disk_space(const std::filesystem::path& folder) {
  struct statvfs status{};
  if (::statvfs(folder.c_str(), &status) != 0) return std::nullopt;
  return DiskSpace{.free = std::uint64_t{status.f_bavail} * status.f_frsize,
                   .total = std::uint64_t{status.f_blocks} * status.f_frsize};
}

std::uint64_t disk_reserve(std::size_t write_buffer_bytes) { return 4 * write_buffer_bytes; }

std::string out_of_space(const std::filesystem::path& folder, std::uint64_t reserve) {
  const auto space = disk_space(folder);
  if (!space || space->free >= reserve) return {};
  return fmt::format(
      "the disk of {} is full: {} are free, of which {} are kept for what is stored already. Free "
      "some space; reading goes on",
      folder.string(), megabytes(space->free), megabytes(reserve));
}

std::string low_on_space(const std::filesystem::path& folder, std::uint64_t reserve) {
  const auto space = disk_space(folder);
  if (!space) return {};
  const std::uint64_t low = std::max(4 * reserve, std::min(1024 * kMegabyte, space->total / 20));
  if (space->free >= low) return {};
  return fmt::format(
      "the disk of {} is nearly full: {} of {} are free; writes are refused below {}",
      folder.string(), megabytes(space->free), megabytes(space->total), megabytes(reserve));
}

}  // namespace mayfly::store
