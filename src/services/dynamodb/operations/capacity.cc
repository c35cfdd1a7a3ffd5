#include "services/dynamodb/operations/capacity.h"

#include <algorithm>

namespace mayfly::dynamodb {
namespace {

CapacityShape shape_of(double units, Split split) {
  CapacityShape out;
  out.total = units;
  if (split == Split::read) out.read = units;
  if (split == Split::write) out.write = units;
  return out;
}

std::optional<std::map<std::string, CapacityShape>> shapes_of(
    const std::map<std::string, double>& indexes, Split split) {
  if (indexes.empty()) return std::nullopt;
  std::map<std::string, CapacityShape> out;
  for (const auto& [name, units] : indexes) out.emplace(name, shape_of(units, split));
  return out;
}

}  // namespace

Report report_of(const std::optional<std::string>& return_consumed_capacity) {
  if (return_consumed_capacity == "TOTAL") return Report::total;
  if (return_consumed_capacity == "INDEXES") return Report::indexes;
  return Report::none;
}

double read_units(std::size_t bytes, Consistency consistency) {
  const auto blocks = static_cast<double>(std::max<std::size_t>(1, (bytes + 4095) / 4096));
  switch (consistency) {
    case Consistency::eventual:
      return blocks / 2;
    case Consistency::strong:
      return blocks;
    case Consistency::transactional:
      return blocks * 2;
  }
  return blocks;
}

double write_units(std::size_t bytes) {
  return static_cast<double>(std::max<std::size_t>(1, (bytes + 1023) / 1024));
}

void Capacity::add(const Capacity& other) {
  table += other.table;
  for (const auto& [name, units] : other.local) local[name] += units;
  for (const auto& [name, units] : other.global) global[name] += units;
}

double Capacity::total() const {
  double sum = table;
  for (const auto& [name, units] : local) sum += units;
  for (const auto& [name, units] : global) sum += units;
  return sum;
}

std::optional<ConsumedCapacity> consumed(const std::string& table_name, const Capacity& capacity,
                                         Report report, Split split) {
  if (report == Report::none) return std::nullopt;
  ConsumedCapacity out;
  out.table_name = table_name;
  out.total = capacity.total();
  if (split == Split::read) out.read = out.total;
  if (split == Split::write) out.write = out.total;
  if (report == Report::indexes) {
    out.table = shape_of(capacity.table, split);
    out.local_indexes = shapes_of(capacity.local, split);
    out.global_indexes = shapes_of(capacity.global, split);
  }
  return out;
}

}  // namespace mayfly::dynamodb
