// Consumed capacity, in DynamoDB's arithmetic: reads by 4 KB (half when eventually consistent),
// writes by 1 KB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "services/dynamodb/item_shapes.h"
#include "services/dynamodb/model/schema.h"

namespace mayfly::dynamodb {

enum class Report : std::uint8_t { none, total, indexes };
Report report_of(const std::optional<std::string>& return_consumed_capacity);

enum class Consistency : std::uint8_t { eventual, strong, transactional };

double read_units(std::size_t bytes, Consistency consistency);
double write_units(std::size_t bytes);

// What one request used of one table.
struct Capacity {
  double table = 0;
  std::map<std::string, double> local;
  std::map<std::string, double> global;

  void add_index(const Index& index, double units) {
    (index.kind == IndexKind::local ? local : global)[index.name] += units;
  }
  // The smallest use of the table, or of that index.
  static Capacity least(const Index* index) {
    Capacity out;
    if (index == nullptr) {
      out.table = 1;
    } else {
      out.add_index(*index, 1);
    }
    return out;
  }
  void add(const Capacity& other);
  double total() const;
};

// Transactional operations also report what was read or written apart.
enum class Split : std::uint8_t { none, read, write };
std::optional<ConsumedCapacity> consumed(const std::string& table_name, const Capacity& capacity,
                                         Report report, Split split = Split::none);

}  // namespace mayfly::dynamodb
