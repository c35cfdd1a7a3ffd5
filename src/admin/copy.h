// A consistent copy of the whole installation, made while it is in use.
//
// The store's checkpoint is one moment of it; files that the store refers to (code packages) are
// written once and named by their content, so they are shared by hard links, taken before and after
// the checkpoint: what the checkpoint refers to was there at one of the two. Caches that are
// rebuilt are left out. Where the file system has no hard links, the bytes are copied.
#pragma once

#include <filesystem>

#include "store/checkpoint.h"

namespace mayfly::admin {

// `to` must not exist; it becomes a data folder that `mayfly serve --data-dir` takes. Blocks. On
// failure `to` is removed again.
store::StoreResult<void> copy_installation(store::Checkpointable& store,
                                           const std::filesystem::path& data_folder,
                                           const std::filesystem::path& to);

}  // namespace mayfly::admin
