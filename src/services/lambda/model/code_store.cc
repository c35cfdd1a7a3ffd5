#include "services/lambda/model/code_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/descriptor_io.h"
#include "base/one_shot.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "services/lambda/model/merge_trees.h"

namespace mayfly::lambda {

namespace fs = std::filesystem;

// Which packages may not go, and which are about to. Shared with the Pins, which may outlive the
// CodeStore.
struct CodeStore::Pins {
  std::mutex mutex;
  std::map<std::string, int> held;
  std::set<std::string> removing;
};

namespace {

std::unexpected<ZipError> io_error(std::string_view what, const std::string& path) {
  return std::unexpected(
      ZipError{ZipFault::io, fmt::format("{} {}: {}", what, path, strerror(errno))});
}

std::expected<void, ZipError> sync_folder(const std::string& path) {
  base::UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return io_error("sync", path);
  return {};
}

std::expected<void, ZipError> write_synced(const std::string& path, std::string_view bytes) {
  base::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return io_error("create", path);
  if (!base::write_all(file.get(), bytes)) return io_error("write", path);
  if (::fsync(file.get()) != 0) return io_error("sync", path);
  return {};
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Names of merged folders are made of this much of each package's name: enough that nobody finds
// two packages alike, and five of them are a file name.
constexpr std::size_t kMergedDigits = 48;

void make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    throw std::system_error(errno, std::generic_category(), "cannot create " + path);
  }
}

}  // namespace

std::string sha256_as_base64(const std::string& hex) {
  return base::to_base64(base::from_hex(hex).value_or(std::string()));
}

CodeStore::CodeStore(std::string folder, ZipLimits limits)
    : folder_(std::move(folder)), limits_(limits), pins_(std::make_shared<Pins>()) {
  make_folder(folder_, 0700);
  make_folder(folder_ + "/blobs", 0700);
  make_folder(folder_ + "/images", 0700);
  make_folder(folder_ + "/code", 0755);
  make_folder(folder_ + "/layers", 0755);
  std::error_code ignored;  // what cannot be removed is in nobody's way
  fs::remove_all(folder_ + "/tmp", ignored);
  make_folder(folder_ + "/tmp", 0700);
  thread_ = std::thread([this] { thread_main(); });
}

CodeStore::~CodeStore() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void CodeStore::thread_main() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::move_only_function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

template <class Fn>
auto CodeStore::on_thread(Fn work) -> base::Task<decltype(work())> {
  base::OneShot<decltype(work())> done;
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back([work = std::move(work), done]() mutable { done.set(work()); });
  }
  wake_.notify_one();
  co_return co_await done.wait();
}

base::Task<std::expected<CodePackage, ZipError>> CodeStore::put(std::string zip) {
  return on_thread([this, zip = std::move(zip)] { return put_now(zip); });
}
base::Task<std::expected<ImagePackage, ImageError>> CodeStore::put_image(std::string images,
                                                                         ImageReference reference,
                                                                         std::string architecture) {
  return on_thread([this, images = std::move(images), reference = std::move(reference),
                    architecture = std::move(architecture)] {
    return put_image_now(images, reference, architecture);
  });
}
base::Task<std::expected<CodePackage, ZipError>> CodeStore::check(std::string zip) {
  return on_thread([this, zip = std::move(zip)] { return check_now(zip); });
}
base::Task<std::expected<std::string, ZipError>> CodeStore::unpacked(std::string sha256) {
  // The usual case needs no thread: the folder is there.
  struct stat status;
  if (is_sha256(sha256) && ::stat(code_path(sha256).c_str(), &status) == 0) {
    return base::Task<std::expected<std::string, ZipError>>::ready(code_path(sha256));
  }
  return on_thread([this, sha256 = std::move(sha256)] { return unpacked_now(sha256); });
}
base::Task<std::expected<std::string, ZipError>> CodeStore::merged(
    std::vector<std::string> packages) {
  if (packages.empty())
    return base::Task<std::expected<std::string, ZipError>>::ready(std::string());
  if (packages.size() == 1) return unpacked(std::move(packages.front()));
  const std::string path = merged_path(packages);
  struct stat status;
  if (std::ranges::all_of(packages, is_sha256) && ::stat(path.c_str(), &status) == 0) {
    return base::Task<std::expected<std::string, ZipError>>::ready(path);
  }
  return on_thread([this, packages = std::move(packages)] { return merged_now(packages); });
}
base::Task<std::expected<std::string, ZipError>> CodeStore::read(std::string sha256) {
  return on_thread([this, sha256 = std::move(sha256)] { return read_now(sha256); });
}
base::Task<bool> CodeStore::finish_removal(std::string sha256) {
  return on_thread([this, sha256 = std::move(sha256)] { return remove_now(sha256); });
}

base::Task<std::vector<std::string>> CodeStore::list() {
  return on_thread([this] {
    std::set<std::string> found;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ + "/blobs", error)) {
      if (is_sha256(entry.path().filename().string()))
        found.insert(entry.path().filename().string());
    }
    for (const char* folder : {"/code", "/images"}) {
      for (const auto& entry : fs::directory_iterator(folder_ + folder, error)) {
        if (is_sha256(entry.path().filename().string()))
          found.insert(entry.path().filename().string());
      }
    }
    return std::vector<std::string>(found.begin(), found.end());
  });
}

std::shared_ptr<void> CodeStore::pin(const std::string& sha256) {
  std::lock_guard lock(pins_->mutex);
  ++pins_->held[sha256];
  pins_->removing.erase(sha256);
  return std::shared_ptr<void>(nullptr, [pins = pins_, sha256](void*) {
    std::lock_guard inner(pins->mutex);
    if (--pins->held[sha256] == 0) pins->held.erase(sha256);
  });
}

bool CodeStore::begin_removal(const std::string& sha256) {
  std::lock_guard lock(pins_->mutex);
  if (pins_->held.contains(sha256)) return false;
  pins_->removing.insert(sha256);
  return true;
}

void CodeStore::cancel_removal(const std::string& sha256) {
  std::lock_guard lock(pins_->mutex);
  pins_->removing.erase(sha256);
}

bool CodeStore::remove_now(const std::string& sha256) {
  if (!is_sha256(sha256)) return false;
  {
    // A put() runs on this thread too, so it is either before this (and called the removal off) or
    // after.
    std::lock_guard lock(pins_->mutex);
    if (pins_->removing.erase(sha256) == 0) return false;
  }
  std::error_code ignored;
  const std::string gone = temporary_path();
  // Renamed first, so that a crash in the middle does not leave half a tree under the name.
  if (::rename(code_path(sha256).c_str(), gone.c_str()) == 0) fs::remove_all(gone, ignored);
  fs::remove(blob_path(sha256), ignored);
  const std::string image = temporary_path();
  if (::rename(image_path(sha256).c_str(), image.c_str()) == 0) fs::remove_all(image, ignored);
  remove_merged(sha256);
  return true;
}

void CodeStore::remove_merged(const std::string& sha256) {
  const std::string part = sha256.substr(0, kMergedDigits);
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_ + "/layers", ignored)) {
    if (entry.path().filename().string().contains(part)) found.push_back(entry.path().string());
  }
  for (const std::string& path : found) {
    const std::string gone = temporary_path();
    if (::rename(path.c_str(), gone.c_str()) == 0) fs::remove_all(gone, ignored);
  }
}

std::expected<CodePackage, ZipError> CodeStore::put_now(std::string_view zip) {
  CodePackage package;
  package.sha256 = base::to_hex(base::sha256(zip));
  package.size = static_cast<std::int64_t>(zip.size());
  package.pin = pin(package.sha256);
  ZipSummary summary;
  // Unpacked even where the content is known: that is rare, and it tells the unpacked size without
  // a second record of it.
  std::expected<std::string, ZipError> temporary = unpack_to_temporary(zip, summary);
  if (!temporary) return std::unexpected(temporary.error());
  package.unpacked_size = static_cast<std::int64_t>(summary.unpacked_bytes);
  auto kept = keep_blob(package.sha256, zip);
  if (kept) kept = keep_tree(code_path(package.sha256), *temporary);
  std::error_code ignored;
  fs::remove_all(*temporary, ignored);
  if (!kept) return std::unexpected(kept.error());
  return package;
}

std::expected<ImagePackage, ImageError> CodeStore::put_image_now(const std::string& images,
                                                                 const ImageReference& reference,
                                                                 const std::string& architecture) {
  std::error_code ignored;
  const auto failed = [](const ZipError& error) {
    return std::unexpected(ImageError{ImageFault::io, error.detail});
  };
  auto scratch = make_temporary();
  if (!scratch) return failed(scratch.error());
  auto parts = make_temporary();
  if (!parts) return failed(parts.error());
  const auto put = [&]() -> std::expected<ImagePackage, ImageError> {
    auto image = find_image(images, reference, architecture, *scratch);
    if (!image) return std::unexpected(image.error());
    const CodePackage package{.sha256 = image->digest, .pin = pin(image->digest)};
    struct stat status;
    const bool known = ::stat(image_path(image->digest).c_str(), &status) == 0;
    if (!known) {
      if (auto kept = keep_image(*image, *parts); !kept) return std::unexpected(kept.error());
    }
    // From the copy: what was proven is what is read and unpacked.
    image = kept_image(known ? image_path(package.sha256) : *parts);
    if (!image) return std::unexpected(image.error());
    auto settings = read_image_settings(*image);
    if (!settings) return std::unexpected(settings.error());
    ImagePackage out{package, std::move(*settings)};
    if (known && ::stat(code_path(package.sha256).c_str(), &status) == 0) return out;
    auto tree = unpack_image_to_temporary(*image);
    if (!tree) return std::unexpected(tree.error());
    std::expected<void, ZipError> kept;
    if (!known) kept = keep_tree(image_path(package.sha256), *parts);
    if (kept) kept = keep_tree(code_path(package.sha256), *tree);
    fs::remove_all(*tree, ignored);
    if (!kept) return failed(kept.error());
    return out;
  };
  auto done = put();
  fs::remove_all(*scratch, ignored);
  fs::remove_all(*parts, ignored);
  return done;
}

std::expected<std::string, ImageError> CodeStore::unpack_image_to_temporary(const Image& image) {
  auto temporary = make_temporary();
  if (!temporary) return std::unexpected(ImageError{ImageFault::io, temporary.error().detail});
  auto done = unpack_image(image, *temporary);
  if (done) return std::move(*temporary);
  std::error_code ignored;
  fs::remove_all(*temporary, ignored);
  return std::unexpected(done.error());
}

std::expected<CodePackage, ZipError> CodeStore::check_now(std::string_view zip) {
  ZipSummary summary;
  std::expected<std::string, ZipError> temporary = unpack_to_temporary(zip, summary);
  if (!temporary) return std::unexpected(temporary.error());
  std::error_code ignored;
  fs::remove_all(*temporary, ignored);
  return CodePackage{base::to_hex(base::sha256(zip)), static_cast<std::int64_t>(zip.size()),
                     static_cast<std::int64_t>(summary.unpacked_bytes), nullptr};
}

std::expected<std::string, ZipError> CodeStore::unpack_to_temporary(std::string_view zip,
                                                                    ZipSummary& summary) {
  std::expected<std::string, ZipError> temporary = make_temporary();
  if (!temporary) return temporary;
  auto done = unpack_zip(zip, *temporary, limits_);
  if (!done) {
    std::error_code ignored;
    fs::remove_all(*temporary, ignored);
    return std::unexpected(done.error());
  }
  summary = *done;
  return temporary;
}

std::expected<std::string, ZipError> CodeStore::make_temporary() {
  std::string temporary = temporary_path();
  if (::mkdir(temporary.c_str(), 0755) != 0 || ::chmod(temporary.c_str(), 0755) != 0) {
    return io_error("mkdir", temporary);
  }
  return temporary;
}

std::expected<void, ZipError> CodeStore::keep_blob(const std::string& sha256,
                                                   std::string_view zip) {
  const std::string path = blob_path(sha256);
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && status.st_size == static_cast<off_t>(zip.size()))
    return {};
  const std::string parent = fs::path(path).parent_path().string();
  if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) return io_error("mkdir", parent);
  if (auto synced = sync_folder(folder_ + "/blobs"); !synced) return synced;
  const std::string temporary = temporary_path();
  if (auto written = write_synced(temporary, zip); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error("rename", path);
  return sync_folder(parent);
}

std::expected<void, ZipError> CodeStore::keep_tree(const std::string& path,
                                                   const std::string& temporary) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) return {};
  // A power failure must not leave empty files under a name that says "complete".
  base::UniqueFd folder(::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::syncfs(folder.get()) != 0) return io_error("sync", temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error("rename", path);
  return sync_folder(fs::path(path).parent_path().string());
}

std::expected<std::string, ZipError> CodeStore::unpacked_now(const std::string& sha256) {
  const std::string path = code_path(sha256);
  struct stat status;
  if (!is_sha256(sha256))
    return std::unexpected(ZipError{ZipFault::io, "no such package: " + sha256});
  if (::stat(path.c_str(), &status) == 0) return path;
  std::expected<std::string, ZipError> temporary;
  if (::stat(image_path(sha256).c_str(), &status) == 0) {
    const auto io = [](const ImageError& error) {
      return std::unexpected(ZipError{ZipFault::io, error.detail});
    };
    auto image = kept_image(image_path(sha256));
    if (!image) return io(image.error());
    auto tree = unpack_image_to_temporary(*image);
    if (!tree) return io(tree.error());
    temporary = std::move(*tree);
  } else {
    std::expected<std::string, ZipError> zip = read_now(sha256);
    if (!zip) return zip;
    ZipSummary summary;
    temporary = unpack_to_temporary(*zip, summary);
    if (!temporary) return temporary;
  }
  if (auto kept = keep_tree(path, *temporary); !kept) return std::unexpected(kept.error());
  return path;
}

std::expected<std::string, ZipError> CodeStore::merged_now(
    const std::vector<std::string>& packages) {
  std::vector<std::string> sources;
  for (const std::string& sha256 : packages) {
    std::expected<std::string, ZipError> source = unpacked_now(sha256);
    if (!source) return source;
    sources.push_back(std::move(*source));
  }
  const std::string path = merged_path(packages);
  struct stat status;
  if (::stat(path.c_str(), &status) == 0) return path;
  std::expected<std::string, ZipError> temporary = make_temporary();
  if (!temporary) return temporary;
  std::expected<void, ZipError> kept;
  if (auto done = merge_trees(sources, *temporary); !done) {
    kept = std::unexpected(ZipError{ZipFault::io, "merging layers: " + done.error()});
  } else {
    kept = keep_tree(path, *temporary);
  }
  std::error_code ignored;
  fs::remove_all(*temporary, ignored);
  if (!kept) return std::unexpected(kept.error());
  return path;
}

std::expected<std::string, ZipError> CodeStore::read_now(const std::string& sha256) const {
  const std::string path = blob_path(sha256);
  if (!is_sha256(sha256))
    return std::unexpected(ZipError{ZipFault::io, "no such package: " + sha256});
  base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (!file || ::fstat(file.get(), &status) != 0) return io_error("open", path);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (!base::read_all(file.get(), bytes)) return io_error("read", path);
  if (base::to_hex(base::sha256(bytes)) != sha256) {
    return std::unexpected(
        ZipError{ZipFault::io, path + " does not have the content that its name says"});
  }
  return bytes;
}

std::string CodeStore::blob_path(const std::string& sha256) const {
  return folder_ + "/blobs/" + sha256.substr(0, 2) + "/" + sha256;
}
std::string CodeStore::image_path(const std::string& sha256) const {
  return folder_ + "/images/" + sha256;
}
std::string CodeStore::code_path(const std::string& sha256) const {
  return folder_ + "/code/" + sha256;
}
std::string CodeStore::merged_path(const std::vector<std::string>& packages) const {
  std::string path = folder_ + "/layers/";
  for (const std::string& sha256 : packages) {
    if (!path.ends_with('/')) path += '-';
    path += sha256.substr(0, kMergedDigits);
  }
  return path;
}
std::string CodeStore::temporary_path() {
  return fmt::format("{}/tmp/{}", folder_, ++temporaries_);
}

}  // namespace mayfly::lambda
