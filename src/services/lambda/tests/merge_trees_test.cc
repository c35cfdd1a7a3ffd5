#include "services/lambda/model/merge_trees.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "services/lambda/tests/temp_folder.h"

namespace mayfly::lambda {
namespace {

namespace fs = std::filesystem;

struct MergeTreesTest : ::testing::Test {
  testing::TempFolder folder;
  std::string make(const std::string& name) {
    const std::string path = folder.path() + "/" + name;
    fs::create_directories(path);
    return path;
  }
  static void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  static std::string read(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
};

TEST_F(MergeTreesTest, LaterTreesWinAndFilesAreShared) {
  const std::string a = make("a"), b = make("b"), out = make("out");
  write(a + "/bin/tool", "old");
  write(a + "/bin/only_a", "a");
  write(b + "/bin/tool", "new");
  fs::create_symlink("tool", b + "/bin/alias");
  const auto merged = merge_trees({a, b}, out);
  ASSERT_TRUE(merged.has_value()) << merged.error();
  EXPECT_EQ(read(out + "/bin/tool"), "new");
  EXPECT_EQ(read(out + "/bin/alias"), "new");
  EXPECT_EQ(fs::read_symlink(out + "/bin/alias"), "tool");
  struct stat source{}, target{};
  ASSERT_EQ(::stat((a + "/bin/only_a").c_str(), &source), 0);
  ASSERT_EQ(::stat((out + "/bin/only_a").c_str(), &target), 0);
  EXPECT_EQ(source.st_ino, target.st_ino);
  EXPECT_EQ(read(a + "/bin/tool"), "old");  // sources stay as they are
}

// A name may be a file, a folder or a link in different layers; a link is replaced, never followed.
TEST_F(MergeTreesTest, KindsMayDiffer) {
  const std::string a = make("a"), b = make("b"), c = make("c"), out = make("out");
  const std::string outside = make("outside");
  fs::create_symlink("../outside", a + "/lib");
  write(a + "/x/deep/file", "a");
  write(a + "/y", "a");
  write(b + "/lib/file", "b");
  write(b + "/x", "b");
  write(b + "/y/inner", "b");
  fs::create_symlink("x", c + "/y");
  const auto merged = merge_trees({a, b, c}, out);
  ASSERT_TRUE(merged.has_value()) << merged.error();
  EXPECT_EQ(read(out + "/lib/file"), "b");
  EXPECT_FALSE(fs::is_symlink(out + "/lib"));
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_EQ(read(out + "/x"), "b");
  EXPECT_TRUE(fs::is_symlink(out + "/y"));
}

TEST_F(MergeTreesTest, AMissingTreeIsAnError) {
  EXPECT_FALSE(merge_trees({folder.path() + "/none"}, make("out")).has_value());
}

}  // namespace
}  // namespace mayfly::lambda
