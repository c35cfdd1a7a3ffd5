// Small file operations of the warden: whole reads and writes of kernel files, with errno values.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace mayfly::sandbox {

std::expected<std::string, int> read_file(const std::string& path);
// One write() of the whole text, as kernel files want it. The file has to exist.
std::expected<void, int> write_file(const std::string& path, std::string_view text);
// Makes or replaces an ordinary file in one step (readers see the old or the new one).
std::expected<void, int> replace_file(const std::string& path, std::string_view text);
std::expected<void, int> make_folders(const std::string& path);
std::string error_text(std::string_view what, int error);  // "what: No such file or directory"

}  // namespace mayfly::sandbox
