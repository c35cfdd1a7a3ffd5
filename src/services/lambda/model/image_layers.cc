// unpack_image(): the layers of an image, laid on top of each other.
//
// Every path is resolved by the kernel inside the root (openat2, RESOLVE_IN_ROOT): a layer may
// write below a link that a lower one has made, as to /lib where that leads to usr/lib, and never
// reaches outside.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "services/lambda/model/archive.h"
#include "services/lambda/model/image.h"

namespace mayfly::lambda {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::size_t kMaxPath = 4'096;
constexpr std::size_t kMaxDepth = 256;

struct Place {
  std::string folder, name;  // "usr/lib", "libc.so"; both empty for the root itself
};

// nullopt where the name climbs or is out of bounds.
std::optional<Place> place_of(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view path = text;
  if (path.size() > kMaxPath) return std::nullopt;
  std::vector<std::string_view> parts;
  for (std::string_view part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." || part.size() > 255) return std::nullopt;
    parts.push_back(part);
  }
  if (parts.size() > kMaxDepth) return std::nullopt;
  Place place;
  if (parts.empty()) return place;
  place.name = parts.back();
  parts.pop_back();
  for (std::string_view part : parts) {
    if (!place.folder.empty()) place.folder += '/';
    place.folder += part;
  }
  return place;
}

class Root {
 public:
  explicit Root(const fs::path& path) : path_(path.string()) {
    root_.reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  bool is_open() const { return static_cast<bool>(root_); }

  // The folder, made where it is missing.
  std::expected<base::UniqueFd, ImageError> folder(const std::string& path) {
    base::UniqueFd found = find(path);
    if (found || errno != ENOENT) {
      if (!found) return unopened(path);
      return found;
    }
    std::string so_far;
    for (std::string_view part : base::split(path, '/')) {
      const base::UniqueFd parent = find(so_far);
      if (!parent) return unopened(so_far);
      if (::mkdirat(parent.get(), std::string(part).c_str(), 0755) != 0 && errno != EEXIST)
        return io_error("mkdir", path);
      if (!so_far.empty()) so_far += '/';
      so_far += part;
    }
    found = find(path);
    if (!found) return unopened(path);
    return found;
  }

  // An invalid descriptor, with errno, where there is no such folder.
  base::UniqueFd find(const std::string& path) const {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return base::UniqueFd{static_cast<int>(
        ::syscall(SYS_openat2, root_.get(), path.empty() ? "." : path.c_str(), &how, sizeof how))};
  }

  // Removes what is there, a folder with all that is in it. Never follows a link.
  std::expected<void, ImageError> remove(int folder, const std::string& name) const {
    if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
    if (errno != EISDIR) return io_error("remove", name);
    std::error_code error;
    fs::remove_all(fmt::format("/proc/self/fd/{}/{}", folder, name), error);
    if (!error) return {};
    errno = error.value();
    return io_error("remove", name);
  }

  std::expected<void, ImageError> clear(int folder) const {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator at(fmt::format("/proc/self/fd/{}", folder), error), end;
         !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) {
      errno = error.value();
      return io_error("list", "a folder of the image");
    }
    for (const std::string& name : names) {
      if (auto done = remove(folder, name); !done) return done;
    }
    return {};
  }

 private:
  std::unexpected<ImageError> unopened(const std::string& path) const {
    // Names that are files, or links in a circle, are the image's fault.
    if (errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG || errno == ENOENT)
      return unusable(fmt::format("{} is not a folder in the image", path));
    return io_error("open", path_ + "/" + path);
  }

  std::string path_;
  base::UniqueFd root_;
};

class LayerUnpacker {
 public:
  explicit LayerUnpacker(Root& root) : root_(root) {}

  // What the layer hides of those below it goes first, wherever in the layer that is said.
  std::expected<void, ImageError> hide(archive_entry* entry) {
    auto place = place_of(archive_entry_pathname(entry));
    if (!place) return unusable("a path in a layer leads out of the image");
    if (!place->name.starts_with(kWhiteout)) return {};
    const base::UniqueFd folder = root_.find(place->folder);
    if (!folder) return {};  // then there is nothing to hide
    if (place->name == kOpaque) return root_.clear(folder.get());
    const std::string name = place->name.substr(kWhiteout.size());
    if (name.empty() || name == "." || name == "..") return unusable("a whiteout hides nothing");
    return root_.remove(folder.get(), name);
  }

  std::expected<void, ImageError> add(ArchiveReader& reader, archive_entry* entry) {
    const auto place = place_of(archive_entry_pathname(entry));
    if (!place) return unusable("a path in a layer leads out of the image");
    if (place->name.empty() || place->name.starts_with(kWhiteout)) return {};
    auto folder = root_.folder(place->folder);
    if (!folder) return std::unexpected(folder.error());
    const mode_t mode = archive_entry_perm(entry) & 0777;
    if (const char* target = archive_entry_hardlink(entry))
      return add_hard_link(folder->get(), place->name, target);
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR:
        return add_folder(folder->get(), place->name, mode);
      case AE_IFREG:
        return add_file(reader, entry, folder->get(), place->name, mode);
      case AE_IFLNK:
        return add_link(folder->get(), place->name, archive_entry_symlink(entry));
      default:
        return {};  // devices and the like: a sandbox has its own
    }
  }

 private:
  std::expected<void, ImageError> add_folder(int folder, const std::string& name, mode_t mode) {
    // Its owner must be able to put files there, whoever that is.
    mode |= S_IRWXU;
    struct stat status{};
    const bool there = ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && !S_ISDIR(status.st_mode)) {
      if (auto done = root_.remove(folder, name); !done) return done;
    }
    if (::mkdirat(folder, name.c_str(), mode) != 0 && errno != EEXIST)
      return io_error("mkdir", name);
    if (::fchmodat(folder, name.c_str(), mode, 0) != 0) return io_error("chmod", name);
    return {};
  }

  std::expected<void, ImageError> add_file(ArchiveReader& reader, archive_entry* entry, int folder,
                                           const std::string& name, mode_t mode) {
    if (auto done = root_.remove(folder, name); !done) return done;
    base::UniqueFd file(
        ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return io_error("create", name);
    if (auto done = reader.write_to(file.get()); !done) return done;
    if (::fchmod(file.get(), mode) != 0) return io_error("chmod", name);
    const timespec time{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    const timespec times[2] = {time, time};
    (void)::futimens(file.get(), times);  // a time that this file system cannot hold is no failure
    return {};
  }

  std::expected<void, ImageError> add_link(int folder, const std::string& name,
                                           const char* target) {
    if (target == nullptr || *target == '\0' || std::string_view(target).size() > kMaxPath)
      return unusable(fmt::format("{} is a link to nowhere", name));
    if (auto done = root_.remove(folder, name); !done) return done;
    if (::symlinkat(target, folder, name.c_str()) != 0) return io_error("symlink", name);
    return {};
  }

  std::expected<void, ImageError> add_hard_link(int folder, const std::string& name,
                                                const char* target) {
    const auto place = place_of(target);
    if (!place || place->name.empty())
      return unusable(fmt::format("{} is a link out of the image", name));
    const base::UniqueFd from = root_.find(place->folder);
    struct stat status{};
    if (!from || ::fstatat(from.get(), place->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(status.st_mode)) {
      return unusable(fmt::format("{} is a link to what is not there", name));
    }
    struct stat present{};
    if (::fstatat(folder, name.c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0 &&
        present.st_ino == status.st_ino && present.st_dev == status.st_dev) {
      return {};  // it is that already
    }
    if (auto done = root_.remove(folder, name); !done) return done;
    if (::linkat(from.get(), place->name.c_str(), folder, name.c_str(), 0) != 0)
      return io_error("link", name);
    return {};
  }

  Root& root_;
};

template <class Each>
std::expected<void, ImageError> for_each_entry(const fs::path& layer, ArchiveReader::Budget& budget,
                                               Each each) {
  auto reader = ArchiveReader::open(layer, budget);
  if (!reader) return std::unexpected(reader.error());
  for (;;) {
    auto entry = reader->next();
    if (!entry) return std::unexpected(entry.error());
    if (*entry == nullptr) return {};
    if (auto done = each(*reader, *entry); !done) return done;
  }
}

// What the sandbox mounts over, and so has to be there. Where the image has a link or a folder of
// that name, it keeps it, and nothing is mounted.
std::expected<void, ImageError> add_mount_points(Root& root) {
  auto etc = root.folder("etc");
  if (!etc) return std::unexpected(etc.error());
  for (const char* name : {"hosts", "resolv.conf"}) {
    const base::UniqueFd file(
        ::openat(etc->get(), name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  }
  return {};
}

}  // namespace

std::expected<ImageSummary, ImageError> unpack_image(const Image& image, const fs::path& path,
                                                     const ImageLimits& limits) {
  Root root(path);
  if (!root.is_open()) return io_error("open", path.string());
  ArchiveReader::Budget budget{limits.unpacked_bytes, limits.entries};
  LayerUnpacker unpacker(root);
  for (const Image::Part& layer : image.layers) {
    ArchiveReader::Budget looked_at = budget;
    auto done = for_each_entry(layer.file, looked_at, [&](ArchiveReader&, archive_entry* entry) {
      return unpacker.hide(entry);
    });
    if (!done) return std::unexpected(done.error());
    done = for_each_entry(layer.file, budget, [&](ArchiveReader& reader, archive_entry* entry) {
      return unpacker.add(reader, entry);
    });
    if (!done) return std::unexpected(done.error());
  }
  if (auto done = add_mount_points(root); !done) return std::unexpected(done.error());
  return ImageSummary{limits.unpacked_bytes - budget.bytes, limits.entries - budget.entries};
}

}  // namespace mayfly::lambda
