#include "services/lambda/model/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.h"

namespace mayfly::lambda {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 1 << 16;
// Of an archive of an image: its manifests, configurations and layers.
constexpr std::uint64_t kMaxParts = 10'000;
constexpr std::size_t kMaxName = 1'024;

// Without "./" in front and slashes at the end.
std::string plain_name(std::string name) {
  while (name.starts_with("./")) name.erase(0, 2);
  while (name.ends_with('/')) name.pop_back();
  return name;
}

// Where a link in an archive leads, by names alone.
std::string follow(const std::string& link, const std::string& target) {
  return plain_name((fs::path(link).parent_path() / target).lexically_normal().string());
}

}  // namespace

std::unexpected<ImageError> io_error(std::string_view what, const fs::path& path) {
  return std::unexpected(
      ImageError{ImageFault::io, fmt::format("{} {}: {}", what, path.string(), strerror(errno))});
}

void ArchiveReader::Free::operator()(archive* archive) const { archive_read_free(archive); }

ImageError ArchiveReader::error() const {
  const char* text = archive_error_string(archive_.get());
  return {ImageFault::unusable,
          fmt::format("{}: {}", name_, text == nullptr ? "it is damaged" : text)};
}

std::expected<ArchiveReader, ImageError> ArchiveReader::open(const fs::path& path, Budget& budget) {
  std::unique_ptr<archive, Free> reader(archive_read_new());
  if (!reader) return std::unexpected(ImageError{ImageFault::io, "no memory for an archive"});
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_zstd(reader.get());
  ArchiveReader out(std::move(reader), path.filename().string(), budget);
  if (archive_read_open_filename(out.archive_.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK)
    return std::unexpected(out.error());
  return out;
}

std::expected<archive_entry*, ImageError> ArchiveReader::next() {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_.get(), &entry);
  if (result == ARCHIVE_EOF) return nullptr;
  // A warning is of what is not used: owners' names in a charset that is not there.
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return std::unexpected(error());
  if (budget_->entries-- == 0) {
    budget_->entries = 0;
    return std::unexpected(ImageError{ImageFault::too_large, name_ + ": too many files"});
  }
  return entry;
}

std::expected<void, ImageError> ArchiveReader::write_to(int file) {
  std::int64_t end = 0;
  for (;;) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(archive_.get(), &block, &size, &offset);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK) return std::unexpected(error());
    if (size > budget_->bytes)
      return std::unexpected(ImageError{ImageFault::too_large, name_ + ": too many bytes"});
    budget_->bytes -= size;
    const char* bytes = static_cast<const char*>(block);
    for (std::size_t done = 0; done < size;) {
      const ssize_t put = ::pwrite(file, bytes + done, size - done,
                                   static_cast<off_t>(offset) + static_cast<off_t>(done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return io_error("write", name_);
      done += static_cast<std::size_t>(put);
    }
    end = offset + static_cast<std::int64_t>(size);
  }
  // A file that ends with a hole.
  struct stat status{};
  if (::fstat(file, &status) == 0 && status.st_size < end && ::ftruncate(file, end) != 0)
    return io_error("truncate", name_);
  return {};
}

std::expected<std::map<std::string, fs::path>, ImageError> take_apart(const fs::path& archive,
                                                                      const fs::path& scratch,
                                                                      const ImageLimits& limits) {
  ArchiveReader::Budget budget{limits.unpacked_bytes, std::min(limits.entries, kMaxParts)};
  auto reader = ArchiveReader::open(archive, budget);
  if (!reader) return std::unexpected(reader.error());
  std::map<std::string, fs::path> files;
  std::map<std::string, std::string> links;
  for (std::size_t number = 0;; ++number) {
    auto entry = reader->next();
    if (!entry) return std::unexpected(entry.error());
    if (*entry == nullptr) break;
    const char* named = archive_entry_pathname(*entry);
    if (named == nullptr || std::string_view(named).size() > kMaxName) continue;
    const std::string name = plain_name(named);
    if (const char* target = archive_entry_hardlink(*entry)) {
      links[name] = plain_name(target);
    } else if (archive_entry_filetype(*entry) == AE_IFLNK) {
      const char* to = archive_entry_symlink(*entry);
      if (to != nullptr) links[name] = follow(name, to);
    } else if (archive_entry_filetype(*entry) == AE_IFREG) {
      const fs::path path = scratch / std::to_string(number);
      base::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!file) return io_error("create", path);
      if (auto done = reader->write_to(file.get()); !done) return std::unexpected(done.error());
      files[name] = path;
    }
  }
  for (const auto& [name, target] : links) {
    if (const auto found = files.find(target); found != files.end())
      files.emplace(name, found->second);
  }
  return files;
}

}  // namespace mayfly::lambda
