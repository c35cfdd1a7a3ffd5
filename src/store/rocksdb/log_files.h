// The file system as RocksDB sees it, with write-ahead logs whose size grows in steps ahead of what
// is written (docs/decisions/0020-logs-grow-ahead.md).
//
// An fdatasync of a file that has grown writes the file's size as well, a second write to the disk;
// within a step the size stays. What lies behind the end of a log is zeros until it is closed, and
// after a crash.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace mayfly::store {

// `base`: null for the real one; otherwise it outlives the result.
std::unique_ptr<rocksdb::Env> with_logs_ahead(rocksdb::Env* base);

}  // namespace mayfly::store
