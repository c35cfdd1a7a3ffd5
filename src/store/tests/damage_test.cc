// Files of a store that are damaged, cut off or gone: told at the start or at the call, never taken
// for less data than there was.
#include <gmock/gmock.h>

#include <fstream>

#include "store/conformance/harness.h"
#include "store/rocksdb/log_check.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr int kRows = 300;

std::string row_key(int n) {
  std::string digits = std::to_string(n);
  return "k" + std::string(4 - digits.size(), '0') + digits;
}

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const fs::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class Damage : public testing::Test {
 protected:
  // A store as a crash leaves it: some rows in table files, the last ones in the log only.
  Damage() {
    const RocksOptions options{.path = folder_.path() / "live", .durability = Durability::relaxed};
    auto store = open_rocks(options);
    for (int n = 0; n < kRows; ++n) {
      if (n == kRows / 2) {
        store.reset();  // which flushes
        store = open_rocks(options);
      }
      put(*store, row_key(n), std::string(100, static_cast<char>('a' + n % 26)));
    }
    copy_live();
    store.reset();
  }

  // RocksDB removes what it no longer needs in the background, so a file may go while it is copied:
  // then there was no such moment as the copy would show, and another is taken.
  void copy_live() {
    const fs::path to = folder_.path() / "crashed";
    for (;;) {
      std::error_code failed;
      fs::copy(folder_.path() / "live", to, fs::copy_options::recursive, failed);
      if (!failed) return;
      if (failed != std::errc::no_such_file_or_directory) throw std::system_error(failed);
      fs::remove_all(to);
    }
  }

  // A fresh copy of it.
  fs::path copy() {
    const fs::path to = folder_.path() / ("copy" + std::to_string(copies_++));
    fs::copy(folder_.path() / "crashed", to, fs::copy_options::recursive);
    return to;
  }

  // RocksDB may have compacted while the copy was made, so a single table may be one that nothing
  // refers to: tests damage all of them.
  static std::vector<fs::path> files_of(const fs::path& folder, std::string_view extension) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const bool manifest =
          extension == "MANIFEST" && entry.path().filename().string().starts_with("MANIFEST");
      if (entry.path().extension() == extension || manifest) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    if (found.empty()) throw std::runtime_error("no such file");
    return found;
  }
  static fs::path file_of(const fs::path& folder, std::string_view extension) {
    return files_of(folder, extension).back();
  }

  // How many rows are there, in order and right; -1 and the error where it says that it is damaged.
  int rows(const fs::path& folder) {
    error_.clear();
    auto store = RocksStore::open({.path = folder});
    if (!store) {
      EXPECT_EQ(store.error().code, StoreErrorCode::corrupt) << store.error().detail;
      error_ = store.error().detail;
      return -1;
    }
    auto transaction = (*store)->begin();
    RangeQuery query{.begin = "k", .end = "l", .limit = 100'000};
    auto found = base::sync_wait(transaction->range(query));
    if (!found) {
      EXPECT_EQ(found.error().code, StoreErrorCode::corrupt) << found.error().detail;
      error_ = found.error().detail;
      return -1;
    }
    for (int n = 0; n < static_cast<int>(found->rows.size()); ++n) {
      const KeyValue expected{row_key(n), std::string(100, static_cast<char>('a' + n % 26))};
      EXPECT_EQ(found->rows[static_cast<std::size_t>(n)], expected);
    }
    return static_cast<int>(found->rows.size());
  }

  TempFolder folder_;
  std::string error_;
  int copies_ = 0;
};

TEST_F(Damage, AWholeCopyHasEverything) { EXPECT_EQ(rows(copy()), kRows); }

TEST_F(Damage, AFlippedByteInATableIsTold) {
  for (int part = 0; part < 40; ++part) {
    const fs::path folder = copy();
    for (const fs::path& file : files_of(folder, ".sst")) {
      std::string content = read_file(file);
      const std::size_t at = content.size() * static_cast<std::size_t>(part) / 40;
      content[at] = static_cast<char>(content[at] ^ 0x10);
      write_file(file, content);
    }
    const int found = rows(folder);
    if (found >= 0) {
      EXPECT_EQ(found, kRows) << "part " << part << " is one that does not matter";
    } else {
      // Where it is the description of the table that is damaged, RocksDB names the manifest.
      EXPECT_THAT(error_, testing::AnyOf(HasSubstr(".sst"), HasSubstr("MANIFEST"))) << part;
      EXPECT_THAT(error_, HasSubstr(folder.string())) << part;
    }
    fs::remove_all(folder);
  }
}

// All that one flipped byte may cost is the very last commit, which looks like one that was torn.
TEST_F(Damage, AFlippedByteInTheLogIsTold) {
  const std::string content = read_file(file_of(folder_.path() / "crashed", ".log"));
  ASSERT_GT(content.size(), 10'000U);
  int told = 0;
  for (std::size_t at = 0; at < content.size(); at += content.size() / 60 + 1) {
    const fs::path folder = copy();
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const fs::path file = file_of(folder, ".log");
    write_file(file, damaged);
    const int found = rows(folder);
    if (found >= 0) {
      EXPECT_GE(found, kRows - 1) << "byte " << at;
    } else {
      ++told;
      EXPECT_THAT(error_, HasSubstr(file.string())) << "byte " << at;
      EXPECT_THAT(error_, HasSubstr("restore a backup")) << "byte " << at;
    }
    fs::remove_all(folder);
  }
  EXPECT_GT(told, 50);
}

// What a crash of the machine leaves is not damage: the log ends early, in any place.
TEST_F(Damage, ALogThatEndsEarlyIsTakenUpToThere) {
  const std::string content = read_file(file_of(folder_.path() / "crashed", ".log"));
  int before = kRows + 1;
  for (std::size_t end = content.size(); end > 1000; end -= content.size() / 30) {
    const fs::path folder = copy();
    write_file(file_of(folder, ".log"), content.substr(0, end));
    const int found = rows(folder);
    EXPECT_GE(found, kRows / 2) << error_;
    EXPECT_LE(found, before);
    before = found;
    fs::remove_all(folder);
  }
}

// The file was made longer before its bytes came, as some file systems do it.
TEST_F(Damage, ALogThatEndsInRubbishIsTakenUpToThere) {
  const std::string content = read_file(file_of(folder_.path() / "crashed", ".log"));
  const fs::path zeros = copy();
  write_file(file_of(zeros, ".log"), content + std::string(5000, '\0'));
  EXPECT_EQ(rows(zeros), kRows) << error_;
  const fs::path rubbish = copy();
  write_file(file_of(rubbish, ".log"), content + std::string(50, '\x5a'));
  EXPECT_EQ(rows(rubbish), kRows) << error_;
}

TEST_F(Damage, AFileThatIsGoneOrCutIsTold) {
  for (const char* kind : {".sst", "MANIFEST"}) {
    for (const bool gone : {true, false}) {
      const fs::path folder = copy();
      for (const fs::path& file : files_of(folder, kind)) {
        const std::string content = read_file(file);
        fs::remove(file);
        if (!gone) write_file(file, content.substr(0, content.size() / 2));
      }
      auto store = RocksStore::open({.path = folder});
      ASSERT_FALSE(store) << kind << gone;
      EXPECT_THAT(store.error().detail, HasSubstr(folder.string())) << kind << gone;
    }
  }
}

TEST_F(Damage, AFlippedByteInTheManifestIsTold) {
  const std::string content = read_file(file_of(folder_.path() / "crashed", "MANIFEST"));
  for (std::size_t at = 0; at < content.size(); at += content.size() / 20 + 1) {
    const fs::path folder = copy();
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_file(file_of(folder, "MANIFEST"), damaged);
    const int found = rows(folder);
    EXPECT_TRUE(found == kRows || found == -1) << "byte " << at << ": " << found << " rows";
    fs::remove_all(folder);
  }
}

// RocksDB alone would begin anew and delete what it does not know.
TEST_F(Damage, ADatabaseWithoutItsEntryPointIsNotTakenForANewOne) {
  const fs::path folder = copy();
  fs::remove(folder / "CURRENT");
  EXPECT_EQ(rows(folder), -1);
  EXPECT_THAT(error_, HasSubstr("CURRENT is missing"));
  EXPECT_TRUE(fs::exists(file_of(folder, ".sst"))) << "nothing was deleted";
  write_file(folder / "CURRENT", read_file(folder_.path() / "crashed/CURRENT"));
  EXPECT_EQ(rows(folder), kRows);
}

// A store that syncs, whose log is longer than what was written, after ten rows and one long
// record.
class LongRecord : public Damage {
 protected:
  LongRecord() {
    const RocksOptions options{.path = folder_.path() / "durable"};
    auto store = open_rocks(options);
    for (int n = 0; n < 10; ++n)
      put(*store, row_key(n), std::string(100, static_cast<char>('a' + n % 26)));
    put(*store, "m", std::string(kLong, 'Z'));
    fs::copy(options.path, folder_.path() / "long", fs::copy_options::recursive);
    put(*store, "n", "behind it");
    fs::copy(options.path, folder_.path() / "followed", fs::copy_options::recursive);
  }

  // Zeros in the log from `from` on, counted from where the long record begins.
  void lose(const fs::path& folder, std::size_t from, std::size_t count) {
    const fs::path file = file_of(folder, ".log");
    std::string log = read_file(file);
    const std::size_t begin = log.find(std::string(100, 'j')) + 100;
    ASSERT_LT(begin, log.size());
    for (std::size_t at = begin + from; at < std::min(log.size(), begin + from + count); ++at)
      log[at] = '\0';
    write_file(file, log);
  }

  static constexpr std::size_t kLong = 200'000, kPage = 4'096;
};

TEST_F(LongRecord, TheLogIsLongerThanWhatWasWritten) {
  const fs::path folder = folder_.path() / "long";
  EXPECT_GT(read_file(file_of(folder, ".log")).size(), 10 * kLong);
  EXPECT_EQ(rows(folder), 10);
  const fs::path open = folder_.path() / "durable";
  EXPECT_EQ(rows(open), 10);  // closed by the fixture: it is cut to what was written
}

// What a power cut leaves of a record that was not synced: its beginning, or, as the disk writes in
// whatever order it likes, its end.
TEST_F(LongRecord, WhatIsTornIsTakenUpToThere) {
  const fs::path folder = folder_.path() / "long";
  for (const std::size_t from : {kLong / 2, kPage, std::size_t{0}}) {
    const fs::path torn = folder_.path() / ("torn" + std::to_string(from));
    fs::copy(folder, torn, fs::copy_options::recursive);
    lose(torn, from, kLong * 2);
    EXPECT_EQ(rows(torn), 10) << from << error_;
    const fs::path holed = folder_.path() / ("holed" + std::to_string(from));
    fs::copy(folder, holed, fs::copy_options::recursive);
    lose(holed, from, kPage);
    EXPECT_EQ(rows(holed), 10) << from << error_;
  }
}

TEST_F(LongRecord, AHoleBeforeAnotherRecordIsRefused) {
  for (const std::size_t from : {kLong / 2, kPage, std::size_t{0}}) {
    const fs::path holed = folder_.path() / ("followed" + std::to_string(from));
    fs::copy(folder_.path() / "followed", holed, fs::copy_options::recursive);
    lose(holed, from, kPage);
    EXPECT_EQ(rows(holed), -1) << from;
    EXPECT_THAT(error_, HasSubstr("is damaged at byte"));
  }
}

TEST(LogCheck, TellsTheEndFromTheMiddle) {
  TempFolder folder;
  auto store = open_rocks({.path = folder.path() / "s", .durability = Durability::relaxed});
  for (int n = 0; n < 400; ++n) put(*store, row_key(n), std::string(300, 'x'));  // several blocks
  fs::path file;
  for (const auto& entry : fs::directory_iterator(folder.path() / "s")) {
    if (entry.path().extension() == ".log") file = entry.path();
  }
  const std::string log = read_file(file);
  ASSERT_GT(log.size(), 3 * 32 * 1024U);
  EXPECT_FALSE(check_log(log));
  EXPECT_FALSE(check_log(""));
  EXPECT_FALSE(check_log(log + std::string(70'000, '\0')));
  for (std::size_t at = 5; at + 400 < log.size(); at += 911) {
    std::string damaged = log;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto damage = check_log(damaged);
    ASSERT_TRUE(damage) << at;
    EXPECT_LE(damage->at, at);
    EXPECT_TRUE(damage->more_follows) << at;
  }
  std::string torn = log;
  torn[log.size() - 10] = static_cast<char>(torn[log.size() - 10] ^ 1);
  const auto damage = check_log(torn);
  ASSERT_TRUE(damage);
  EXPECT_FALSE(damage->more_follows);
}

}  // namespace
}  // namespace mayfly::store::conformance
