#include "admin/copy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/conformance/harness.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::admin {
namespace {

using store::conformance::open_rocks;
using store::conformance::put;
using store::conformance::TempFolder;
namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

ino_t inode(const fs::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_ino;
}

TEST(Copy, SharesWhatIsWrittenOnceAndLeavesCachesOut) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "data/store"});
  put(*store, "a", "1");
  write(folder.path() / "data/lambda/blobs/ab/abc", "zip");
  write(folder.path() / "data/lambda/code/abc/app.py", "unpacked");
  write(folder.path() / "data/lambda/tmp/1", "half done");
  write(folder.path() / "data/branches/x/lambda/blobs/ab/abc", "another branch");
  const fs::path to = folder.path() / "deep/copy";
  ASSERT_TRUE(copy_installation(*store, folder.path() / "data", to));
  put(*store, "b", "2");
  EXPECT_EQ(inode(to / "lambda/blobs/ab/abc"), inode(folder.path() / "data/lambda/blobs/ab/abc"));
  EXPECT_FALSE(fs::exists(to / "lambda/code"));
  EXPECT_FALSE(fs::exists(to / "lambda/tmp"));
  EXPECT_FALSE(fs::exists(to / "branches"));
  auto copy = open_rocks({.path = to / "store"});
  EXPECT_EQ(store::conformance::all_rows(*copy), (store::conformance::Rows{{"a", "1"}}));
}

TEST(Copy, NeverTouchesWhatIsThereAlready) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "data/store"});
  write(folder.path() / "copy/letter.txt", "dear all");
  EXPECT_FALSE(copy_installation(*store, folder.path() / "data", folder.path() / "copy"));
  EXPECT_TRUE(fs::exists(folder.path() / "copy/letter.txt"));
}

}  // namespace
}  // namespace mayfly::admin
