#include "services/lambda/model/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/descriptor_io.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxLinkTarget = 1024;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Entry = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

enum class NodeKind { folder, file, link };

std::unexpected<ZipError> unreadable(std::string detail) {
  return std::unexpected(ZipError{ZipFault::unreadable, std::move(detail)});
}
std::unexpected<ZipError> io_error(std::string_view what, std::string_view path) {
  return std::unexpected(
      ZipError{ZipFault::io, fmt::format("{} {}: {}", what, path, strerror(errno))});
}

struct CleanPath {
  std::vector<std::string_view> parts;
  bool folder = false;  // the name ended with a slash
};

// The parts of an entry's name without "." and empty ones; nullopt where it is absolute, climbs, or
// is out of bounds.
std::optional<CleanPath> clean_path(std::string_view name, const ZipLimits& limits) {
  if (name.empty() || name.size() > limits.path_bytes || name.front() == '/') return std::nullopt;
  CleanPath path;
  path.folder = name.back() == '/';
  for (std::string_view part : base::split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." || part.size() > 255) return std::nullopt;
    path.parts.push_back(part);
  }
  if (path.parts.size() > limits.depth) return std::nullopt;
  return path;
}

// A link may climb only at the start of its target, and no higher than the root. Its own folder is
// a real folder (never reached through another link), and every other link obeys the same rule, so
// no chain of them leaves the root.
bool stays_inside(std::string_view target, std::size_t depth_of_folder) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos)
    return false;
  std::size_t climbed = 0;
  bool descending = false;
  for (std::string_view part : base::split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      descending = true;
    } else if (descending || ++climbed > depth_of_folder) {
      return false;
    }
  }
  return true;
}

class Unpacker {
 public:
  Unpacker(zip_t* archive, std::string folder, const ZipLimits& limits)
      : archive_(archive), folder_(std::move(folder)), limits_(limits) {}

  std::expected<ZipSummary, ZipError> run() {
    const zip_int64_t count = zip_get_num_entries(archive_, 0);
    if (count < 0) return unreadable("no entries can be counted");
    if (count == 0) return std::unexpected(ZipError{ZipFault::empty, "no entries"});
    if (static_cast<std::uint64_t>(count) > limits_.entries) {
      return std::unexpected(ZipError{ZipFault::too_large, fmt::format("{} entries", count)});
    }
    for (zip_int64_t index = 0; index < count; ++index) {
      if (auto done = unpack_entry(static_cast<zip_uint64_t>(index)); !done) {
        return std::unexpected(done.error());
      }
    }
    summary_.entries = static_cast<std::uint64_t>(count);
    return summary_;
  }

 private:
  std::expected<void, ZipError> unpack_entry(zip_uint64_t index) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive_, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0) {
      return unreadable(fmt::format("entry {} has no header", index));
    }
    const std::string_view name = stat.name;
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
      return unreadable(fmt::format("{} is encrypted", name));
    }
    std::optional<CleanPath> path = clean_path(name, limits_);
    if (!path) return unreadable(fmt::format("{} is no path inside the package", name));

    mode_t mode = 0;
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(archive_, index, 0, &system, &attributes) == 0 &&
        system == ZIP_OPSYS_UNIX) {
      mode = static_cast<mode_t>(attributes >> 16);
    }
    const mode_t type = mode & S_IFMT;
    if (path->folder || type == S_IFDIR) return make_folders(path->parts, path->parts.size());
    if (type != 0 && type != S_IFREG && type != S_IFLNK) {
      return unreadable(fmt::format("{} is a special file", name));
    }
    if (path->parts.empty()) return unreadable("an entry without a name");
    if (auto done = make_folders(path->parts, path->parts.size() - 1); !done) return done;

    const std::string relative = join(path->parts, path->parts.size());
    const NodeKind kind = type == S_IFLNK ? NodeKind::link : NodeKind::file;
    if (!nodes_.emplace(relative, kind).second)
      return unreadable(fmt::format("{} is there twice", name));
    if (kind == NodeKind::link) return write_link(index, relative, path->parts.size() - 1);
    return write_file(index, relative, (mode & 0111) != 0 ? 0755 : 0644, stat);
  }

  std::expected<void, ZipError> make_folders(const std::vector<std::string_view>& parts,
                                             std::size_t count) {
    for (std::size_t length = 1; length <= count; ++length) {
      const std::string relative = join(parts, length);
      auto [node, created] = nodes_.emplace(relative, NodeKind::folder);
      if (!created) {
        if (node->second != NodeKind::folder) {
          return unreadable(fmt::format("{} is a file and a folder", relative));
        }
        continue;
      }
      // Folders count against the entries too: a deep name makes many of them.
      if (nodes_.size() > 2 * limits_.entries) {
        return std::unexpected(ZipError{ZipFault::too_large, "too many folders"});
      }
      const std::string full = folder_ + "/" + relative;
      if (::mkdir(full.c_str(), 0755) != 0 || ::chmod(full.c_str(), 0755) != 0) {
        return io_error("mkdir", full);
      }
    }
    return {};
  }

  std::expected<void, ZipError> write_link(zip_uint64_t index, const std::string& relative,
                                           std::size_t depth) {
    std::string target;
    auto read =
        inflate(index, relative, [&](std::string_view chunk) -> std::expected<void, ZipError> {
          target.append(chunk);
          if (target.size() > kMaxLinkTarget)
            return unreadable(fmt::format("the target of {} is too long", relative));
          return {};
        });
    if (!read) return read;
    if (!stays_inside(target, depth)) {
      return unreadable(fmt::format("{} is a link out of the package", relative));
    }
    const std::string full = folder_ + "/" + relative;
    if (::symlink(target.c_str(), full.c_str()) != 0) return io_error("symlink", full);
    return {};
  }

  std::expected<void, ZipError> write_file(zip_uint64_t index, const std::string& relative,
                                           mode_t mode, const zip_stat_t& stat) {
    const std::string full = folder_ + "/" + relative;
    base::UniqueFd file(
        ::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return io_error("create", full);
    auto written =
        inflate(index, relative, [&](std::string_view chunk) -> std::expected<void, ZipError> {
          if (!base::write_all(file.get(), chunk)) return io_error("write", full);
          return {};
        });
    if (!written) return written;
    if (::fchmod(file.get(), mode) != 0) return io_error("chmod", full);
    if ((stat.valid & ZIP_STAT_MTIME) != 0) {
      const timespec times[2] = {{stat.mtime, 0}, {stat.mtime, 0}};
      if (::futimens(file.get(), times) != 0) return io_error("set the time of", full);
    }
    return {};
  }

  // Feeds the entry's content to `sink` in pieces. libzip checks the CRC at the end of the entry.
  template <class Sink>
  std::expected<void, ZipError> inflate(zip_uint64_t index, const std::string& relative,
                                        Sink sink) {
    Entry entry(zip_fopen_index(archive_, index, 0), &zip_fclose);
    if (!entry) return unreadable(fmt::format("{}: {}", relative, zip_strerror(archive_)));
    while (true) {
      const zip_int64_t count = zip_fread(entry.get(), buffer_.data(), buffer_.size());
      if (count < 0) return unreadable(fmt::format("{} is damaged", relative));
      if (count == 0) return {};
      summary_.unpacked_bytes += static_cast<std::uint64_t>(count);
      if (summary_.unpacked_bytes > limits_.unpacked_bytes) {
        return std::unexpected(ZipError{ZipFault::too_large, "more bytes than the limit"});
      }
      if (auto done = sink(std::string_view(buffer_.data(), static_cast<std::size_t>(count)));
          !done)
        return done;
    }
  }

  static std::string join(const std::vector<std::string_view>& parts, std::size_t count) {
    std::string path;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) path += '/';
      path += parts[i];
    }
    return path;
  }

  zip_t* archive_;
  std::string folder_;
  const ZipLimits& limits_;
  std::map<std::string, NodeKind, std::less<>> nodes_;
  ZipSummary summary_;
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace

std::expected<ZipSummary, ZipError> unpack_zip(std::string_view zip, const std::string& folder,
                                               const ZipLimits& limits) {
  if (zip.empty()) return unreadable("no bytes");  // libzip takes them for a new archive
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(zip.data(), zip.size(), 0, &error);
  Archive archive(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error),
                  &zip_discard);
  if (!archive) {
    std::string detail = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (source != nullptr) zip_source_free(source);
    return unreadable(std::move(detail));
  }
  zip_error_fini(&error);
  return Unpacker(archive.get(), folder, limits).run();
}

}  // namespace mayfly::lambda
