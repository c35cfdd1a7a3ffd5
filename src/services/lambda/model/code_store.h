// CodeStore: code packages as files, content-addressed by SHA-256.
//
//   <folder>/blobs/<ab>/<sha256>   the zip as it was uploaded; on disk before put() returns
//   <folder>/images/<sha256>/      a container image, by its manifest's digest: manifest and parts
//   <folder>/code/<sha256>/        either of them, unpacked; a cache, rebuilt where it is missing
//   <folder>/layers/<a>-<b>...     packages merged into one folder, by the first 48 digits of each;
//   a cache too, which goes with the first of its packages
//   <folder>/tmp/                  half-done work; emptied at start
//
// Who refers to which package is in the store (model/functions.h), not here. A package that put()
// returned is pinned until the Pin is dropped, so that the collector cannot remove it before the
// function that refers to it is committed. Threads: any. File work runs on one thread of its own;
// coroutines resume on the executor they left.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/task.h"
#include "services/lambda/model/image.h"
#include "services/lambda/model/zip.h"

namespace mayfly::lambda {

struct CodePackage {
  std::string sha256;  // lower-case hex: the name of its files
  std::int64_t size = 0;
  std::int64_t unpacked_size = 0;
  std::shared_ptr<void> pin;
  std::string hot_folder = {};  // of what is no package: the code itself
};

struct ImagePackage {
  CodePackage package;
  ImageSettings settings;
};

// "CodeSha256" as AWS shows it: base64 of the digest.
std::string sha256_as_base64(const std::string& hex);

class CodeStore {
 public:
  // Creates the folders; throws std::system_error where that fails.
  explicit CodeStore(std::string folder, ZipLimits limits = {});
  ~CodeStore();  // finishes what was asked for
  CodeStore(const CodeStore&) = delete;
  CodeStore& operator=(const CodeStore&) = delete;

  // Unpacks (which proves the zip), then keeps both forms durably. Known content costs only its
  // hash.
  base::Task<std::expected<CodePackage, ZipError>> put(std::string zip);
  // Finds the image in the folder `images`, unpacks it and keeps both forms durably.
  base::Task<std::expected<ImagePackage, ImageError>> put_image(std::string images,
                                                                ImageReference reference,
                                                                std::string architecture);
  // Proves the zip and keeps nothing.
  base::Task<std::expected<CodePackage, ZipError>> check(std::string zip);
  // The folder with the unpacked code.
  base::Task<std::expected<std::string, ZipError>> unpacked(std::string sha256);
  // The folder with all of these on top of each other, the last one uppermost: layers. Empty where
  // there are none.
  base::Task<std::expected<std::string, ZipError>> merged(std::vector<std::string> packages);
  // The zip.
  base::Task<std::expected<std::string, ZipError>> read(std::string sha256);
  // Every package that has files here.
  base::Task<std::vector<std::string>> list();

  // Removal in two steps, with the look into the store between them: begin_removal() is false for a
  // pinned package; a put() of the same content calls the removal off; finish_removal() removes the
  // files unless that happened.
  bool begin_removal(const std::string& sha256);
  base::Task<bool> finish_removal(std::string sha256);
  void cancel_removal(const std::string& sha256);

 private:
  template <class Fn>
  auto on_thread(Fn work) -> base::Task<decltype(work())>;
  void thread_main();
  std::shared_ptr<void> pin(const std::string& sha256);
  std::expected<std::string, ZipError> unpack_to_temporary(std::string_view zip,
                                                           ZipSummary& summary);
  std::expected<void, ZipError> keep_blob(const std::string& sha256, std::string_view zip);
  std::expected<void, ZipError> keep_tree(const std::string& path, const std::string& temporary);
  std::expected<CodePackage, ZipError> put_now(std::string_view zip);
  std::expected<ImagePackage, ImageError> put_image_now(const std::string& images,
                                                        const ImageReference& reference,
                                                        const std::string& architecture);
  std::expected<std::string, ImageError> unpack_image_to_temporary(const Image& image);
  std::expected<CodePackage, ZipError> check_now(std::string_view zip);
  std::expected<std::string, ZipError> unpacked_now(const std::string& sha256);
  std::expected<std::string, ZipError> merged_now(const std::vector<std::string>& packages);
  void remove_merged(const std::string& sha256);
  std::expected<std::string, ZipError> read_now(const std::string& sha256) const;
  bool remove_now(const std::string& sha256);
  std::string blob_path(const std::string& sha256) const;
  std::string image_path(const std::string& sha256) const;
  std::string code_path(const std::string& sha256) const;
  std::string merged_path(const std::vector<std::string>& packages) const;
  std::string temporary_path();
  std::expected<std::string, ZipError> make_temporary();

  std::string folder_;
  ZipLimits limits_;
  std::uint64_t temporaries_ = 0;  // only the thread

  struct Pins;
  std::shared_ptr<Pins> pins_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mayfly::lambda
