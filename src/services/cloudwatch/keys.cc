#include "services/cloudwatch/keys.h"

#include "base/strings.h"

namespace mayfly::cloudwatch {

std::string metric_id(const MetricName& metric) {
  store::KeyWriter whole;
  whole.str(metric.space).str(metric.name);
  for (const auto& [name, value] : metric.dimensions) whole.str(name).str(value);
  return base::sha256(std::move(whole).done()).substr(0, 16);
}

std::optional<MetricId> read_metric_key(std::string_view key) {
  store::KeyReader reader(key);
  auto scope = store::read_scope(reader, store::KeySpace::metrics);
  if (!scope || reader.u8() != 1) return std::nullopt;
  auto space = reader.str();
  auto name = reader.str();
  auto id = reader.bytes();
  if (!space || !name || !id) return std::nullopt;
  return MetricId{std::move(*scope), std::move(*space), std::move(*name), std::move(*id)};
}

std::optional<PeriodKey> read_period_key(std::string_view prefix, std::string_view key) {
  store::KeyReader reader(key);
  if (!reader.skip(prefix)) return std::nullopt;
  const auto start = reader.i64();
  auto unit = reader.str();
  if (!start || !unit) return std::nullopt;
  return PeriodKey{*start, std::move(*unit)};
}

}  // namespace mayfly::cloudwatch
