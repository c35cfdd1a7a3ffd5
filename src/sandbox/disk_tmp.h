// A /tmp on disk, of a fixed size, that nobody has to clean up: an ext4 file system in a sparse
// file without a name, behind a loop device that lets go of it by itself. When the sandbox's mount
// namespace ends, however it ends, mount, device and file go with it.
//
// Only real root can mount it, and only where the mount namespace is the machine's own: in a
// sandbox, not in a clone's nest. Failure: a sentence. Threads: one, in a forked child.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace mayfly::sandbox {

// `folder`: on the file system that holds it. Takes some 6 ms.
std::expected<void, std::string> mount_disk_tmp(const std::string& target, std::uint64_t bytes,
                                                const std::string& folder);

}  // namespace mayfly::sandbox
