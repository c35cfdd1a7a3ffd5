// Reading tar archives (plain, gzip or zstd), entry by entry, by libarchive.
//
// What an archive claims is not trusted: everything read is counted against a limit that the caller
// sets. Threads: one at a time; the calls block.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "services/lambda/model/image.h"

struct archive;
struct archive_entry;

namespace mayfly::lambda {

// Sentences about images name files without their folders: clients read them.
inline std::unexpected<ImageError> unusable(std::string detail) {
  return std::unexpected(ImageError{ImageFault::unusable, std::move(detail)});
}
std::unexpected<ImageError> io_error(std::string_view what, const std::filesystem::path& path);

class ArchiveReader {
 public:
  // `budget` outlives it: what may still be read, of bytes and of entries.
  struct Budget {
    std::uint64_t bytes, entries;
  };
  static std::expected<ArchiveReader, ImageError> open(const std::filesystem::path& path,
                                                       Budget& budget);

  // The next entry, null at the end. Valid until the next call.
  std::expected<archive_entry*, ImageError> next();
  // The content of the present entry, written to a file. Holes stay holes.
  std::expected<void, ImageError> write_to(int file);

 private:
  struct Free {
    void operator()(archive* archive) const;
  };
  ArchiveReader(std::unique_ptr<archive, Free> archive, std::string name, Budget& budget)
      : archive_(std::move(archive)), name_(std::move(name)), budget_(&budget) {}
  ImageError error() const;

  std::unique_ptr<archive, Free> archive_;
  std::string name_;
  Budget* budget_;
};

// Writes an archive's files into `scratch`, under numbers. Returns where each name is; a link in
// the archive is another name of what it leads to.
std::expected<std::map<std::string, std::filesystem::path>, ImageError> take_apart(
    const std::filesystem::path& archive, const std::filesystem::path& scratch,
    const ImageLimits& limits);

}  // namespace mayfly::lambda
