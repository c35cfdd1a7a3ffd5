#include "engine/meter.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/machine.h"
#include "base/spawn.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::chrono::seconds kFlushEvery{1};
constexpr std::int64_t kHourMs = 3'600'000;

std::uint64_t hour_of(base::WallTime time) {
  return static_cast<std::uint64_t>(base::epoch_ms(time) / kHourMs);
}

using Sums = std::map<UsageKey, UsageSums>;

void add_to(Sums& all, const Sums& more) {
  for (const auto& [key, sums] : more) all[key].add(sums);
}

double rounded(double value, double step) {
  return static_cast<double>(std::llround(value / step)) * step;
}

}  // namespace

struct Meter::Shared : std::enable_shared_from_this<Meter::Shared> {
  Shared(store::Store& store_in, http::Io& io_in, base::Clock& clock_in, Prices prices_in,
         Machine machine_in)
      : store(store_in),
        io(io_in),
        clock(clock_in),
        prices(std::move(prices_in)),
        machine(machine_in) {}

  store::Store& store;
  http::Io& io;
  base::Clock& clock;
  const Prices prices;
  const Machine machine;
  std::mutex mutex;
  Sums fresh;  // not in the store yet
  bool armed = false;
  bool closed = false;
  std::unique_ptr<http::Loop::Token> timer;

  void arm() {  // under the lock
    if (armed || closed) return;
    armed = true;
    http::Loop& loop = io.loop(0);
    loop.post([weak = weak_from_this(), &loop] {
      const auto self = weak.lock();
      if (!self) return;
      auto token = loop.after(kFlushEvery, [weak] {
        if (const auto again = weak.lock()) again->flush_in_background();
      });
      const std::lock_guard lock(self->mutex);
      if (!self->closed) self->timer = std::move(token);
    });
  }

  void flush_in_background() {
    {
      const std::lock_guard lock(mutex);
      armed = false;
      if (closed) return;
    }
    base::spawn(write(shared_from_this()),
                [self = shared_from_this()](store::StoreResult<void> result) {
                  if (result) return;
                  base::log_warn("usage sums are not stored yet: {}", result.error().detail);
                  const std::lock_guard lock(self->mutex);
                  self->arm();
                });
  }

  static base::Task<store::StoreResult<void>> write(std::shared_ptr<Shared> self) {
    Sums batch;
    {
      const std::lock_guard lock(self->mutex);
      batch = std::exchange(self->fresh, {});
    }
    if (batch.empty()) co_return store::StoreResult<void>{};
    auto add = [&batch](store::Transaction& transaction) -> base::Task<store::StoreResult<void>> {
      for (const auto& [key, sums] : batch) {
        const std::string bytes = write_usage_key(key);
        auto stored = co_await transaction.get(bytes);
        if (!stored) co_return std::unexpected(stored.error());
        UsageSums total = sums;
        if (*stored) {
          const auto before = UsageSums::decode(**stored);
          if (!before)
            co_return std::unexpected(
                store::StoreError{store::StoreErrorCode::corrupt, "usage sums"});
          total.add(*before);
        }
        transaction.put(bytes, total.encode());
      }
      co_return store::StoreResult<void>{};
    };
    auto done = co_await store::transact(self->store, add);
    if (!done && done.error().code != store::StoreErrorCode::outcome_unknown) {
      // Nothing was written, so nothing is counted twice. Where the outcome is unknown, rather too
      // little than twice.
      const std::lock_guard lock(self->mutex);
      add_to(self->fresh, batch);
    }
    co_return done;
  }
};

Meter::Meter(store::Store& store, http::Io& io, base::Clock& clock, Prices prices,
             Machine machine) {
  if (machine.cores <= 0) machine.cores = static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  if (machine.memory_bytes <= 0) {
    machine.memory_bytes = static_cast<double>(base::physical_memory());
  }
  shared_ = std::make_shared<Shared>(store, io, clock, std::move(prices), machine);
}

Meter::~Meter() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->timer.reset();
}

void Meter::record(ports::UsageRecord record) {
  UsageKey key{std::move(record.scope), hour_of(record.started), std::move(record.function),
               std::move(record.architecture)};
  const std::lock_guard lock(shared_->mutex);
  shared_->fresh[std::move(key)].add(record);
  shared_->arm();
}

void Meter::hold(const ports::HeldRecord& record) {
  UsageKey key{record.scope, hour_of(record.until), record.function, record.architecture};
  const std::lock_guard lock(shared_->mutex);
  shared_->fresh[std::move(key)].held_mb_ms += record.mb_ms;
  shared_->arm();
}

base::Task<store::StoreResult<void>> Meter::flush() { return Shared::write(shared_); }

base::Task<store::StoreResult<std::string>> Meter::usage_report(base::WallTime from,
                                                                base::WallTime to) {
  const auto shared = shared_;
  if (auto flushed = co_await Shared::write(shared); !flushed)
    co_return std::unexpected(flushed.error());
  const std::uint64_t first = hour_of(from);
  const std::uint64_t last = hour_of(to + std::chrono::milliseconds(kHourMs - 1));  // exclusive
  struct Line {
    UsageSums sums;
    std::map<std::string, UsageSums> of;  // by architecture, which have prices of their own
  };
  std::map<std::string, Line> lines;
  Line total;

  const auto transaction = shared->store.begin();
  const std::string prefix = store::key_in(store::KeySpace::usage).done();
  store::RangeQuery query;
  query.begin = prefix;
  query.end = store::prefix_end(prefix);
  query.conflict = store::Conflict::ignore;
  for (;;) {
    const store::RangeQuery page = query;
    auto rows = co_await transaction->range(page);
    if (!rows) co_return std::unexpected(rows.error());
    for (const store::KeyValue& row : rows->rows) {
      const auto key = read_usage_key(row.key);
      const auto sums = UsageSums::decode(row.value);
      if (!key || !sums)
        co_return std::unexpected(store::StoreError{store::StoreErrorCode::corrupt, "usage sums"});
      if (key->hour < first || key->hour >= last) continue;
      for (Line* line : {&lines[key->function], &total}) {
        line->sums.add(*sums);
        line->of[key->architecture].add(*sums);
      }
    }
    if (!rows->more || rows->rows.empty()) break;
    query.begin = rows->rows.back().key + '\0';
  }

  // A share is of the time that has been: a month that has just begun is not idle until its end.
  const double wall_s = std::max(
      1.0, base::epoch_seconds(std::min(to, shared->clock.now())) - base::epoch_seconds(from));
  const auto render = [&](const Line& line) {
    const UsageSums& sums = line.sums;
    double cost = shared->prices.requests(static_cast<double>(sums.requests));
    for (const auto& [architecture, of] : line.of) {
      const double run = gb_seconds(of.provisioned_mb_ms);
      cost += shared->prices.duration(architecture, of.gb_seconds() - run);
      cost += shared->prices.provisioned(architecture, gb_seconds(of.held_mb_ms), run);
    }
    const double cpu_s = static_cast<double>(sums.cpu_us) / 1e6;
    const double memory_share =
        static_cast<double>(sums.memory_byte_ms) / 1000.0 / (shared->machine.memory_bytes * wall_s);
    wire::Document starts = wire::Document::map();
    for (const auto& [kind, count] : sums.cold_starts) starts.set(cold_start_name(kind), count);
    wire::Document out = wire::Document::map();
    out.set("requests", sums.requests);
    out.set("errors", sums.errors);
    out.set("throttles", sums.throttles);
    out.set("billed_ms", sums.billed_ms);
    out.set("gb_seconds", rounded(sums.gb_seconds(), 1e-6));
    out.set("provisioned_gb_seconds", rounded(gb_seconds(sums.held_mb_ms), 1e-6));
    out.set("cpu_seconds", cpu_s);
    out.set("peak_memory_mb", (sums.peak_memory_bytes + (1 << 20) - 1) >> 20);
    out.set("init_ms", static_cast<double>(sums.init_us) / 1000.0);
    out.set("cold_starts", std::move(starts));
    out.set("aws_cost_usd", cost);
    out.set("machine_share", cpu_s / (shared->machine.cores * wall_s));
    out.set("machine_memory_share", memory_share);
    return out;
  };
  wire::Document functions = wire::Document::list();
  for (const auto& [name, line] : lines) {
    wire::Document row = wire::Document::map();
    row.set("function", name);
    const wire::Document values = render(line);
    for (const auto& [member, value] : *values.as_map()) row.set(member, value);
    functions.push_back(std::move(row));
  }
  wire::Document report = wire::Document::map();
  report.set("from", base::iso8601_ms(from));
  report.set("to", base::iso8601_ms(to));
  report.set("prices_as_of", shared->prices.as_of());
  report.set("functions", std::move(functions));
  report.set("total", render(total));
  co_return wire::to_json(report);
}

}  // namespace mayfly::engine
