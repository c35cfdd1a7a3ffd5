#include "base/folder_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace mayfly::base {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

class FolderWatchTest : public ::testing::Test {
 protected:
  FolderWatchTest() {
    std::string name = ::testing::TempDir() + "folder-watch-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~FolderWatchTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& path, const std::string& text = "x") {
    std::ofstream(folder_ / path) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(FolderWatchTest, TellsOfEditsAtOnceAndOnlyOnce) {
  write("app.py");
  FolderWatch watch(folder_);
  EXPECT_THAT(watch.drain(), IsEmpty());
  write("app.py", "y");
  EXPECT_THAT(watch.drain(), Contains("app.py"));
  EXPECT_THAT(watch.drain(), IsEmpty());
  std::filesystem::remove(folder_ / "app.py");
  EXPECT_THAT(watch.drain(), Contains("app.py"));
}

TEST_F(FolderWatchTest, SeesWhatEditorsDoWhoWriteAnotherFileAndRenameIt) {
  write("app.py");
  FolderWatch watch(folder_);
  write("app.py.tmp", "y");
  watch.drain();
  std::filesystem::rename(folder_ / "app.py.tmp", folder_ / "app.py");
  EXPECT_THAT(watch.drain(), Contains("app.py"));
}

TEST_F(FolderWatchTest, WatchesFoldersAtEveryDepthAndThoseMadeLater) {
  std::filesystem::create_directories(folder_ / "a/b/c");
  FolderWatch watch(folder_);
  write("a/b/c/deep.py");
  EXPECT_THAT(watch.drain(), Contains("a/b/c/deep.py"));
  std::filesystem::create_directories(folder_ / "later/still");
  EXPECT_THAT(watch.drain(), Contains("later"));
  write("later/still/new.py");
  EXPECT_THAT(watch.drain(), Contains("later/still/new.py"));
  std::filesystem::rename(folder_ / "later", folder_ / "moved");
  watch.drain();
  write("moved/still/new.py", "y");
  EXPECT_THAT(watch.drain(), ::testing::Not(IsEmpty()));
}

TEST_F(FolderWatchTest, LeavesOutWhatIsNoCode) {
  std::filesystem::create_directories(folder_ / ".git/objects");
  std::filesystem::create_directories(folder_ / "__pycache__");
  FolderWatch watch(folder_);
  write(".git/objects/1");
  write("__pycache__/app.pyc");
  EXPECT_THAT(watch.drain(), IsEmpty());
}

TEST_F(FolderWatchTest, AFolderThatCannotBeWatchedSaysSo) {
  EXPECT_FALSE(FolderWatch(folder_ / "not there").whole());
  EXPECT_TRUE(FolderWatch(folder_).whole());
}

}  // namespace
}  // namespace mayfly::base
