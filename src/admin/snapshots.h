// Snapshots: copies of the installation that a backup reads, file by file.
//
// A snapshot is a folder below <data>/snapshots, made in milliseconds (copy.h). It holds on to
// files that the store would have deleted, so it is dropped by its reader, or after it was not read
// for fifteen minutes, and none survives a restart. Threads: any; the file work runs on a thread of
// its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/worker.h"
#include "store/checkpoint.h"
#include "wire/error.h"

namespace mayfly::admin {

struct SnapshotFile {
  std::string path;  // within the copy: "store/000012.sst"
  std::uint64_t size = 0;
};

struct Snapshot {
  std::string id;
  base::WallTime made;
  std::vector<SnapshotFile> files;
};

// A part of a file is at most this long.
inline constexpr std::size_t kMaxPart = 4 * 1024 * 1024;

class Snapshots {
 public:
  // All outlive it. What an earlier process left is removed.
  Snapshots(store::Checkpointable& store, std::filesystem::path data_folder,
            const base::Clock& clock, base::Ids& ids);
  ~Snapshots();  // removes them

  base::Task<wire::Result<Snapshot>> make();
  // Up to kMaxPart bytes from `offset`; empty at the end.
  base::Task<wire::Result<std::string>> read(std::string id, std::string path,
                                             std::uint64_t offset);
  // SHA-256 of the whole file, in hex.
  base::Task<wire::Result<std::string>> digest(std::string id, std::string path);
  base::Task<wire::Result<void>> drop(std::string id);

 private:
  struct Kept {
    std::map<std::string, std::uint64_t> files;
    base::MonotonicTime used;
  };
  wire::Result<Snapshot> make_now();
  wire::Result<std::filesystem::path> find(const std::string& id, const std::string& path);
  void expire();
  std::filesystem::path folder_of(const std::string& id) const { return folder_ / id; }

  store::Checkpointable& store_;
  const std::filesystem::path data_folder_;
  const std::filesystem::path folder_;
  const base::Clock& clock_;
  base::Ids& ids_;
  std::map<std::string, Kept> kept_;  // the worker's
  base::Worker worker_;
};

}  // namespace mayfly::admin
