// Write-ahead logs on the disk: what is behind their end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/unique_fd.h"
#include "store/conformance/harness.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

// How many bytes from the beginning of the file have blocks that were written, and not only
// reserved. nullopt where the file system does not tell.
std::optional<std::uint64_t> written_bytes(const std::filesystem::path& path) {
  constexpr std::uint32_t kMost = 256;
  const base::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::vector<std::byte> memory(sizeof(fiemap) + kMost * sizeof(fiemap_extent));
  auto* map = reinterpret_cast<fiemap*>(memory.data());
  map->fm_length = FIEMAP_MAX_OFFSET;
  map->fm_extent_count = kMost;
  if (::ioctl(file.get(), FS_IOC_FIEMAP, map) != 0) return std::nullopt;
  std::uint64_t end = 0;
  for (std::uint32_t at = 0; at < map->fm_mapped_extents; ++at) {
    const fiemap_extent& each = map->fm_extents[at];
    const bool reserved = (each.fe_flags & (FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_DELALLOC)) != 0;
    if (each.fe_logical != end || reserved) break;
    end += each.fe_length;
  }
  return end;
}

std::filesystem::path log_of(const std::filesystem::path& store) {
  for (const auto& entry : std::filesystem::directory_iterator(store)) {
    if (entry.path().extension() == ".log") return entry.path();
  }
  return {};
}

// So that a commit waits for one write to the disk and not for two (docs/decisions/0020).
TEST(LogFiles, BlocksBehindTheEndWereWrittenWithAnEarlierCommit) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s"});
  put(*store, "a", "1");
  const std::filesystem::path log = log_of(folder.path() / "s");
  const auto first = written_bytes(log);
  if (!first) GTEST_SKIP() << "this file system does not tell which blocks were written";
  EXPECT_GE(*first, 128U << 10);
  EXPECT_GE(std::filesystem::file_size(log), 4U << 20);
  for (int number = 0; number < 200; ++number) put(*store, "a", std::string(1000, 'x'));
  EXPECT_GE(*written_bytes(log), (200U + 32U) << 10);
  store.reset();
  store = open_rocks({.path = folder.path() / "s"});
  EXPECT_EQ(all_rows(*store), (Rows{{"a", std::string(1000, 'x')}}));
}

TEST(LogFiles, AStoreThatDoesNotSyncReservesNothing) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s", .durability = Durability::relaxed});
  put(*store, "a", "1");
  EXPECT_LT(std::filesystem::file_size(log_of(folder.path() / "s")), 4096U);
}

}  // namespace
}  // namespace mayfly::store::conformance
