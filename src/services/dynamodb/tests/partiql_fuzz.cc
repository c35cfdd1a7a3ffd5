// Any text as a statement, with two parameters; what parses is also evaluated.
#include <cstdint>
#include <string_view>

#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/model/partiql/keys_in_where.h"
#include "services/dynamodb/model/partiql/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly::dynamodb;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<Value> parameters(data[0] % 3, Value(Number::of(1)));
  auto statement = partiql::parse(text, std::move(parameters));
  if (!statement) return 0;
  Map nested;
  nested.set("b", Value(List{Value(Number::of(3)), Value(std::string("t"))}));
  Item item;
  item.set("a", Value(nested));
  item.set("n", Value(Number::of(5)));
  item.set("t", *Value::string_set({"x"}));
  KeySchema schema;
  schema.partition = {"a", Type::s};
  schema.sort = KeyAttribute{"n", Type::n};
  if (statement->where) {
    (void)holds(*statement->where, item);
    (void)partiql::possible_values(*statement->where, "a");
    (void)partiql::sort_condition(*statement->where, "n");
    (void)partiql::split_key(*statement->where, schema);
  }
  if (statement->projection) (void)select_columns(*statement->projection, item);
  if (statement->kind == partiql::StatementKind::update) (void)apply(statement->update, item);
  return 0;
}
