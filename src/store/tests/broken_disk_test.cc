// Disks that fill up or fail under a RocksStore: errors are told, nothing acknowledged is lost,
// nothing refused appears.
#include <gmock/gmock.h>
#include <rocksdb/env.h>

#include <atomic>

#include "store/conformance/harness.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

enum class Disk { fine, full, log_sync_fails, every_sync_fails };

class BrokenFile final : public rocksdb::WritableFileWrapper {
 public:
  BrokenFile(std::unique_ptr<rocksdb::WritableFile> file, const std::atomic<Disk>& disk,
             bool is_log, std::atomic<int>& log_syncs)
      : WritableFileWrapper(file.get()),
        file_(std::move(file)),
        disk_(disk),
        is_log_(is_log),
        log_syncs_(log_syncs) {}

  rocksdb::Status Append(const rocksdb::Slice& data) override {
    if (disk_ == Disk::full) {
      // As a file system does: what fits is written.
      file_->Append(rocksdb::Slice(data.data(), data.size() / 2)).PermitUncheckedError();
      return rocksdb::Status::NoSpace("no space left on device");
    }
    return file_->Append(data);
  }
  rocksdb::Status Append(const rocksdb::Slice& data,
                         const rocksdb::DataVerificationInfo&) override {
    return Append(data);
  }
  rocksdb::Status Sync() override {
    const bool fails =
        disk_ == Disk::every_sync_fails || (disk_ == Disk::log_sync_fails && is_log_);
    if (fails) return rocksdb::Status::IOError("input/output error");
    if (is_log_) ++log_syncs_;
    return file_->Sync();
  }
  rocksdb::Status Fsync() override { return Sync(); }

 private:
  std::unique_ptr<rocksdb::WritableFile> file_;
  const std::atomic<Disk>& disk_;
  bool is_log_;
  std::atomic<int>& log_syncs_;
};

class BrokenEnv final : public rocksdb::EnvWrapper {
 public:
  BrokenEnv() : EnvWrapper(rocksdb::Env::Default()) {}

  rocksdb::Status NewWritableFile(const std::string& name,
                                  std::unique_ptr<rocksdb::WritableFile>* out,
                                  const rocksdb::EnvOptions& options) override {
    std::unique_ptr<rocksdb::WritableFile> file;
    rocksdb::Status status = target()->NewWritableFile(name, &file, options);
    if (status.ok())
      *out = std::make_unique<BrokenFile>(std::move(file), disk, name.ends_with(".log"), log_syncs);
    return status;
  }

  std::atomic<Disk> disk = Disk::fine;
  std::atomic<int> log_syncs = 0;
};

class BrokenDisk : public testing::Test {
 protected:
  std::string try_put(std::string_view key) {
    auto transaction = store_->begin();
    transaction->put(key, "v");
    return outcome(*store_, std::move(transaction));
  }

  void reopen() {
    store_.reset();
    env_.disk = Disk::fine;
    store_ = open_rocks({.path = folder_.path() / "s"});
  }

  std::vector<std::string> keys() {
    std::vector<std::string> out;
    for (const KeyValue& row : all_rows(*store_)) out.push_back(row.key);
    return out;
  }

  BrokenEnv env_;
  TempFolder folder_;
  std::unique_ptr<RocksStore> store_ = open_rocks({.path = folder_.path() / "s", .env = &env_});
};

TEST_F(BrokenDisk, AFullDiskRefusesWritesUntilThereIsSpace) {
  EXPECT_EQ(try_put("before"), "ok");
  env_.disk = Disk::full;
  EXPECT_EQ(try_put("refused1"), "unavailable");
  EXPECT_EQ(try_put("refused2"), "unavailable");
  EXPECT_THAT(keys(), testing::ElementsAre("before")) << "reads go on";
  env_.disk = Disk::fine;
  EXPECT_EQ(try_put("after"), "ok");
  EXPECT_THAT(keys(), testing::ElementsAre("after", "before"));
  reopen();
  EXPECT_THAT(keys(), testing::ElementsAre("after", "before"));
}

// What a killed process cannot show: the bytes were forced to the disk before the commit returned.
TEST_F(BrokenDisk, ADurableCommitSyncsTheLogAndARelaxedOneDoesNot) {
  for (int i = 1; i <= 5; ++i) {
    const int before = env_.log_syncs;
    EXPECT_EQ(try_put("k"), "ok");
    EXPECT_GT(env_.log_syncs, before);
  }
  store_.reset();
  store_ =
      open_rocks({.path = folder_.path() / "s", .durability = Durability::relaxed, .env = &env_});
  const int before = env_.log_syncs;
  EXPECT_EQ(try_put("k"), "ok");
  EXPECT_EQ(env_.log_syncs, before);
}

TEST_F(BrokenDisk, TheReasonIsTold) {
  env_.disk = Disk::full;
  auto transaction = store_->begin();
  transaction->put("a", "v");
  const auto result = commit(*store_, std::move(transaction));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().detail, testing::HasSubstr("no space left on device"));
}

// The very first write: RocksDB has nothing else to flush, which is where a torn record would stay
// in the log.
TEST_F(BrokenDisk, NothingIsLostBehindATornRecord) {
  env_.disk = Disk::full;
  EXPECT_EQ(try_put("refused"), "unavailable");
  env_.disk = Disk::fine;
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(try_put(key), "ok");
  reopen();
  EXPECT_THAT(keys(), testing::ElementsAre("a", "b", "c"));
}

TEST_F(BrokenDisk, ACommitWhoseSyncFailedIsNotAcknowledged) {
  EXPECT_EQ(try_put("before"), "ok");
  env_.disk = Disk::every_sync_fails;
  // The bytes may be in the log: nobody can say that it was not written.
  EXPECT_EQ(try_put("unknown"), "outcome_unknown");
  EXPECT_EQ(try_put("refused"), "unavailable");
  EXPECT_THAT(keys(), testing::ElementsAre("before"));
  reopen();
  EXPECT_THAT(keys(), testing::AnyOf(testing::ElementsAre("before"),
                                     testing::ElementsAre("before", "unknown")));
  EXPECT_EQ(try_put("after"), "ok");
}

TEST_F(BrokenDisk, ALogThatCannotBeSyncedIsPutAside) {
  EXPECT_EQ(try_put("before"), "ok");
  env_.disk = Disk::log_sync_fails;
  const std::string refused = try_put("refused");
  env_.disk = Disk::fine;
  const std::string after = try_put("after");
  reopen();
  if (refused == "unavailable") {
    EXPECT_THAT(keys(), testing::Not(testing::Contains("refused")))
        << "unavailable promises that nothing was changed";
  } else {
    EXPECT_EQ(refused, "outcome_unknown");
  }
  if (after == "ok") EXPECT_THAT(keys(), testing::Contains("after"));
  EXPECT_THAT(keys(), testing::Contains("before"));
}

}  // namespace
}  // namespace mayfly::store::conformance
