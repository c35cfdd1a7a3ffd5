#include "services/lambda/model/code_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/spawn.h"
#include "base/strings.h"
#include "services/lambda/tests/temp_folder.h"
#include "services/lambda/tests/zips.h"

namespace mayfly::lambda {
namespace {

namespace fs = std::filesystem;
using base::sync_wait;

struct CodeStoreTest : ::testing::Test {
  testing::TempFolder folder;
  std::string zip = testing::python_zip();
  std::string blob(const std::string& sha256) const {
    return folder.path() + "/blobs/" + sha256.substr(0, 2) + "/" + sha256;
  }
};

TEST_F(CodeStoreTest, KeepsBothFormsAcrossRestarts) {
  std::string sha256;
  {
    CodeStore store(folder.path());
    auto package = sync_wait(store.put(zip));
    ASSERT_TRUE(package.has_value());
    sha256 = package->sha256;
    EXPECT_EQ(sha256, base::to_hex(base::sha256(zip)));
    EXPECT_EQ(package->size, static_cast<std::int64_t>(zip.size()));
    EXPECT_TRUE(fs::exists(*sync_wait(store.unpacked(sha256)) + "/index.py"));
  }
  // What a crash left half-done goes; a cache that was lost comes back from the blob.
  fs::create_directory(folder.path() + "/tmp/7");
  fs::remove_all(folder.path() + "/code/" + sha256);
  CodeStore store(folder.path());
  EXPECT_TRUE(fs::is_empty(folder.path() + "/tmp"));
  auto unpacked = sync_wait(store.unpacked(sha256));
  ASSERT_TRUE(unpacked.has_value());
  EXPECT_TRUE(fs::exists(*unpacked + "/index.py"));
  EXPECT_EQ(sync_wait(store.read(sha256)), zip);
  EXPECT_EQ(sync_wait(store.list()), std::vector<std::string>{sha256});
}

TEST_F(CodeStoreTest, ABadZipLeavesNothing) {
  CodeStore store(folder.path());
  auto refused = sync_wait(store.put(testing::make_zip({{"a", "x"}, {"p", "", S_IFIFO | 0644}})));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(sync_wait(store.list()).empty());
  EXPECT_TRUE(fs::is_empty(folder.path() + "/tmp"));
  EXPECT_TRUE(sync_wait(store.check(zip)).has_value());
  EXPECT_TRUE(sync_wait(store.list()).empty());
  EXPECT_FALSE(sync_wait(store.unpacked("../../etc")).has_value());
}

TEST_F(CodeStoreTest, PinsAndPutsStopRemoval) {
  CodeStore store(folder.path());
  auto package = sync_wait(store.put(zip));
  const std::string sha256 = package->sha256;
  EXPECT_FALSE(store.begin_removal(sha256));  // pinned: not committed yet
  package->pin.reset();
  EXPECT_TRUE(store.begin_removal(sha256));
  auto again = sync_wait(store.put(zip));  // between the look and the removal
  EXPECT_FALSE(sync_wait(store.finish_removal(sha256)));
  EXPECT_TRUE(fs::exists(blob(sha256)));
  again->pin.reset();
  EXPECT_TRUE(store.begin_removal(sha256));
  EXPECT_TRUE(sync_wait(store.finish_removal(sha256)));
  EXPECT_FALSE(fs::exists(blob(sha256)));
  EXPECT_TRUE(sync_wait(store.list()).empty());
}

TEST_F(CodeStoreTest, ADamagedBlobIsNotGivenOut) {
  CodeStore store(folder.path());
  auto package = sync_wait(store.put(zip));
  std::ofstream(blob(package->sha256), std::ios::app) << "x";
  EXPECT_FALSE(sync_wait(store.read(package->sha256)).has_value());
}

}  // namespace
}  // namespace mayfly::lambda
