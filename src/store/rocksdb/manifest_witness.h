// How long the manifest was at least, kept beside it: RocksDB takes one that is cut off for one
// whose last entries a crash tore, and would forget the tables of the entries that are gone.
//
// The file WITNESS says "MANIFEST-000005 1234": written after flushes and compactions, when the
// manifest's entry for them is on disk. It may lag behind, never run ahead. Threads: RocksDB's own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace rocksdb {
class EventListener;
}

namespace mayfly::store {

std::shared_ptr<rocksdb::EventListener> make_manifest_witness(std::filesystem::path folder);

// What is wrong with the folder's manifest, as a sentence; empty where nothing is known to be.
std::string manifest_loss(const std::filesystem::path& folder);

}  // namespace mayfly::store
