// RandomModel: random transactions against a std::map. Two tests:
//  * many open transactions interleaved on one thread, with every answer compared with the model,
//  commits replayed in
//    commit order (each read must give the same answer then, which is serializability), and
//    conflicts justified;
//  * transactions of several threads at once, replayed afterwards in the order of their sequences.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "store/conformance/harness.h"

namespace mayfly::store::conformance {

class RandomModel : public EngineTest {
 protected:
  using State = std::map<std::string, std::string>;

  // One step of a transaction, with what the engine answered where it was a read.
  struct Step {
    enum class Kind { get, range, put, erase, erase_range, put_sequenced } kind;
    std::string key;
    std::string end;
    std::string value;
    Direction direction = Direction::forward;
    std::size_t limit = 0;
    Conflict conflict = Conflict::detect;
    std::optional<std::string> got = std::nullopt;
    RangeResult rows = {};
  };

  static Step random_step(std::mt19937_64& random) {
    static constexpr Step::Kind kKinds[] = {
        Step::Kind::get,         Step::Kind::get,          Step::Kind::range, Step::Kind::range,
        Step::Kind::put,         Step::Kind::put,          Step::Kind::put,   Step::Kind::erase,
        Step::Kind::erase_range, Step::Kind::put_sequenced};
    auto key = [&] {
      return std::string(1, static_cast<char>('a' + random() % 12)) +
             std::string(random() % 2, 'x');
    };
    Step step{.kind = kKinds[random() % std::size(kKinds)],
              .key = key(),
              .end = key(),
              .value = std::to_string(random() % 1000)};
    if (random() % 16 == 0) step.end.clear();
    if (step.kind == Step::Kind::put_sequenced) step.key = "s" + step.key;
    step.direction = random() % 2 == 0 ? Direction::forward : Direction::reverse;
    step.limit = 1 + random() % 6;
    step.conflict = random() % 8 == 0 ? Conflict::ignore : Conflict::detect;
    return step;
  }

  static RangeQuery query_of(const Step& step) {
    return {.begin = step.key,
            .end = step.end,
            .direction = step.direction,
            .limit = step.limit,
            .conflict = step.conflict};
  }

  static RangeResult model_range(const State& state, const RangeQuery& query) {
    RangeResult result;
    for (const auto& [key, value] : state) {
      if (key >= query.begin && (query.end.empty() || key < query.end))
        result.rows.push_back({key, value});
    }
    if (query.direction == Direction::reverse) std::ranges::reverse(result.rows);
    if (result.rows.size() > query.limit) {
      result.rows.resize(query.limit);
      result.more = true;
    }
    return result;
  }

  static void apply_write(State& state, const Step& step) {
    if (step.kind == Step::Kind::put) state[step.key] = step.value;
    if (step.kind == Step::Kind::erase) state.erase(step.key);
    if (step.kind == Step::Kind::erase_range && (step.end.empty() || step.key < step.end)) {
      state.erase(state.lower_bound(step.key),
                  step.end.empty() ? state.end() : state.lower_bound(step.end));
    }
  }

  // Runs the step on the engine and notes the answer.
  static base::Task<StoreResult<void>> run(Transaction& transaction, Step& step) {
    switch (step.kind) {
      case Step::Kind::get: {
        auto got = co_await transaction.get(step.key, step.conflict);
        if (!got) co_return std::unexpected(got.error());
        step.got = *got;
        break;
      }
      case Step::Kind::range: {
        RangeQuery query = query_of(step);
        auto rows = co_await transaction.range(std::move(query));
        if (!rows) co_return std::unexpected(rows.error());
        step.rows = *rows;
        break;
      }
      case Step::Kind::put:
        transaction.put(step.key, step.value);
        break;
      case Step::Kind::erase:
        transaction.erase(step.key);
        break;
      case Step::Kind::erase_range:
        transaction.erase_range(step.key, step.end);
        break;
      case Step::Kind::put_sequenced:
        transaction.put_sequenced(step.key, "", step.value);
        break;
    }
    co_return StoreResult<void>{};
  }

  enum class Now { in_snapshot, in_commit_order };
  static std::string_view name(Now when) {
    return when == Now::in_snapshot ? "in its snapshot" : "in commit order";
  }

  static void expect_answer(const State& state, const Step& step, Now when) {
    if (step.kind == Step::Kind::get) {
      const auto at = state.find(step.key);
      EXPECT_EQ(step.got, at == state.end() ? std::nullopt : std::optional(at->second))
          << name(when) << ": get " << step.key;
    } else if (step.kind == Step::Kind::range) {
      const RangeResult expected = model_range(state, query_of(step));
      EXPECT_EQ(step.rows.rows, expected.rows)
          << name(when) << ": range " << step.key << ".." << step.end;
      // What lies behind the last row was not read, so in commit order there may be more or less of
      // it.
      if (when == Now::in_snapshot) EXPECT_EQ(step.rows.more, expected.more) << step.key;
    }
  }

  // Applies a committed transaction; where each checked read must answer now as it did then.
  static void replay(State& state, const std::vector<Step>& steps, std::uint64_t sequence) {
    for (const Step& step : steps) {
      if (step.conflict == Conflict::detect) expect_answer(state, step, Now::in_commit_order);
      apply_write(state, step);
    }
    for (const Step& step : steps) {
      if (step.kind == Step::Kind::put_sequenced)
        state[step.key + encode_sequence(sequence)] = step.value;
    }
  }

  static Rows rows_of(const State& state) {
    Rows rows;
    for (const auto& [key, value] : state) rows.push_back({key, value});
    return rows;
  }

  static bool writes(const std::vector<Step>& steps) {
    return std::ranges::any_of(steps, [](const Step& step) {
      if (step.kind == Step::Kind::erase_range) return step.end.empty() || step.key < step.end;
      return step.kind != Step::Kind::get && step.kind != Step::Kind::range;
    });
  }
};

TEST_P(RandomModel, InterleavedTransactionsMatchAMap) {
  struct Open {
    std::unique_ptr<Transaction> transaction;
    State state;  // what it must see
    std::vector<Step> steps;
    std::size_t commits_before;
  };
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::mt19937_64 random(seed);
    State state;
    for (const KeyValue& row : all_rows(store())) state[row.key] = row.value;
    std::vector<Open> open;
    std::size_t commits = 0;
    std::uint64_t last_sequence = 0;
    int conflicts = 0;
    for (int i = 0; i < 1500 && !HasFailure(); ++i) {
      if (open.size() < 2 || (open.size() < 6 && random() % 4 == 0)) {
        open.push_back({store().begin(), state, {}, commits});
        continue;
      }
      const std::size_t pick = random() % open.size();
      Open& chosen = open[pick];
      if (random() % 6 != 0) {
        Step step = random_step(random);
        ASSERT_TRUE(base::sync_wait(run(*chosen.transaction, step)));
        expect_answer(chosen.state, step, Now::in_snapshot);
        apply_write(chosen.state, step);
        chosen.steps.push_back(std::move(step));
        continue;
      }
      const auto result = commit(store(), std::move(chosen.transaction));
      if (result && result->sequence != 0) {
        EXPECT_TRUE(writes(chosen.steps));
        EXPECT_GT(result->sequence, last_sequence);
        last_sequence = result->sequence;
        replay(state, chosen.steps, result->sequence);
        ++commits;
        EXPECT_EQ(all_rows(store()), rows_of(state));
      } else if (result) {
        EXPECT_FALSE(writes(chosen.steps));
      } else {
        EXPECT_EQ(result.error().code, StoreErrorCode::conflict) << result.error().detail;
        EXPECT_GT(commits, chosen.commits_before)
            << "nothing was committed that it could conflict with";
        EXPECT_TRUE(writes(chosen.steps)) << "who writes nothing always commits";
        ++conflicts;
      }
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
    }
    EXPECT_GT(commits, 20U);
    EXPECT_GT(conflicts, 5) << "the test does not test conflicts";
    open.clear();
    if (engine().reopen()) EXPECT_EQ(all_rows(store()), rows_of(state)) << "after reopening";
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST_P(RandomModel, ThreadsAreSerializable) {
  struct Done {
    std::uint64_t sequence;
    std::vector<Step> steps;
  };
  std::mutex mutex;
  std::vector<Done> history;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(100 + t);
      for (int i = 0; i < 150; ++i) {
        std::vector<Step> plan;
        for (std::size_t n = 1 + random() % 5; n > 0; --n) plan.push_back(random_step(random));
        auto body = [&plan](Transaction& transaction) -> base::Task<StoreResult<void>> {
          for (Step& step : plan) {
            auto ran = co_await run(transaction, step);
            if (!ran) co_return std::unexpected(ran.error());
          }
          co_return StoreResult<void>{};
        };
        auto result = base::sync_wait(transact_committed(store(), body));
        if (!result) {
          EXPECT_EQ(result.error().code, StoreErrorCode::conflict) << result.error().detail;
          continue;
        }
        if (result->commit.sequence == 0) continue;
        std::lock_guard lock(mutex);
        history.push_back({result->commit.sequence, std::move(plan)});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ranges::sort(history, {}, &Done::sequence);
  State state;
  std::uint64_t last = 0;
  for (const Done& done : history) {
    EXPECT_GT(done.sequence, last) << "two commits have one sequence";
    last = done.sequence;
    replay(state, done.steps, done.sequence);
    ASSERT_FALSE(HasFailure()) << "at sequence " << done.sequence;
  }
  EXPECT_GT(history.size(), 200U);
  EXPECT_EQ(all_rows(store()), rows_of(state));
}

}  // namespace mayfly::store::conformance
