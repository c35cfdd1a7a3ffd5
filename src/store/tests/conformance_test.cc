// Every engine of ours passes the same suites.
#include "store/conformance/contract.h"
#include "store/conformance/random_model.h"
#include "store/memory/memory_store.h"
#include "store/tests/rocks_engine.h"

namespace mayfly::store::conformance {
namespace {

class MemoryEngine final : public Engine {
 public:
  Store& store() override { return store_; }
  bool reopen() override { return false; }

 private:
  MemoryStore store_;
};

const EngineFactory kMemory{"memory", [] { return std::make_unique<MemoryEngine>(); }};
const EngineFactory kRelaxed{"rocksdb, relaxed",
                             [] { return std::make_unique<RocksEngine>(Durability::relaxed); }};
const EngineFactory kDurable{"rocksdb, durable",
                             [] { return std::make_unique<RocksEngine>(Durability::durable); }};

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, testing::Values(kMemory, kRelaxed, kDurable));
INSTANTIATE_TEST_SUITE_P(Engines, RandomModel, testing::Values(kMemory, kRelaxed));
INSTANTIATE_TEST_SUITE_P(Engines, DurableContract, testing::Values(kRelaxed, kDurable));

}  // namespace
}  // namespace mayfly::store::conformance
