// What the PartiQL operations have in common: a statement's text becomes a Write or the ranges that
// a SELECT reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/dynamodb/model/partiql/statement.h"
#include "services/dynamodb/operations/page.h"
#include "services/dynamodb/operations/write.h"

namespace mayfly::dynamodb {

// Parses; checks the table's name and puts it (a name, never an ARN) into the statement.
wire::Result<partiql::Statement> read_statement(
    const base::Scope& scope, const std::string& text,
    std::optional<std::vector<wire::Document>>& parameters);

// The write that an INSERT, UPDATE, DELETE or EXISTS is, for a table with these keys.
wire::Result<Write> write_of(const KeySchema& keys, partiql::Statement statement);

// What a SELECT reads: ranges of rows one after the other, all with the same request.
struct Selection {
  PageRequest page;
  const Index* index = nullptr;
  std::vector<keys::Range> ranges;
  enum class Reads : std::uint8_t { scan, query, one_item } reads = Reads::scan;
};
wire::Result<Selection> selection_of(const Table& table, partiql::Statement statement,
                                     Consistency consistency);

// One item that a SELECT in a transaction names by its whole key, and what else it must satisfy.
struct KeyedRead {
  Item key;
  std::optional<Condition> filter;
  std::optional<Projection> projection;
  Constants constants;
};
wire::Result<KeyedRead> keyed_read_of(const Table& table, partiql::Statement statement);

// The table as it is now; for preparing a statement.
base::Task<wire::Result<TablePtr>> current_table(Dynamodb& dynamodb, const base::Scope& scope,
                                                 const std::string& name);

}  // namespace mayfly::dynamodb
