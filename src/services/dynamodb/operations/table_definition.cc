#include "services/dynamodb/operations/table_definition.h"

#include <algorithm>
#include <set>

#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/stream_writer.h"

namespace mayfly::dynamodb {
namespace {

std::string name_list(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ", ").append(name);
  return "[" + out + "]";
}

std::set<std::string> defined_names(const Table& table) {
  std::set<std::string> names;
  for (const KeyAttribute& attribute : table.attributes) names.insert(attribute.name);
  return names;
}

wire::Result<KeySchema> keys_from(const std::vector<KeySchemaElement>& elements,
                                  const std::vector<KeyAttribute>& attributes,
                                  std::string_view not_defined) {
  if (elements.empty()) return invalid_parameter("KeySchema is missing or empty");
  if (elements[0].key_type != "HASH") {
    return refuse("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (elements.size() == 2) {
    if (elements[1].key_type != "RANGE") {
      return refuse("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    }
    if (elements[0].attribute_name == elements[1].attribute_name) {
      return refuse(
          "Both the Hash Key and the Range Key element in the KeySchema have the same name");
    }
  }
  std::vector<KeyAttribute> keys;
  for (const KeySchemaElement& element : elements) {
    const auto found = std::ranges::find(attributes, element.attribute_name, &KeyAttribute::name);
    if (found == attributes.end()) {
      std::set<std::string> wanted;
      for (const KeySchemaElement& each : elements) wanted.insert(each.attribute_name);
      std::set<std::string> defined;
      for (const KeyAttribute& attribute : attributes) defined.insert(attribute.name);
      return invalid_parameter(std::string(not_defined) + " Keys: " + name_list(wanted) +
                               ", AttributeDefinitions: " + name_list(defined));
    }
    keys.push_back(*found);
  }
  KeySchema schema{keys[0], std::nullopt};
  if (keys.size() == 2) schema.sort = keys[1];
  return schema;
}

wire::Result<void> read_projection_rules(const ProjectionShape& request, Index& index) {
  if (!request.projection_type) return invalid_parameter("Unknown ProjectionType: null");
  const auto found = std::ranges::find(kProjectionTypes, *request.projection_type);
  index.projection = static_cast<ProjectionType>(found - kProjectionTypes.begin());
  const bool has_names = request.non_key_attributes.has_value();
  if (index.projection != ProjectionType::include && has_names) {
    return invalid_parameter("ProjectionType is " + *request.projection_type +
                             ", but NonKeyAttributes is specified");
  }
  if (index.projection == ProjectionType::include) {
    if (!has_names)
      return invalid_parameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    index.included = *request.non_key_attributes;
  }
  return {};
}

wire::Result<void> read_throughput(const CreateTableRequest& request, Table& table) {
  table.billing = request.billing_mode == "PAY_PER_REQUEST" ? BillingMode::pay_per_request
                                                            : BillingMode::provisioned;
  if (table.billing == BillingMode::pay_per_request && request.provisioned_throughput) {
    return invalid_parameter(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST");
  }
  if (table.billing == BillingMode::provisioned && !request.provisioned_throughput) {
    return invalid_parameter(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
        "PROVISIONED");
  }
  if (request.provisioned_throughput)
    table.throughput = throughput_from(*request.provisioned_throughput);
  if (request.on_demand_throughput)
    table.on_demand_limit = throughput_from(*request.on_demand_throughput);
  if (request.warm_throughput) table.warm = throughput_from(*request.warm_throughput);
  return {};
}

wire::Result<void> read_indexes(const CreateTableRequest& request, Table& table) {
  if (request.local_secondary_indexes && request.local_secondary_indexes->empty()) {
    return invalid_parameter("List of LocalSecondaryIndexes is empty");
  }
  if (request.global_secondary_indexes && request.global_secondary_indexes->empty()) {
    return invalid_parameter("List of GlobalSecondaryIndexes is empty");
  }
  const auto add = [&table](const SecondaryIndex& each, IndexKind kind) -> wire::Result<void> {
    auto index = index_from(each, kind, table);
    if (!index) return std::unexpected(std::move(index).error());
    index->id = table.next_index_id++;
    table.indexes.push_back(std::move(*index));
    return {};
  };
  for (const LocalSecondaryIndex& each :
       request.local_secondary_indexes.value_or(std::vector<LocalSecondaryIndex>{})) {
    SecondaryIndex index;
    index.index_name = each.index_name;
    index.key_schema = each.key_schema;
    index.projection = each.projection;
    if (auto added = add(index, IndexKind::local); !added) return added;
  }
  for (const SecondaryIndex& each :
       request.global_secondary_indexes.value_or(std::vector<SecondaryIndex>{})) {
    if (auto added = add(each, IndexKind::global); !added) return added;
  }
  return {};
}

wire::Result<void> check_index_throughput(const SecondaryIndex& request, IndexKind kind,
                                          const Table& table) {
  if (kind == IndexKind::local) return {};
  if (table.billing == BillingMode::pay_per_request && request.provisioned_throughput) {
    return invalid_parameter("ProvisionedThroughput should not be specified for index: " +
                             request.index_name + " when BillingMode is PAY_PER_REQUEST");
  }
  if (table.billing == BillingMode::provisioned && !request.provisioned_throughput) {
    return invalid_parameter("ProvisionedThroughput must be specified for index: " +
                             request.index_name);
  }
  return {};
}

}  // namespace

Throughput throughput_from(const ProvisionedThroughput& given) {
  return {given.read_capacity_units, given.write_capacity_units};
}
// -1 means no limit, in DynamoDB too.
Throughput throughput_from(const OnDemandThroughput& given) {
  return {given.max_read_request_units.value_or(-1), given.max_write_request_units.value_or(-1)};
}
Throughput throughput_from(const WarmThroughput& given) {
  return {given.read_units_per_second.value_or(0), given.write_units_per_second.value_or(0)};
}

wire::Result<std::vector<KeyAttribute>> attributes_from(
    const std::vector<AttributeDefinition>& definitions) {
  std::vector<KeyAttribute> attributes;
  for (const AttributeDefinition& definition : definitions) {
    const KeyAttribute attribute{definition.attribute_name,
                                 *type_from_name(definition.attribute_type)};
    const auto same = std::ranges::find(attributes, attribute.name, &KeyAttribute::name);
    if (same != attributes.end()) {
      return invalid_parameter("Duplicate AttributeName in AttributeDefinitions: " +
                               attribute.name);
    }
    attributes.push_back(attribute);
  }
  return attributes;
}

wire::Result<Index> index_from(const SecondaryIndex& request, IndexKind kind, const Table& table) {
  auto keys = keys_from(request.key_schema, table.attributes,
                        "Some index key attributes are not defined in AttributeDefinitions.");
  if (!keys) return std::unexpected(std::move(keys).error());
  Index index;
  index.name = request.index_name;
  index.kind = kind;
  index.keys = std::move(*keys);
  if (kind == IndexKind::local) {
    if (!table.keys.sort) {
      return invalid_parameter(
          "Table KeySchema does not have a range key, which is required when specifying a "
          "LocalSecondaryIndex");
    }
    if (index.keys.partition.name != table.keys.partition.name) {
      return invalid_parameter(
          "Index KeySchema does not have the same leading hash key as table KeySchema for index: " +
          index.name + ". index hash key: " + index.keys.partition.name +
          ", table hash key: " + table.keys.partition.name);
    }
    if (!index.keys.sort) {
      return invalid_parameter("Index KeySchema does not have a range key for index: " +
                               index.name);
    }
  }
  if (auto projection = read_projection_rules(request.projection, index); !projection) {
    return std::unexpected(std::move(projection).error());
  }
  if (auto checked = check_index_throughput(request, kind, table); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  if (request.provisioned_throughput)
    index.throughput = throughput_from(*request.provisioned_throughput);
  if (request.on_demand_throughput)
    index.on_demand_limit = throughput_from(*request.on_demand_throughput);
  if (request.warm_throughput) index.warm = throughput_from(*request.warm_throughput);
  return index;
}

wire::Result<void> check_definition(const Table& table) {
  std::set<std::string> index_names;
  std::set<std::string> used{table.keys.partition.name};
  if (table.keys.sort) used.insert(table.keys.sort->name);
  std::size_t local = 0;
  std::size_t global = 0;
  std::size_t projected = 0;
  for (const Index& index : table.indexes) {
    if (!index_names.insert(index.name).second)
      return invalid_parameter("Duplicate index name: " + index.name);
    ++(index.kind == IndexKind::local ? local : global);
    projected += index.included.size();
    used.insert(index.keys.partition.name);
    if (index.keys.sort) used.insert(index.keys.sort->name);
  }
  if (local > kMaxLocalIndexes) {
    return invalid_parameter("Number of LocalSecondaryIndexes exceeds per-table limit of 5");
  }
  if (global > kMaxGlobalIndexes) {
    return wire::fail(kLimitExceeded,
                      "GlobalSecondaryIndex count exceeds the per-table limit of 20");
  }
  if (projected > kMaxProjectedAttributes) {
    return invalid_parameter(
        "The total number of attributes specified in the NonKeyAttributes of all indexes exceeds "
        "100");
  }
  const std::set<std::string> defined = defined_names(table);
  if (defined != used) {
    if (table.indexes.empty()) {
      return invalid_parameter(
          "Number of attributes in KeySchema does not exactly match number of attributes defined "
          "in "
          "AttributeDefinitions");
    }
    return invalid_parameter("Some AttributeDefinitions are not used. AttributeDefinitions: " +
                             name_list(defined) + ", keys used: " + name_list(used));
  }
  return {};
}

wire::Result<void> add_tags(std::vector<Tag>& tags, const std::vector<TagShape>& added) {
  for (const TagShape& tag : added) {
    if (tag.key.starts_with("aws:")) {
      return invalid_parameter("Tag keys that begin with aws: are reserved: " + tag.key);
    }
    const auto found = std::ranges::find(tags, tag.key, &Tag::key);
    if (found != tags.end()) {
      found->value = tag.value;
    } else {
      tags.push_back({tag.key, tag.value});
    }
  }
  if (tags.size() > kMaxTags) {
    return wire::fail(kLimitExceeded, "Too many tags: a resource may have at most 50.");
  }
  return {};
}

wire::Result<Table> table_from(const CreateTableRequest& request) {
  if (request.stream_specification) {
    if (auto checked = check_new_stream(*request.stream_specification); !checked) {
      return std::unexpected(std::move(checked).error());
    }
  }
  if (request.resource_policy) {
    if (auto checked = check_policy(*request.resource_policy); !checked)
      return std::unexpected(std::move(checked).error());
  }
  if (request.global_table_source_arn || request.global_table_settings_replication_mode) {
    return wire::not_supported("A global table of several accounts (GlobalTableSourceArn)");
  }
  Table table;
  table.name = request.table_name;
  auto attributes = attributes_from(request.attribute_definitions);
  if (!attributes) return std::unexpected(std::move(attributes).error());
  table.attributes = std::move(*attributes);
  auto keys = keys_from(request.key_schema, table.attributes,
                        "Some index key attributes are not defined in AttributeDefinitions.");
  if (!keys) return std::unexpected(std::move(keys).error());
  table.keys = std::move(*keys);
  if (auto read = read_throughput(request, table); !read)
    return std::unexpected(std::move(read).error());
  if (auto read = read_indexes(request, table); !read)
    return std::unexpected(std::move(read).error());
  if (auto checked = check_definition(table); !checked)
    return std::unexpected(std::move(checked).error());
  if (request.tags) {
    if (auto added = add_tags(table.tags, *request.tags); !added) {
      return std::unexpected(std::move(added).error());
    }
  }
  table.table_class = request.table_class.value_or("");
  table.deletion_protection = request.deletion_protection_enabled.value_or(false)
                                  ? DeletionProtection::on
                                  : DeletionProtection::off;
  if (request.sse_specification && request.sse_specification->enabled.value_or(false)) {
    table.encryption_type = request.sse_specification->sse_type.value_or("KMS");
    table.encryption_key = request.sse_specification->kms_master_key_id.value_or("");
  }
  return table;
}

}  // namespace mayfly::dynamodb
