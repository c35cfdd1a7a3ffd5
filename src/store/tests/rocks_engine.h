// A RocksStore in a folder of its own, for tests.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "store/conformance/harness.h"
#include "store/rocksdb/rocks_store.h"

namespace mayfly::store::conformance {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mayfly-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<RocksStore> open_rocks(RocksOptions options) {
  auto store = RocksStore::open(std::move(options));
  if (!store) throw std::runtime_error(store.error().detail);
  return std::move(*store);
}

class RocksEngine final : public Engine {
 public:
  explicit RocksEngine(Durability durability) : durability_(durability) { open(); }
  Store& store() override { return *store_; }
  bool reopen() override {
    store_.reset();
    open();
    return true;
  }

 private:
  // A small write buffer, so that tests reach flushes and files too.
  void open() {
    store_ = open_rocks({.path = folder_.path() / "store",
                         .durability = durability_,
                         .write_buffer_bytes = 256 * 1024});
  }

  Durability durability_;
  TempFolder folder_;
  std::unique_ptr<RocksStore> store_;
};

}  // namespace mayfly::store::conformance
