// A backup on disk: a data folder with a list of its files beside it (docs/formats/backup.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api_client.h"

namespace mayfly::cli {

inline constexpr const char* kBackupList = "BACKUP.json";

struct BackupFile {
  std::uint64_t size = 0;
  std::string sha256;
};

struct Backup {
  std::filesystem::path folder;
  std::string made;                         // the moment that it is of
  std::map<std::string, BackupFile> files;  // by path within the folder
};

// What the list says; the files themselves are not looked at.
Answer<Backup> read_backup(const std::filesystem::path& folder);
// The finished backups in a folder, oldest first.
std::vector<std::filesystem::path> backups_in(const std::filesystem::path& folder);
// Writes the list and syncs it and the folder.
Answer<void> write_backup_list(const Backup& backup);

Answer<void> sync_folder(const std::filesystem::path& folder);
Answer<void> sync_folders(const std::filesystem::path& folder);  // it and all below it
Answer<void> write_all(int file, std::string_view bytes, const std::filesystem::path& path);
Problem file_problem(std::string_view what, const std::filesystem::path& path);  // with errno

}  // namespace mayfly::cli
