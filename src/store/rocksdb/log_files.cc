#include "store/rocksdb/log_files.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <utility>

namespace mayfly::store {
namespace {

// A copy of a log that is in use (a checkpoint) and the free space at a start take so much more.
constexpr std::size_t kStep = 4 * 1024 * 1024;

class SteppedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
  void SetPreallocationBlockSize(std::size_t size) override {
    FSWritableFileOwnerWrapper::SetPreallocationBlockSize(std::min(size, kStep));
  }
};

class FilesWithLogsAhead final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "FilesWithLogsAhead"; }

  rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& file,
                                           const rocksdb::DBOptions& db) const override {
    rocksdb::FileOptions out = FileSystemWrapper::OptimizeForLogWrite(file, db);
    out.fallocate_with_keep_size = false;
    return out;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, result, debug);
    if (status.ok() && name.ends_with(".log"))
      *result = std::make_unique<SteppedLog>(std::move(*result));
    return status;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> with_logs_ahead(rocksdb::Env* base) {
  auto files = base != nullptr ? base->GetFileSystem() : rocksdb::FileSystem::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<FilesWithLogsAhead>(std::move(files)));
}

}  // namespace mayfly::store
