#include "services/dynamodb/model/schema.h"

#include <algorithm>

namespace mayfly::dynamodb {
namespace {

std::size_t key_length(const Value& value) {
  if (const auto* text = value.as<std::string>()) return text->size();
  if (const auto* binary = value.as<Binary>()) return binary->bytes.size();
  return 1;  // a number always fits
}

std::string empty_key_text(const Value& value) {
  return value.type() == Type::b ? "binary" : "string";
}

Checked<void> check_key_value(const KeyAttribute& attribute, const Value& value, std::size_t limit,
                              std::string_view role) {
  const std::size_t length = key_length(value);
  if (length == 0) {
    return invalid(
        "One or more parameter values are not valid. The AttributeValue for a key attribute "
        "cannot contain an empty " +
        empty_key_text(value) + " value. Key: " + attribute.name);
  }
  if (length > limit) {
    // The missing space is DynamoDB's.
    return invalid("One or more parameter values were invalid: Size of " + std::string(role) +
                   " has exceeded the maximum size limit of" + std::to_string(limit) + " bytes");
  }
  return {};
}

Checked<void> check_sizes(const KeySchema& schema, const KeyValues& values) {
  if (auto checked =
          check_key_value(schema.partition, *values.partition, kMaxPartitionKeySize, "hashkey");
      !checked) {
    return checked;
  }
  if (values.sort == nullptr) return {};
  return check_key_value(*schema.sort, *values.sort, kMaxSortKeySize, "rangekey");
}

Checked<void> check_index_key(const Index& index, const KeyAttribute& attribute, const Item& item,
                              std::size_t limit, WriteKind kind) {
  const Value* value = item.find(attribute.name);
  if (value == nullptr) return {};
  if (value->type() != attribute.type) {
    if (kind == WriteKind::update) {
      return invalid(
          "The update expression attempted to update the secondary index key to unsupported type");
    }
    return invalid("One or more parameter values were invalid: Type mismatch for Index Key " +
                   attribute.name + " Expected: " + std::string(type_name(attribute.type)) +
                   " Actual: " + std::string(type_name(value->type())) +
                   " IndexName: " + index.name);
  }
  const std::size_t length = key_length(*value);
  if (length == 0) {
    if (kind == WriteKind::update) {
      return invalid(
          "The update expression attempted to update the secondary index key to a value that is "
          "not "
          "supported. The AttributeValue for a key attribute cannot contain an empty " +
          empty_key_text(*value) + " value.");
    }
    return invalid(
        "One or more parameter values are not valid. A value specified for a secondary index key "
        "is not "
        "supported. The AttributeValue for a key attribute cannot contain an empty " +
        empty_key_text(*value) + " value. IndexName: " + index.name +
        ", IndexKey: " + attribute.name);
  }
  if (length > limit && kind == WriteKind::update) {
    return invalid(
        "The update expression attempted to update the secondary index key beyond allowed size "
        "limits");
  }
  if (length > limit) {
    return invalid("One or more parameter values were invalid: Size of index key " +
                   attribute.name + " has exceeded the maximum size limit of " +
                   std::to_string(limit) + " bytes. IndexName: " + index.name);
  }
  return {};
}

// Null where the attribute is not there or cannot be a key (a backfill meets such items).
const Value* indexable(const KeyAttribute& attribute, const Item& item, std::size_t limit) {
  const Value* value = item.find(attribute.name);
  if (value == nullptr || value->type() != attribute.type) return nullptr;
  const std::size_t length = key_length(*value);
  return length == 0 || length > limit ? nullptr : value;
}

void copy_attribute(const Item& from, std::string_view name, Item& to) {
  if (const Value* value = from.find(name)) to.set(name, *value);
}

void copy_keys(const KeySchema& schema, const Item& from, Item& to) {
  copy_attribute(from, schema.partition.name, to);
  if (schema.sort) copy_attribute(from, schema.sort->name, to);
}

}  // namespace

bool Table::see_from(std::string_view region) {
  if (scope.region == region) return true;
  if (!global) return false;
  const auto found = std::ranges::find(global->others, region, &Replica::region);
  if (found == global->others.end()) return false;
  std::swap(scope.region, found->region);
  std::swap(static_cast<RegionalSettings&>(*this), found->settings);
  return true;
}

std::int32_t Table::longest_recovery() const {
  std::int32_t days = recovery ? recovery->days : 0;
  if (!global) return days;
  for (const Replica& other : global->others) {
    if (other.settings.recovery) days = std::max(days, other.settings.recovery->days);
  }
  return days;
}

ReadOverride Table::reads_of(const Index* index) const {
  if (index == nullptr) return reads;
  const auto found = indexes_reads.find(index->name);
  return found == indexes_reads.end() ? ReadOverride{} : found->second;
}

Throughput throughput_of(const Table& table, const Index* index) {
  const ReadOverride reads = table.reads_of(index);
  if (table.billing == BillingMode::provisioned) {
    Throughput out = index == nullptr ? table.throughput : index->throughput;
    out.read = reads.provisioned.value_or(out.read);
    return out;
  }
  const auto& maximum = index == nullptr ? table.on_demand_limit : index->on_demand_limit;
  Throughput out = maximum.value_or(Throughput{-1, -1});
  out.read = reads.on_demand.value_or(out.read);
  return out;
}

bool Table::has_stream() const {
  if (stream) return true;
  return global && std::ranges::any_of(global->others, [](const Replica& other) {
           return other.settings.stream.has_value();
         });
}

const Index* Table::find_index(std::string_view index_name) const {
  const auto found = std::ranges::find(indexes, index_name, &Index::name);
  return found == indexes.end() ? nullptr : &*found;
}

bool Table::is_any_key(std::string_view attribute) const {
  return keys.contains(attribute) || std::ranges::any_of(indexes, [&](const Index& index) {
           return index.keys.contains(attribute);
         });
}

Checked<KeyValues> key_of_item(const KeySchema& schema, const Item& item) {
  KeyValues values;
  const auto take = [&](const KeyAttribute& attribute, const Value*& out) -> Checked<void> {
    out = item.find(attribute.name);
    if (out == nullptr) {
      return invalid("One or more parameter values were invalid: Missing the key " +
                     attribute.name + " in the item");
    }
    if (out->type() != attribute.type) {
      return invalid("One or more parameter values were invalid: Type mismatch for key " +
                     attribute.name + " expected: " + std::string(type_name(attribute.type)) +
                     " actual: " + std::string(type_name(out->type())));
    }
    return {};
  };
  if (auto taken = take(schema.partition, values.partition); !taken) {
    return std::unexpected(std::move(taken).error());
  }
  if (schema.sort) {
    if (auto taken = take(*schema.sort, values.sort); !taken) {
      return std::unexpected(std::move(taken).error());
    }
  }
  if (auto sized = check_sizes(schema, values); !sized)
    return std::unexpected(std::move(sized).error());
  return values;
}

Checked<KeyValues> key_of_key(const KeySchema& schema, const Item& key) {
  KeyValues values;
  values.partition = key.find(schema.partition.name);
  if (schema.sort) values.sort = key.find(schema.sort->name);
  const bool fits =
      key.size() == schema.size() && values.partition != nullptr &&
      values.partition->type() == schema.partition.type &&
      (!schema.sort || (values.sort != nullptr && values.sort->type() == schema.sort->type));
  if (!fits) return invalid("The provided key element does not match the schema");
  if (auto sized = check_sizes(schema, values); !sized)
    return std::unexpected(std::move(sized).error());
  return values;
}

std::optional<KeyValues> index_key(const Index& index, const Item& item) {
  KeyValues values;
  values.partition = indexable(index.keys.partition, item, kMaxPartitionKeySize);
  if (values.partition == nullptr) return std::nullopt;
  if (index.keys.sort) {
    values.sort = indexable(*index.keys.sort, item, kMaxSortKeySize);
    if (values.sort == nullptr) return std::nullopt;
  }
  return values;
}

Checked<void> check_index_keys(const Table& table, const Item& item, WriteKind kind) {
  for (const Index& index : table.indexes) {
    auto checked = check_index_key(index, index.keys.partition, item, kMaxPartitionKeySize, kind);
    if (checked && index.keys.sort) {
      checked = check_index_key(index, *index.keys.sort, item, kMaxSortKeySize, kind);
    }
    if (!checked) return checked;
  }
  return {};
}

Item project_for_index(const Table& table, const Index& index, const Item& item) {
  if (index.projection == ProjectionType::all) return item;
  Item out = key_attributes(table, &index, item);
  for (const std::string& name : index.included) copy_attribute(item, name, out);
  return out;
}

Item key_attributes(const Table& table, const Index* index, const Item& item) {
  Item out;
  copy_keys(table.keys, item, out);
  if (index != nullptr) copy_keys(index->keys, item, out);
  return out;
}

bool is_valid_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 255 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

}  // namespace mayfly::dynamodb
