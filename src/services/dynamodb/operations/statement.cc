#include "services/dynamodb/operations/statement.h"

#include <algorithm>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/key_condition.h"
#include "services/dynamodb/model/partiql/keys_in_where.h"
#include "services/dynamodb/model/partiql/parser.h"

namespace mayfly::dynamodb {
namespace {

using partiql::Statement;
using partiql::StatementKind;

constexpr std::size_t kMaxPartitions = 50;  // that one SELECT may name

constexpr std::string_view kNoKey =
    "Where clause does not contain a mandatory equality on all key attributes";

ReturnValues returns_of(partiql::Returning returning) {
  switch (returning) {
    case partiql::Returning::nothing:
      return ReturnValues::none;
    case partiql::Returning::all_old:
      return ReturnValues::all_old;
    case partiql::Returning::modified_old:
      return ReturnValues::updated_old;
    case partiql::Returning::all_new:
      return ReturnValues::all_new;
    case partiql::Returning::modified_new:
      return ReturnValues::updated_new;
  }
  return ReturnValues::none;
}

Condition about_item(Condition::Kind kind, const KeySchema& keys) {
  Condition condition;
  condition.kind = kind;
  condition.operands.emplace_back(path_of(keys.partition.name));
  return condition;
}

Condition joined(Condition::Kind kind, std::vector<Condition> children) {
  Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  return condition;
}

// UPDATE and EXISTS are about an item that is there; DELETE of one that is not succeeds.
std::optional<Condition> condition_of_write(StatementKind kind, std::vector<Condition> rest,
                                            const KeySchema& keys) {
  if (kind != StatementKind::remove) {
    rest.push_back(about_item(Condition::Kind::exists, keys));
    return joined(Condition::Kind::all_of, std::move(rest));
  }
  if (rest.empty()) return std::nullopt;
  std::vector<Condition> either;
  either.push_back(about_item(Condition::Kind::not_exists, keys));
  either.push_back(joined(Condition::Kind::all_of, std::move(rest)));
  return joined(Condition::Kind::any_of, std::move(either));
}

// The condition of a Query for one partition: partition = value [AND sort ...].
Condition query_condition(const KeySchema& schema, const Value* partition, const Condition* sort) {
  Condition equal;
  equal.kind = Condition::Kind::compare;
  equal.operands = {path_of(schema.partition.name), partition};
  if (sort == nullptr) return equal;
  return joined(Condition::Kind::all_of, {std::move(equal), *sort});
}

wire::Result<void> check_order(const Statement& statement, const KeySchema& schema,
                               bool has_partitions) {
  if (statement.order.empty()) return {};
  if (!statement.where) {
    return refuse("Must have WHERE clause in the statement when using ORDER BY clause.");
  }
  if (!has_partitions) {
    return refuse(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER "
        "BY clause.");
  }
  for (const partiql::OrderBy& order : statement.order) {
    if (schema.contains(order.attribute)) continue;
    return refuse("Variable reference " + order.attribute +
                  " in ORDER BY clause must be part of the primary key");
  }
  return {};
}

// Puts the partitions into the order asked for and notes the direction inside of them.
void apply_order(const std::vector<partiql::OrderBy>& orders, const KeySchema& schema,
                 std::vector<const Value*>& partitions, PageRequest& page) {
  for (const partiql::OrderBy& order : orders) {
    const bool descending = order.direction == partiql::OrderBy::Direction::descending;
    if (order.attribute != schema.partition.name) {
      page.direction = descending ? store::Direction::reverse : store::Direction::forward;
      continue;
    }
    std::ranges::sort(partitions, [descending](const Value* a, const Value* b) {
      if (descending) std::swap(a, b);
      const auto sorted = compare(*a, *b);
      return sorted ? *sorted < 0
                    : a->type() < b->type();  // a type that does not fit: refused soon
    });
  }
}

wire::Result<void> plan_queries(const Table& table, Selection& selection,
                                const std::vector<const Value*>& partitions) {
  const KeySchema& schema = selection.index == nullptr ? table.keys : selection.index->keys;
  if (partitions.size() > kMaxPartitions) {
    return refuse("The IN operator is provided with too many hash key values; maximum: " +
                  std::to_string(kMaxPartitions));
  }
  const Condition* sort =
      schema.sort ? partiql::sort_condition(*selection.page.filter.condition, schema.sort->name)
                  : nullptr;
  bool whole_key = selection.index == nullptr && partitions.size() == 1;
  for (const Value* partition : partitions) {
    const Condition condition = query_condition(schema, partition, sort);
    auto key = key_condition_of(condition, schema, KeyConditionSource::expression);
    if (!key) return refuse(std::move(key).error());
    whole_key = whole_key && (!schema.sort || key->sort == KeyCondition::Sort::eq);
    selection.ranges.push_back(keys::query(table, selection.index, *key));
  }
  selection.reads = whole_key ? Selection::Reads::one_item : Selection::Reads::query;
  return {};
}

}  // namespace

wire::Result<Statement> read_statement(const base::Scope& scope, const std::string& text,
                                       std::optional<std::vector<wire::Document>>& parameters) {
  std::vector<Value> values;
  if (parameters) {
    for (wire::Document& document : *parameters) {
      auto value = value_from(document);
      if (!value) return std::unexpected(std::move(value).error());
      values.push_back(std::move(*value));
    }
  }
  auto statement = answer(partiql::parse(text, std::move(values)));
  if (!statement) return statement;
  auto name = table_name_of(scope, std::move(statement->table));
  if (!name) return std::unexpected(std::move(name).error());
  statement->table = std::move(*name);
  return statement;
}

wire::Result<Write> write_of(const KeySchema& keys, Statement statement) {
  Write write;
  write.constants = std::move(statement.constants);
  write.returns = returns_of(statement.returning);
  if (statement.kind == StatementKind::insert) {
    write.kind = Write::Kind::put;
    write.item = std::move(statement.item);
    write.condition = about_item(Condition::Kind::not_exists, keys);
    write.unmet = Unmet::duplicate;
    return write;
  }
  if (!statement.where) return refuse(std::string(kNoKey));
  if (statement.index) {
    return refuse("EXISTS is not supported on indexes");
  }
  auto split = partiql::split_key(*statement.where, keys);
  if (!split) return refuse(std::string(kNoKey));
  write.item = std::move(split->key);
  write.condition = condition_of_write(statement.kind, std::move(split->rest), keys);
  if (statement.kind == StatementKind::update) {
    write.kind = Write::Kind::update;
    write.update = std::move(statement.update);
  } else {
    write.kind = statement.kind == StatementKind::remove ? Write::Kind::remove : Write::Kind::check;
  }
  return write;
}

wire::Result<Selection> selection_of(const Table& table, Statement statement,
                                     Consistency consistency) {
  Selection selection;
  PageRequest& page = selection.page;
  page.constants = std::move(statement.constants);
  page.projection = std::move(statement.projection);
  page.shown = Shown::by_last_name;
  page.consistency = consistency;
  page.select = page.projection   ? Select::specific
                : statement.index ? Select::all_projected
                                  : Select::all_attributes;
  auto index = readable_index(table, statement.index, page);
  if (!index) return std::unexpected(std::move(index).error());
  selection.index = *index;
  const KeySchema& schema = selection.index == nullptr ? table.keys : selection.index->keys;
  std::optional<std::vector<const Value*>> partitions;
  if (statement.where) {
    page.filter.condition = std::move(statement.where);
    partitions = partiql::possible_values(*page.filter.condition, schema.partition.name);
    statement.where.emplace();  // that there was one is all that is asked of it from here on
  }
  if (auto checked = check_order(statement, schema, partitions.has_value()); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  if (!partitions) {
    selection.ranges.push_back(keys::scan(table, selection.index, 0, 1));
    return selection;
  }
  apply_order(statement.order, schema, *partitions, page);
  if (auto planned = plan_queries(table, selection, *partitions); !planned) {
    return std::unexpected(std::move(planned).error());
  }
  return selection;
}

wire::Result<KeyedRead> keyed_read_of(const Table& table, Statement statement) {
  KeyedRead read;
  if (statement.index) {
    return refuse("Reads on indexes are not supported within transactions");
  }
  auto split = statement.where ? partiql::split_key(*statement.where, table.keys) : std::nullopt;
  if (!split) return refuse(std::string(kNoKey));
  read.key = std::move(split->key);
  if (!split->rest.empty()) {
    read.filter = joined(Condition::Kind::all_of, std::move(split->rest));
  }
  read.projection = std::move(statement.projection);
  read.constants = std::move(statement.constants);
  return read;
}

base::Task<wire::Result<TablePtr>> current_table(Dynamodb& dynamodb, const base::Scope& scope,
                                                 const std::string& name) {
  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  co_return co_await open_table(dynamodb, *transaction, scope, name, Missing::brief,
                                store::Conflict::ignore);
}

}  // namespace mayfly::dynamodb
