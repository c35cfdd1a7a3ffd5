#include "services/lambda/model/provisioning.h"

#include <cmath>

#include "base/log.h"
#include "base/spawn.h"
#include "services/lambda/model/rows.h"

namespace mayfly::lambda {

std::map<std::uint64_t, std::int32_t> shares_of(const AliasRow& alias, std::int32_t count) {
  std::map<std::uint64_t, std::int32_t> out;
  std::int32_t rest = count;
  for (const auto& [version, weight] : alias.weights) {
    const auto share = static_cast<std::int32_t>(std::lround(weight * count));
    const std::optional<std::uint64_t> number = version_number(version);
    if (!number || share <= 0) continue;
    out[*number] += std::min(share, rest);
    rest -= out[*number];
  }
  if (const auto main = version_number(alias.function_version); main && rest > 0)
    out[*main] += rest;
  return out;
}

void Provisioning::touch(const base::Scope& scope, const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    touched_.emplace(scope, name);
    if (std::exchange(working_, true)) return;
  }
  base::spawn(work());
}

base::Task<wire::Result<void>> Provisioning::touch_all() {
  std::string begin = provisioned_prefix();
  for (bool more = true; more;) {
    std::unique_ptr<store::Transaction> transaction = store_.begin();
    store::RangeQuery query{.begin = begin, .end = store::prefix_end(provisioned_prefix())};
    auto rows = co_await transaction->range(std::move(query));
    if (!rows) co_return failed(rows.error());
    more = rows->more;
    for (const store::KeyValue& row : rows->rows) {
      begin = row.key + '\0';
      if (const auto key = read_provisioned_key(row.key)) touch(key->scope, key->name);
    }
  }
  co_return wire::Result<void>{};
}

base::Task<void> Provisioning::work() {
  while (true) {
    Name next;
    {
      std::unique_lock lock(mutex_);
      if (touched_.empty() || stopping_) {
        working_ = false;
        if (!stopping_) co_return;
        lock.unlock();
        stopped_.set(true);
        co_return;
      }
      next = std::move(touched_.extract(touched_.begin()).value());
    }
    if (auto done = co_await settle(next); !done) {
      base::log_warn("provisioned concurrency of {}: {}", next.second, done.error().message);
    }
  }
}

base::Task<wire::Result<void>> Provisioning::settle(Name name) {
  auto counts = co_await wanted(name);
  if (!counts) co_return std::unexpected(counts.error());
  auto& told = told_[name];
  for (auto at = told.begin(); at != told.end();) {
    if (counts->contains(at->first)) {
      ++at;
      continue;
    }
    runner_.provision(at->second, 0);
    at = told.erase(at);
  }
  for (const auto& [version, count] : *counts) {
    auto spec = co_await spec_of({name.first, name.second, version});
    if (!spec) co_return std::unexpected(spec.error());
    if (*spec == nullptr) continue;
    runner_.provision(*spec, count);
    told[version] = std::move(*spec);
  }
  if (told.empty()) told_.erase(name);
  co_return wire::Result<void>{};
}

base::Task<wire::Result<std::map<std::uint64_t, std::int32_t>>> Provisioning::wanted(Name name) {
  std::map<std::uint64_t, std::int32_t> counts;
  std::unique_ptr<store::Transaction> transaction = store_.begin();
  const std::string prefix = provisioned_prefix(name.first, name.second);
  auto rows = co_await transaction->range(
      {.begin = prefix, .end = store::prefix_end(prefix), .limit = 10'000});
  if (!rows) co_return failed(rows.error());
  for (const store::KeyValue& entry : rows->rows) {
    auto row = wire::from_row<ProvisionedRow>(entry.value);
    if (!row) co_return std::unexpected(row.error());
    const std::string qualifier = read_name(prefix, entry.key).value_or("");
    if (const std::optional<std::uint64_t> number = version_number(qualifier)) {
      counts[*number] += row->count;
      continue;
    }
    auto alias =
        co_await find_row<AliasRow>(*transaction, alias_key(name.first, name.second, qualifier));
    if (!alias) co_return std::unexpected(alias.error());
    if (!*alias) continue;
    for (const auto& [version, share] : shares_of(**alias, row->count)) counts[version] += share;
  }
  co_return counts;
}

// Null where the version is gone.
base::Task<wire::Result<SpecPointer>> Provisioning::spec_of(VersionId id) {
  std::unique_ptr<store::Transaction> transaction = store_.begin();
  auto function = co_await find_row<FunctionRow>(*transaction, function_key(id.scope, id.name));
  if (!function) co_return std::unexpected(function.error());
  auto version =
      co_await find_row<VersionRow>(*transaction, version_key(id.scope, id.name, id.version));
  if (!version) co_return std::unexpected(version.error());
  transaction.reset();
  if (!*function || !*version) co_return SpecPointer{};
  co_return co_await specs_.get(id, std::make_shared<const FunctionRow>(std::move(**function)),
                                std::make_shared<const VersionRow>(std::move(**version)));
}

base::Task<void> Provisioning::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!working_) co_return;
  }
  co_await stopped_.wait();
}

}  // namespace mayfly::lambda
