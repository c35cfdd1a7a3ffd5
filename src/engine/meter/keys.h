// What the meter stores: one row an hour and function, under KeySpace::usage. Key: account, region,
// hour since 1970, function, architecture. The hour comes before the function, so that a report
// reads one range for each account and region.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/arn.h"
#include "store/keyspaces.h"

namespace mayfly::engine {

struct UsageKey {
  base::Scope scope;
  std::uint64_t hour = 0;
  std::string function;
  std::string architecture;
  auto operator<=>(const UsageKey&) const = default;
};

inline std::string write_usage_key(const UsageKey& key) {
  return store::key_in(store::KeySpace::usage, key.scope)
      .u64(key.hour)
      .str(key.function)
      .str(key.architecture)
      .done();
}

inline std::optional<UsageKey> read_usage_key(std::string_view bytes) {
  store::KeyReader reader(bytes);
  auto scope = store::read_scope(reader, store::KeySpace::usage);
  auto hour = reader.u64();
  auto function = reader.str();
  auto architecture = reader.str();
  if (!scope || !hour || !function || !architecture || !reader.at_end()) return std::nullopt;
  return UsageKey{std::move(*scope), *hour, std::move(*function), std::move(*architecture)};
}

}  // namespace mayfly::engine
