// Every engine of ours passes the same suites.
#include "store/conformance/contract.h"
#include "store/conformance/random_model.h"
#include "store/faulty/faulty_store.h"
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

class FaultyEngine final : public Engine {
 public:
  explicit FaultyEngine(FaultPlan plan) : store_(inner_, plan) {}
  Store& store() override { return store_; }
  bool reopen() override { return false; }

 private:
  MemoryStore inner_;
  FaultyStore store_;
};

const EngineFactory kFaultless{"faulty, without faults",
                               [] { return std::make_unique<FaultyEngine>(FaultPlan{}); }};
const EngineFactory kMemory{"memory", [] { return std::make_unique<MemoryEngine>(); }};
const EngineFactory kRelaxed{"rocksdb, relaxed",
                             [] { return std::make_unique<RocksEngine>(Durability::relaxed); }};
const EngineFactory kDurable{"rocksdb, durable",
                             [] { return std::make_unique<RocksEngine>(Durability::durable); }};

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract,
                         testing::Values(kMemory, kFaultless, kRelaxed, kDurable));
INSTANTIATE_TEST_SUITE_P(Engines, RandomModel, testing::Values(kMemory, kFaultless, kRelaxed));
INSTANTIATE_TEST_SUITE_P(Engines, DurableContract, testing::Values(kRelaxed, kDurable));

}  // namespace
}  // namespace mayfly::store::conformance
