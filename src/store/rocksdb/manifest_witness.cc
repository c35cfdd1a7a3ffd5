#include "store/rocksdb/manifest_witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/listener.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <mutex>
#include <system_error>

#include "base/unique_fd.h"

namespace mayfly::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWitness = "WITNESS";

struct Manifest {
  std::string name;
  std::uint64_t size = 0;
};

// The one in use; its name is empty where there is none.
Manifest current_manifest(const fs::path& folder) {
  Manifest manifest;
  std::ifstream(folder / "CURRENT") >> manifest.name;
  std::error_code error;
  const std::uintmax_t size = fs::file_size(folder / manifest.name, error);
  if (!error) manifest.size = size;
  return manifest;
}

// Best effort: without room for it the older one stays, which is true as well.
void write_witness(const fs::path& folder) {
  const Manifest manifest = current_manifest(folder);
  const std::string line = fmt::format("{} {}\n", manifest.name, manifest.size);
  const fs::path draft = folder / (std::string(kWitness) + ".new");
  const base::UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return;
  const bool written =
      ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(file.get()) == 0;
  std::error_code ignored;
  if (written) fs::rename(draft, folder / kWitness, ignored);
  if (!written) fs::remove(draft, ignored);
}

class ManifestWitness final : public rocksdb::EventListener {
 public:
  explicit ManifestWitness(fs::path folder) : folder_(std::move(folder)) {}

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { note(); }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override { note(); }

 private:
  void note() {
    std::lock_guard lock(mutex_);
    write_witness(folder_);
  }

  const fs::path folder_;
  std::mutex mutex_;
};

}  // namespace

std::shared_ptr<rocksdb::EventListener> make_manifest_witness(fs::path folder) {
  return std::make_shared<ManifestWitness>(std::move(folder));
}

std::string manifest_loss(const fs::path& folder) {
  Manifest known;
  std::ifstream(folder / kWitness) >> known.name >> known.size;
  const Manifest found = current_manifest(folder);
  if (known.name.empty() || known.name != found.name || found.size >= known.size) return {};
  return fmt::format("{} has {} bytes and had {}: it was cut off", (folder / found.name).string(),
                     found.size, known.size);
}

}  // namespace mayfly::store
