// The meter: sums that are exact, survive a restart, and are counted once whatever the store does.
#include "engine/meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spawn.h"
#include "store/memory/memory_store.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::string_view kPrices =
    R"({"as_of":"2026-01","lambda":{"request":0.0000002,"gb_second":{
  "x86_64":[{"up_to_gb_seconds":100,"price":0.01},{"price":0.001}],"arm64":[{"price":0.005}]},
  "provisioned_gb_second":{"x86_64":{"held":0.002,"duration":0.004}}}})";

class MeterTest : public ::testing::Test {
 protected:
  std::unique_ptr<Meter> make() {
    return std::make_unique<Meter>(*store_, io_, clock_, *Prices::parse(kPrices),
                                   Meter::Machine{2, 1e9});
  }
  ports::UsageRecord record(const std::string& function, std::int64_t billed_ms) {
    ports::UsageRecord record;
    record.function = function;
    record.started = clock_.now();
    record.billed_ms = billed_ms;
    record.duration_ms = static_cast<double>(billed_ms);
    record.memory_mb = 1024;
    record.cpu_us = 500'000;
    record.peak_memory_bytes = 30 << 20;
    return record;
  }
  wire::Document report(Meter& meter) {
    const auto text = base::sync_wait(meter.usage_report(clock_.now() - std::chrono::hours(1),
                                                         clock_.now() + std::chrono::hours(1)));
    if (!text) {
      ADD_FAILURE() << text.error().detail;
      return {};
    }
    return *wire::parse_json(*text);
  }
  static double number(const wire::Document& document, std::string_view name) {
    const wire::Document* value = document.find(name);
    return value != nullptr ? value->as_double().value_or(-1) : -2;
  }

  http::Io io_{1};  // not started: nothing is flushed by itself
  base::FakeClock clock_;
  std::unique_ptr<store::Store> store_ = std::make_unique<store::MemoryStore>();
};

TEST_F(MeterTest, SumsByFunction) {
  auto meter = make();
  auto cold = record("a", 1500);
  cold.cold_start = ports::ColdStart::clone;
  cold.init_ms = 2.5;
  meter->record(cold);
  auto failed = record("a", 500);
  failed.error = true;
  meter->record(failed);
  auto throttled = record("a", 0);
  throttled.throttled = true;
  meter->record(throttled);
  meter->record(record("b", 1000));
  const wire::Document all = report(*meter);
  EXPECT_EQ(*all.find("prices_as_of")->as_string(), "2026-01");
  const auto& functions = *all.find("functions")->as_list();
  ASSERT_EQ(functions.size(), 2U);
  const wire::Document& a = functions[0];
  EXPECT_EQ(*a.find("function")->as_string(), "a");
  EXPECT_EQ(number(a, "requests"), 2);
  EXPECT_EQ(number(a, "errors"), 1);
  EXPECT_EQ(number(a, "throttles"), 1);
  EXPECT_EQ(number(a, "billed_ms"), 2000);
  EXPECT_DOUBLE_EQ(number(a, "gb_seconds"), 2);
  EXPECT_DOUBLE_EQ(number(a, "cpu_seconds"), 1);
  EXPECT_EQ(number(a, "peak_memory_mb"), 30);
  EXPECT_DOUBLE_EQ(number(a, "init_ms"), 2.5);
  EXPECT_EQ(number(*a.find("cold_starts"), "clone"), 1);
  EXPECT_DOUBLE_EQ(number(a, "aws_cost_usd"), 2 * 0.01 + 2 * 0.0000002);
  // One CPU second of two cores, within the hour that has been.
  EXPECT_NEAR(number(a, "machine_share"), 1.0 / (2 * 3600), 1e-9);
  EXPECT_EQ(number(*all.find("total"), "requests"), 3);
}

TEST_F(MeterTest, ProvisionedConcurrencyHasPricesOfItsOwn) {
  auto meter = make();
  auto used = record("a", 1000);
  used.provisioned = ports::Provisioned::used;
  meter->record(used);
  meter->record(record("a", 2000));
  ports::HeldRecord held;
  held.function = "a";
  held.until = clock_.now();
  held.mb_ms = 10 * 1000 * 1024;
  meter->hold(held);
  const wire::Document all = report(*meter);
  const wire::Document& total = *all.find("total");
  EXPECT_DOUBLE_EQ(number(total, "gb_seconds"), 3);
  EXPECT_DOUBLE_EQ(number(total, "provisioned_gb_seconds"), 10);
  EXPECT_NEAR(number(total, "aws_cost_usd"), 2 * 0.0000002 + 2 * 0.01 + 10 * 0.002 + 1 * 0.004,
              1e-12);
}

TEST_F(MeterTest, SurvivesARestartAndCountsOnce) {
  auto meter = make();
  meter->record(record("a", 1000));
  ASSERT_TRUE(base::sync_wait(meter->flush()));
  ASSERT_TRUE(base::sync_wait(meter->flush()));
  meter->record(record("a", 1000));
  report(*meter);
  meter = make();
  meter->record(record("a", 1000));
  EXPECT_EQ(number((*report(*meter).find("functions")->as_list())[0], "requests"), 3);
  EXPECT_EQ(number((*report(*meter).find("functions")->as_list())[0], "billed_ms"), 3000);
}

// A store that fails its first commits.
class FailingStore final : public store::Store {
 public:
  FailingStore(store::Store& inner, store::StoreErrorCode code, int times)
      : inner_(inner), code_(code), left_(times) {}
  std::unique_ptr<store::Transaction> begin() override { return inner_.begin(); }
  base::Task<store::StoreResult<store::CommitInfo>> commit(
      std::unique_ptr<store::Transaction> transaction) override {
    if (left_-- > 0) co_return std::unexpected(store::StoreError{code_, "test"});
    co_return co_await inner_.commit(std::move(transaction));
  }
  base::OneShot<bool> watch(std::string_view prefix) override { return inner_.watch(prefix); }

 private:
  store::Store& inner_;
  store::StoreErrorCode code_;
  int left_;
};

TEST_F(MeterTest, WhatAFailedCommitDidNotWriteIsNotLost) {
  store::MemoryStore inner;
  store_ = std::make_unique<FailingStore>(inner, store::StoreErrorCode::unavailable, 1);
  auto meter = make();
  meter->record(record("a", 1000));
  EXPECT_FALSE(base::sync_wait(meter->flush()));
  meter->record(record("a", 1000));
  EXPECT_EQ(number((*report(*meter).find("functions")->as_list())[0], "requests"), 2);
  meter.reset();
  store_.reset();
}

TEST_F(MeterTest, OnlyTheHoursThatWereAskedFor) {
  auto meter = make();
  auto old = record("a", 1000);
  old.started = clock_.now() - std::chrono::hours(48);
  meter->record(old);
  meter->record(record("a", 1));
  EXPECT_EQ(number((*report(*meter).find("functions")->as_list())[0], "requests"), 1);
}

TEST(PricesTest, TiersApplyInOrder) {
  const Prices prices = *Prices::parse(kPrices);
  EXPECT_DOUBLE_EQ(prices.duration("x86_64", 50), 0.5);
  EXPECT_DOUBLE_EQ(prices.duration("x86_64", 150), 1.0 + 0.05);
  EXPECT_DOUBLE_EQ(prices.duration("arm64", 10), 0.05);
}

TEST(PricesTest, TheShippedFileIsValidAndBadOnesAreRefused) {
  const auto shipped = Prices::load(MAYFLY_SOURCE_DIR "/data/prices.json");
  ASSERT_TRUE(shipped) << shipped.error();
  EXPECT_DOUBLE_EQ(shipped->requests(1e6), 0.2);
  EXPECT_FALSE(Prices::parse("{"));
  EXPECT_FALSE(Prices::parse("{}"));
  EXPECT_FALSE(
      Prices::parse(R"({"as_of":"x","lambda":{"request":1,"gb_second":{"x86_64":[{}]}}})"));
  EXPECT_FALSE(Prices::load("/nowhere"));
}

}  // namespace
}  // namespace mayfly::engine
