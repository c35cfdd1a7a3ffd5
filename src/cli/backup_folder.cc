#include "cli/backup_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/descriptor_io.h"
#include "base/unique_fd.h"
#include "cli/table.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFormat = 1;

// A list that somebody wrote must not lead out of the folder.
bool is_inside(std::string_view path) {
  const fs::path parts(path);
  if (path.empty() || parts.is_absolute()) return false;
  return std::ranges::none_of(parts, [](const fs::path& part) { return part == ".."; });
}

Problem damaged(const fs::path& list) {
  return {fmt::format("{} is damaged: this backup cannot be used.", list.string()), ""};
}

}  // namespace

Problem file_problem(std::string_view what, const fs::path& path) {
  return {fmt::format("Cannot {} {}: {}", what, path.string(), std::strerror(errno)), ""};
}

Answer<void> sync_folder(const fs::path& folder) {
  const base::UniqueFd file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return std::unexpected(file_problem("sync", folder));
  return {};
}

Answer<void> sync_folders(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entries(folder, error), end; !error && entries != end;
       entries.increment(error)) {
    if (!entries->is_directory()) continue;
    if (auto synced = sync_folder(entries->path()); !synced) return synced;
  }
  return sync_folder(folder);
}

Answer<void> write_all(int file, std::string_view bytes, const fs::path& path) {
  if (!base::write_all(file, bytes)) return std::unexpected(file_problem("write", path));
  return {};
}

Answer<Backup> read_backup(const fs::path& folder) {
  const fs::path list = folder / kBackupList;
  std::ifstream stream(list, std::ios::binary);
  if (!stream) {
    return std::unexpected(
        Problem{fmt::format("{} is no backup: it has no {}.", folder.string(), kBackupList), ""});
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto document = wire::parse_json(text);
  if (!document) return std::unexpected(damaged(list));
  const auto* format = document->find("format");
  const std::int64_t number = format == nullptr ? 0 : format->as_int().value_or(0);
  if (number > kFormat) {
    return std::unexpected(Problem{
        fmt::format("{} was made by a newer Mayfly; restore it with that.", folder.string()), ""});
  }
  const auto* files = document->find("files");
  const auto* map = files == nullptr ? nullptr : files->as_map();
  if (number != kFormat || map == nullptr) return std::unexpected(damaged(list));
  Backup backup{.folder = folder, .made = text_at(*document, "made"), .files = {}};
  for (const auto& [path, entry] : *map) {
    const auto* size = entry.find("size");
    const auto bytes = size == nullptr ? std::nullopt : size->as_int();
    const std::string sha256 = text_at(entry, "sha256");
    if (!is_inside(path) || !bytes || *bytes < 0 || sha256.size() != 64)
      return std::unexpected(damaged(list));
    backup.files[path] = {static_cast<std::uint64_t>(*bytes), sha256};
  }
  return backup;
}

std::vector<fs::path> backups_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entries(folder, error), end; !error && entries != end;
       entries.increment(error)) {
    const bool draft = entries->path().filename().string().starts_with(".");
    if (!draft && fs::exists(entries->path() / kBackupList)) found.push_back(entries->path());
  }
  std::ranges::sort(found);  // their names are times
  return found;
}

Answer<void> write_backup_list(const Backup& backup) {
  wire::Document files = wire::Document::map();
  for (const auto& [path, file] : backup.files) {
    wire::Document entry = wire::Document::map();
    entry.set("size", file.size);
    entry.set("sha256", file.sha256);
    files.set(path, std::move(entry));
  }
  wire::Document list = wire::Document::map();
  list.set("format", kFormat);
  list.set("made", backup.made);
  list.set("files", std::move(files));
  const fs::path path = backup.folder / kBackupList;
  const std::string text = wire::to_json(list) + "\n";
  const base::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0) {
    return std::unexpected(file_problem("write", path));
  }
  return sync_folder(backup.folder);
}

}  // namespace mayfly::cli
