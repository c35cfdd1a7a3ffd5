// Zip archives for tests, good and bad ones.
#pragma once

#include <sys/stat.h>
#include <zip.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace mayfly::lambda::testing {

struct ZipEntry {
  std::string name, content;
  unsigned mode = S_IFREG | 0644;  // 0: no Unix mode at all, as from Windows
};

inline std::string make_zip(const std::vector<ZipEntry>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
  if (archive == nullptr) throw std::runtime_error("no archive");
  zip_source_keep(source);
  for (const ZipEntry& entry : entries) {
    zip_source_t* content =
        zip_source_buffer(archive, entry.content.data(), entry.content.size(), 0);
    const zip_int64_t index =
        entry.name.ends_with('/')
            ? (zip_source_free(content), zip_dir_add(archive, entry.name.c_str(), ZIP_FL_ENC_UTF_8))
            : zip_file_add(archive, entry.name.c_str(), content, ZIP_FL_ENC_UTF_8);
    if (index < 0) throw std::runtime_error(zip_strerror(archive));
    // The same entries make the same bytes whenever it is made.
    zip_file_set_mtime(archive, static_cast<zip_uint64_t>(index), 1'750'000'000, 0);
    if (entry.mode != 0) {
      zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX,
                                       static_cast<zip_uint32_t>(entry.mode) << 16);
    } else {
      zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_DOS,
                                       0);
    }
  }
  if (zip_close(archive) != 0) throw std::runtime_error("cannot close");
  zip_stat_t stat;
  zip_source_stat(source, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_open(source);
  zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  zip_source_free(source);
  return bytes;
}

// The same archive with every occurrence of a name replaced by another of the same length: names
// that libzip would not write.
inline std::string renamed(std::string zip, const std::string& from, const std::string& to) {
  for (std::size_t at = zip.find(from); at != std::string::npos; at = zip.find(from, at + 1))
    zip.replace(at, from.size(), to);
  return zip;
}

inline std::string python_zip(
    const std::string& source = "def lambda_handler(event, context):\n    return event\n") {
  return make_zip({{"index.py", source}});
}

}  // namespace mayfly::lambda::testing
