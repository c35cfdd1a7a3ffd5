// restore: copies a backup into a new data folder and verifies every file on the way.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/digest.h"
#include "base/unique_fd.h"
#include "cli/backup_folder.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// Copies and verifies in one pass.
Answer<void> restore_file(const fs::path& from, const BackupFile& file, const fs::path& to) {
  constexpr std::size_t kBlock = 1024 * 1024;
  const base::UniqueFd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return std::unexpected(file_problem("read", from));
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  const base::UniqueFd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) return std::unexpected(file_problem("create", to));
  base::Sha256 digest;
  std::string block(kBlock, '\0');
  while (true) {
    const ssize_t count = ::read(in.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(file_problem("read", from));
    if (count == 0) break;
    const auto part = std::string_view(block).substr(0, static_cast<std::size_t>(count));
    digest.update(part);
    if (auto written = write_all(out.get(), part, to); !written) return written;
  }
  if (digest.hex() != file.sha256) {
    return std::unexpected(Problem{
        fmt::format("{} is not what was backed up: its checksum is wrong. Take another backup of "
                    "the same folder; nothing was restored.",
                    from.string()),
        ""});
  }
  if (::fsync(out.get()) != 0) return std::unexpected(file_problem("sync", to));
  return {};
}

}  // namespace

int run_restore(const RestoreCommand& command, Terminal& terminal) {
  const auto fail = [&](const Problem& problem) {
    terminal.err << problem.text << '\n';
    return kFailed;
  };
  fs::path from = command.backup;
  if (!fs::exists(from / kBackupList)) {
    const auto all = backups_in(from);
    if (all.empty()) return fail({fmt::format("There is no backup in {}.", from.string()), ""});
    from = all.back();
  }
  const auto backup = read_backup(from);
  if (!backup) return fail(backup.error());
  const fs::path to = fs::absolute(command.data_dir).lexically_normal();
  if (fs::exists(to)) {
    return fail({fmt::format("{} exists; restore into a folder that does not.", to.string()), ""});
  }
  const fs::path draft = to.string() + ".restoring";
  std::error_code error;
  fs::remove_all(draft, error);
  fs::create_directories(draft, error);
  if (error)
    return fail({fmt::format("Cannot create {}: {}", draft.string(), error.message()), ""});
  fs::permissions(draft, fs::perms::owner_all, error);
  Answer<void> done;
  for (const auto& [path, file] : backup->files) {
    done = restore_file(from / path, file, draft / path);
    if (!done) break;
  }
  if (done) done = sync_folders(draft);
  if (done) {
    fs::rename(draft, to, error);
    if (!error) done = sync_folder(to.parent_path());
    if (error)
      done = std::unexpected(
          Problem{fmt::format("Cannot create {}: {}", to.string(), error.message()), ""});
  }
  if (!done) {
    fs::remove_all(draft, error);
    return fail(done.error());
  }
  terminal.out << to.string() << '\n';
  terminal.err << fmt::format("{} files of {}, verified. Start it: mayfly serve --data-dir {}\n",
                              backup->files.size(), printable(backup->made), to.string());
  return 0;
}

}  // namespace mayfly::cli
