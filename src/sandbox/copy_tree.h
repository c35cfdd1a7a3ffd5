// Copies a folder's content: files, folders, symbolic links, with modes and times. Never follows a
// link.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace mayfly::sandbox {

// Fails, with a sentence, beyond `max_bytes` in all, and at what is no file, folder or link
// (sockets, fifos are left out).
std::expected<void, std::string> copy_tree(int from_folder, int to_folder, std::uint64_t max_bytes);

}  // namespace mayfly::sandbox
