// Checkpointable: an engine's optional power to copy itself, consistently, while it is in use.
#pragma once

#include <filesystem>

#include "store/store.h"

namespace mayfly::store {

class Checkpointable {
 public:
  virtual ~Checkpointable() = default;
  // Writes a store to `path`, which must not exist yet, with everything that was committed before
  // the call. It can be opened as a store of its own. Blocks the caller while it writes; any
  // thread. On failure `path` is removed again.
  virtual StoreResult<void> checkpoint(const std::filesystem::path& path) = 0;
};

}  // namespace mayfly::store
