#include "store/rocksdb/log_files.h"

#include <fcntl.h>
#include <rocksdb/file_system.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/unique_fd.h"

namespace mayfly::store {
namespace {

// A copy of a log that is in use (a checkpoint) and the free space at a start take so much more.
constexpr std::size_t kStep = 4 * 1024 * 1024;

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kZeroedPages = 32;

class SteppedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  // `zeroer`: the same file, for writing ahead of its end.
  SteppedLog(std::unique_ptr<rocksdb::FSWritableFile> log, base::UniqueFd zeroer)
      : FSWritableFileOwnerWrapper(std::move(log)), zeroer_(std::move(zeroer)) {}

  void SetPreallocationBlockSize(std::size_t size) override {
    FSWritableFileOwnerWrapper::SetPreallocationBlockSize(std::min(size, kStep));
  }

  void PrepareWrite(std::size_t offset, std::size_t length, const rocksdb::IOOptions& options,
                    rocksdb::IODebugContext* debug) override {
    FSWritableFileOwnerWrapper::PrepareWrite(offset, length, options, debug);
    if (const std::uint64_t end = offset + length; end > zeroed_) zero_from(end);
  }

 private:
  // The rest of the page that `end` is in is written with what ends there. Where this fails, what
  // is written there later takes longer.
  void zero_from(std::uint64_t end) {
    static std::array<char, kPage> zeros;
    std::array<iovec, kZeroedPages> pages;
    pages.fill({zeros.data(), zeros.size()});
    const std::uint64_t begin = (end + kPage - 1) / kPage * kPage;
    ::pwritev(zeroer_.get(), pages.data(), pages.size(), static_cast<off_t>(begin));
    zeroed_ = begin + kZeroedPages * kPage;
  }

  const base::UniqueFd zeroer_;
  std::uint64_t zeroed_ = 0;
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
    if (status.ok() && name.ends_with(".log")) {
      *result = std::make_unique<SteppedLog>(
          std::move(*result), base::UniqueFd(::open(name.c_str(), O_WRONLY | O_CLOEXEC)));
    }
    return status;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> with_logs_ahead(rocksdb::Env* base) {
  auto files = base != nullptr ? base->GetFileSystem() : rocksdb::FileSystem::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<FilesWithLogsAhead>(std::move(files)));
}

}  // namespace mayfly::store
