#include "store/faulty/faulty_store.h"

#include <utility>

#include "base/executor.h"

namespace mayfly::store {
namespace {

class FaultyTransaction final : public Transaction {
 public:
  FaultyTransaction(FaultyStore& store, std::unique_ptr<Transaction> transaction)
      : inner(std::move(transaction)), store_(store) {}

  base::Task<StoreResult<std::optional<std::string>>> get(std::string_view key,
                                                          Conflict conflict) override {
    using Answer = base::Task<StoreResult<std::optional<std::string>>>;
    if (store_.read_fails()) return Answer::ready(std::unexpected(injected()));
    return inner->get(key, conflict);
  }
  base::Task<StoreResult<RangeResult>> range(RangeQuery query) override {
    using Answer = base::Task<StoreResult<RangeResult>>;
    if (store_.read_fails()) return Answer::ready(std::unexpected(injected()));
    return inner->range(std::move(query));
  }
  void put(std::string_view key, std::string_view value) override {
    writes = true;
    inner->put(key, value);
  }
  void erase(std::string_view key) override {
    writes = true;
    inner->erase(key);
  }
  void erase_range(std::string_view begin, std::string_view end) override {
    writes = true;
    inner->erase_range(begin, end);
  }
  void put_sequenced(std::string_view prefix, std::string_view suffix,
                     std::string_view value) override {
    writes = true;
    inner->put_sequenced(prefix, suffix, value);
  }

  std::unique_ptr<Transaction> inner;
  bool writes = false;

 private:
  static StoreError injected() {
    return {StoreErrorCode::unavailable, "injected: the read failed"};
  }

  FaultyStore& store_;
};

struct BackOfTheQueue {
  static bool await_ready() noexcept { return base::Executor::current() == nullptr; }
  static void await_suspend(std::coroutine_handle<> handle) {
    base::Executor::current()->post([handle] { handle.resume(); });
  }
  static void await_resume() noexcept {}
};

std::optional<StoreError> error_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return std::nullopt;
    case Fault::conflict:
      return StoreError{StoreErrorCode::conflict, "injected"};
    case Fault::too_old:
      return StoreError{StoreErrorCode::too_old, "injected"};
    case Fault::unavailable:
      return StoreError{StoreErrorCode::unavailable, "injected"};
    case Fault::unknown_applied:
    case Fault::unknown_dropped:
      return StoreError{StoreErrorCode::outcome_unknown, "injected"};
  }
  return std::nullopt;
}

base::Task<StoreResult<CommitInfo>> commit_with(Store& inner,
                                                std::unique_ptr<Transaction> transaction,
                                                Fault fault, int delays) {
  for (; delays > 0; --delays) co_await BackOfTheQueue{};
  const bool reaches_inner = fault == Fault::none || fault == Fault::unknown_applied;
  if (reaches_inner) {
    StoreResult<CommitInfo> result = co_await inner.commit(std::move(transaction));
    if (fault == Fault::none || !result) co_return result;
  }
  co_return std::unexpected(*error_of(fault));
}

}  // namespace

FaultyStore::FaultyStore(Store& inner, FaultPlan plan)
    : inner_(inner), plan_(plan), random_(plan.seed) {}

void FaultyStore::fail_next(Fault fault) {
  std::lock_guard lock(mutex_);
  scripted_.push_back(fault);
}

void FaultyStore::set_plan(FaultPlan plan) {
  std::lock_guard lock(mutex_);
  plan_ = plan;
  random_.seed(plan.seed);
}

std::unique_ptr<Transaction> FaultyStore::begin() {
  return std::make_unique<FaultyTransaction>(*this, inner_.begin());
}

base::Task<StoreResult<CommitInfo>> FaultyStore::commit(std::unique_ptr<Transaction> transaction) {
  auto& faulty = static_cast<FaultyTransaction&>(*transaction);
  // A transaction without writes always commits.
  if (!faulty.writes) return inner_.commit(std::move(faulty.inner));
  const Decision decision = decide();
  return commit_with(inner_, std::move(faulty.inner), decision.fault, decision.delays);
}

base::OneShot<bool> FaultyStore::watch(std::string_view prefix) { return inner_.watch(prefix); }

FaultyStore::Decision FaultyStore::decide() {
  std::lock_guard lock(mutex_);
  std::uniform_real_distribution<double> chance(0, 1);
  Decision decision;
  if (chance(random_) < plan_.delay) decision.delays = 1 + static_cast<int>(random_() % 4);
  if (!scripted_.empty()) {
    decision.fault = scripted_.front();
    scripted_.pop_front();
    return decision;
  }
  const std::pair<double, Fault> chances[] = {{plan_.conflict, Fault::conflict},
                                              {plan_.too_old, Fault::too_old},
                                              {plan_.unavailable, Fault::unavailable},
                                              {plan_.unknown_applied, Fault::unknown_applied},
                                              {plan_.unknown_dropped, Fault::unknown_dropped}};
  double roll = chance(random_);
  for (const auto& [probability, fault] : chances) {
    if (roll < probability) {
      decision.fault = fault;
      break;
    }
    roll -= probability;
  }
  return decision;
}

bool FaultyStore::read_fails() {
  std::lock_guard lock(mutex_);
  return plan_.read_unavailable > 0 &&
         std::uniform_real_distribution<double>(0, 1)(random_) < plan_.read_unavailable;
}

}  // namespace mayfly::store
