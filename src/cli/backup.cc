// backup: reads a snapshot of the daemon file by file into a new folder beside the earlier backups,
// with hard links to what they have already.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/digest.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "cli/api_client.h"
#include "cli/backup_folder.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kTimeout{10};  // the digest of a large file takes its time
constexpr const char* kSnapshots = "/_mayfly/snapshots";

std::string encoded(std::string_view text) {
  return base::percent_encode(text, base::Slash::encode);
}

// One backup under way.
class Copying {
 public:
  Copying(ApiClient& client, std::string snapshot, Backup& draft, const Backup* before)
      : client_(client),
        target_(fmt::format("{}/{}", kSnapshots, snapshot)),
        draft_(draft),
        before_(before) {}

  Answer<void> file(const std::string& path, std::uint64_t size) {
    auto digest = client_.get(fmt::format("{}/digest?path={}", target_, encoded(path)));
    if (!digest) return std::unexpected(digest.error());
    const BackupFile file{size, text_at(*digest, "sha256")};
    const fs::path to = draft_.folder / path;
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!same_as_before(path, file, to)) {
      if (auto done = fetch(path, file, to); !done) return done;
    }
    draft_.files[path] = file;
    return {};
  }

  std::uint64_t fetched = 0;  // bytes
  std::uint64_t shared = 0;

 private:
  // The earlier copy is read again, so that a damaged one is not carried on.
  bool same_as_before(const std::string& path, const BackupFile& file, const fs::path& to) {
    if (before_ == nullptr) return false;
    const auto known = before_->files.find(path);
    if (known == before_->files.end() || known->second.sha256 != file.sha256) return false;
    const fs::path from = before_->folder / path;
    if (base::file_sha256(from) != file.sha256) return false;
    std::error_code error;
    fs::create_hard_link(from, to, error);
    if (!error) shared += file.size;
    return !error;
  }

  Answer<void> fetch(const std::string& path, const BackupFile& file, const fs::path& to) {
    const base::UniqueFd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out) return std::unexpected(file_problem("create", to));
    base::Sha256 digest;
    std::uint64_t offset = 0;
    while (offset < file.size) {
      auto part = client_.own(
          "GET", fmt::format("{}/content?path={}&offset={}", target_, encoded(path), offset));
      if (!part) return std::unexpected(part.error());
      if (part->body.empty()) break;
      if (auto written = write_all(out.get(), part->body, to); !written) return written;
      digest.update(part->body);
      offset += part->body.size();
    }
    if (offset != file.size || digest.hex() != file.sha256) {
      return std::unexpected(
          Problem{fmt::format("{} did not arrive as it was sent; try again.", path), ""});
    }
    if (::fsync(out.get()) != 0) return std::unexpected(file_problem("sync", to));
    fetched += file.size;
    return {};
  }

  ApiClient& client_;
  const std::string target_;
  Backup& draft_;
  const Backup* before_;
};

// "2026-01-31T12-34-56.789Z": sorts as time does, and is a file name everywhere.
std::string folder_name(std::string made) {
  for (char& c : made) {
    if (c == ':') c = '-';
  }
  return made;
}

// The draft becomes a backup in one step, at the end.
Answer<void> finish(const Backup& draft, const fs::path& folder, const fs::path& final_folder) {
  if (auto synced = sync_folders(draft.folder); !synced) return synced;
  if (auto listed = write_backup_list(draft); !listed) return listed;
  std::error_code error;
  fs::rename(draft.folder, final_folder, error);
  if (error) {
    errno = error.value();
    return std::unexpected(file_problem("create", final_folder));
  }
  return sync_folder(folder);
}

Answer<void> copy_files(Copying& copying, const wire::Document& snapshot) {
  const auto* list = snapshot.find("files");
  const auto* files = list == nullptr ? nullptr : list->as_list();
  if (files == nullptr) return std::unexpected(Problem{"The daemon listed no files.", ""});
  for (const auto& file : *files) {
    const auto* size = file.find("size");
    const std::int64_t bytes = size == nullptr ? 0 : size->as_int().value_or(0);
    auto copied = copying.file(text_at(file, "path"), static_cast<std::uint64_t>(bytes));
    if (!copied) return copied;
  }
  return {};
}

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

}  // namespace

int run_backup(const BackupCommand& command, const Target& target, Terminal& terminal) {
  const auto fail = [&](const Problem& problem) {
    terminal.err << problem.text << '\n';
    return kFailed;
  };
  const fs::path folder = fs::absolute(command.folder);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return fail({fmt::format("Cannot create {}: {}", folder.string(), error.message()), ""});
  const auto earlier = backups_in(folder);
  const Answer<Backup> before =
      earlier.empty() ? std::unexpected(Problem{}) : read_backup(earlier.back());

  const auto begin = terminal.clock.monotonic();
  ApiClient client(target, terminal.clock, kTimeout);
  const auto snapshot = client.own_json("POST", kSnapshots);
  if (!snapshot) return fail(snapshot.error());
  const std::string id = text_at(*snapshot, "id");
  const fs::path final_folder = folder / folder_name(text_at(*snapshot, "made"));
  Backup draft{.folder = folder / ("." + id), .made = text_at(*snapshot, "made"), .files = {}};
  fs::create_directory(draft.folder, error);
  fs::permissions(draft.folder, fs::perms::owner_all, error);

  Copying copying(client, id, draft, before ? &*before : nullptr);
  auto done = copy_files(copying, *snapshot);
  (void)client.own("DELETE", fmt::format("{}/{}", kSnapshots, id));
  if (done) done = finish(draft, folder, final_folder);
  if (!done) {
    fs::remove_all(draft.folder, error);
    return fail(done.error());
  }
  if (command.keep > 0) {
    auto all = backups_in(folder);
    for (std::size_t i = 0; i + command.keep < all.size(); ++i) fs::remove_all(all[i], error);
  }
  const std::chrono::duration<double> took = terminal.clock.monotonic() - begin;
  terminal.out << final_folder.string() << '\n';
  terminal.err << fmt::format(
      "{} files, {:.1f} MB, verified; {:.1f} MB copied, the rest shared with the backup before; "
      "{:.1f} s\n",
      draft.files.size(), megabytes(copying.fetched + copying.shared), megabytes(copying.fetched),
      took.count());
  return 0;
}

}  // namespace mayfly::cli
