#include "services/lambda/model/zip.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "services/lambda/tests/temp_folder.h"
#include "services/lambda/tests/zips.h"

namespace mayfly::lambda {
namespace {

using testing::make_zip;
using testing::renamed;
namespace fs = std::filesystem;

struct ZipTest : ::testing::Test {
  std::expected<ZipSummary, ZipError> unpack(const std::string& zip, const ZipLimits& limits = {}) {
    fs::remove_all(out());
    fs::create_directory(out());
    return unpack_zip(zip, out(), limits);
  }
  // The fault, and that nothing was made beside the folder.
  std::string refusal(const std::string& zip, const ZipLimits& limits = {}) {
    auto result = unpack(zip, limits);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
    if (result) return "accepted";
    return result.error().fault == ZipFault::unreadable ? "unreadable: " + result.error().detail
                                                        : "too large: " + result.error().detail;
  }
  std::string out() const { return folder.path() + "/out"; }
  std::string read(const std::string& name) const {
    std::ifstream file(out() + "/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  mode_t mode(const std::string& name) const {
    struct stat status;
    EXPECT_EQ(::lstat((out() + "/" + name).c_str(), &status), 0) << name;
    return status.st_mode;
  }
  testing::TempFolder folder;
};

TEST_F(ZipTest, UnpacksWithModes) {
  auto done = unpack(make_zip({{"index.py", "code", S_IFREG | 0600},
                               {"bin/bootstrap", "#!/bin/sh", S_IFREG | 0700},
                               {"windows.txt", "text", 0},
                               {"empty/", "", S_IFDIR | 0700},
                               {"./dot//twice.txt", "x"},
                               {"lib/real.so", "so"},
                               {"lib/link.so", "real.so", S_IFLNK | 0777},
                               {"lib/deep/up.so", "../real.so", S_IFLNK | 0777}}));
  ASSERT_TRUE(done.has_value()) << done.error().detail;
  EXPECT_EQ(done->entries, 8u);
  EXPECT_EQ(read("index.py"), "code");
  EXPECT_EQ(mode("index.py"), static_cast<mode_t>(S_IFREG | 0644));
  EXPECT_EQ(mode("bin/bootstrap"), static_cast<mode_t>(S_IFREG | 0755));
  EXPECT_EQ(mode("windows.txt"), static_cast<mode_t>(S_IFREG | 0644));
  EXPECT_EQ(mode("empty"), static_cast<mode_t>(S_IFDIR | 0755));
  EXPECT_EQ(read("dot/twice.txt"), "x");
  EXPECT_EQ(read("lib/link.so"), "so");
  EXPECT_EQ(read("lib/deep/up.so"), "so");
}

TEST_F(ZipTest, RefusesPathsOutOfTheFolder) {
  EXPECT_EQ(refusal(renamed(make_zip({{"aa/evil", "x"}}), "aa/evil", "../evil")),
            "unreadable: ../evil is no path inside the package");
  EXPECT_EQ(refusal(renamed(make_zip({{"aevil", "x"}}), "aevil", "/evil")),
            "unreadable: /evil is no path inside the package");
  EXPECT_EQ(refusal(renamed(make_zip({{"ok/aa/aa/evil", "x"}}), "ok/aa/aa/evil", "ok/../../evil")),
            "unreadable: ok/../../evil is no path inside the package");
  EXPECT_EQ(refusal(make_zip({{std::string(2000, 'a'), "x"}})).substr(0, 11), "unreadable:");
}

TEST_F(ZipTest, RefusesLinksOutOfTheFolder) {
  const unsigned link = S_IFLNK | 0777;
  for (const char* target : {"/etc/passwd", "../outside", "a/../../outside", "a/..", "..", ""}) {
    EXPECT_EQ(refusal(make_zip({{"link", target, link}})).substr(0, 11), "unreadable:") << target;
  }
  EXPECT_EQ(refusal(make_zip({{"a/b/link", "../../../x", link}})).substr(0, 11), "unreadable:");
  EXPECT_EQ(refusal(make_zip({{"a/b/link", "../../x", link}})), "accepted");
  // Writing through a link, even one that stays inside.
  EXPECT_EQ(refusal(make_zip({{"d", ".", link}, {"d/file", "x"}})),
            "unreadable: d is a file and a folder");
  EXPECT_EQ(refusal(make_zip({{"long", std::string(5000, 'a'), link}})).substr(0, 11),
            "unreadable:");
}

TEST_F(ZipTest, RefusesDuplicatesAndSpecialFiles) {
  EXPECT_EQ(refusal(renamed(make_zip({{"one", "1"}, {"two", "2"}}), "two", "one")),
            "unreadable: one is there twice");
  EXPECT_EQ(refusal(make_zip({{"a", "file"}, {"a/b", "x"}})),
            "unreadable: a is a file and a folder");
  EXPECT_EQ(refusal(make_zip({{"pipe", "", S_IFIFO | 0644}})),
            "unreadable: pipe is a special file");
  EXPECT_EQ(refusal(make_zip({{"device", "", S_IFCHR | 0644}})),
            "unreadable: device is a special file");
}

TEST_F(ZipTest, RefusesWhatExpandsTooFar) {
  const std::string zeros = make_zip({{"zeros", std::string(1'000'000, '\0')}});
  EXPECT_LT(zeros.size(), 10'000u);
  EXPECT_EQ(refusal(zeros, {.unpacked_bytes = 999'999}), "too large: more bytes than the limit");
  EXPECT_EQ(refusal(zeros, {.unpacked_bytes = 1'000'000}), "accepted");
  std::vector<testing::ZipEntry> many;
  for (int i = 0; i < 11; ++i) many.push_back({"f" + std::to_string(i), ""});
  EXPECT_EQ(refusal(make_zip(many), {.entries = 10}), "too large: 11 entries");
}

TEST_F(ZipTest, RefusesDamage) {
  const std::string good =
      make_zip({{"index.py", std::string(5000, 'x') + "unique text of the entry"}});
  EXPECT_EQ(refusal("").substr(0, 11), "unreadable:");
  EXPECT_EQ(refusal("not a zip at all").substr(0, 11), "unreadable:");
  for (std::size_t size : {10u, 60u})
    EXPECT_EQ(refusal(good.substr(0, size)).substr(0, 11), "unreadable:");
  std::string flipped = good;
  flipped[45] = static_cast<char>(flipped[45] ^ 0x55);  // inside the compressed bytes
  EXPECT_EQ(refusal(flipped).substr(0, 11), "unreadable:");
}

TEST_F(ZipTest, RefusesEncryptedEntries) {
  std::string zip = make_zip({{"secret", "text"}});
  // The general purpose flags: at 6 of the local header, at 8 of the central one.
  zip[6] = static_cast<char>(zip[6] | 1);
  const std::size_t central = zip.find("PK\x01\x02");
  ASSERT_NE(central, std::string::npos);
  zip[central + 8] = static_cast<char>(zip[central + 8] | 1);
  EXPECT_EQ(refusal(zip), "unreadable: secret is encrypted");
}

}  // namespace
}  // namespace mayfly::lambda
