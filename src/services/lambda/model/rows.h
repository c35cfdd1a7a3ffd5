// Reading Lambda's rows inside a transaction.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "services/lambda/keys.h"
#include "services/lambda/keys_event_sources.h"
#include "services/lambda/model/function_name.h"
#include "store/store.h"
#include "wire/row.h"

namespace mayfly::lambda {

inline std::unexpected<wire::ApiError> failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

// nullopt where there is no such row.
template <class Row>
base::Task<wire::Result<std::optional<Row>>> find_row(store::Transaction& transaction,
                                                      std::string key) {
  auto bytes = co_await transaction.get(key);
  if (!bytes) co_return failed(bytes.error());
  if (!*bytes) co_return std::optional<Row>{};
  auto row = wire::from_row<Row>(**bytes);
  if (!row) co_return std::unexpected(row.error());
  co_return std::optional<Row>(std::move(*row));
}

// The function itself; "Function not found: arn..." where it is not there.
base::Task<wire::Result<FunctionRow>> need_function(store::Transaction& transaction,
                                                    base::Scope scope, std::string name,
                                                    std::string qualifier = {});
base::Task<wire::Result<VersionRow>> need_version(store::Transaction& transaction,
                                                  base::Scope scope, std::string name,
                                                  std::uint64_t version);

base::Task<wire::Result<MappingRow>> need_mapping(store::Transaction& transaction, MappingId id);

// What a name and a qualifier (version, alias or nothing) lead to.
struct Resolved {
  FunctionRow function;
  std::uint64_t number = kLatestNumber;  // of the version; an alias gives its main one
  VersionRow version;
  std::optional<AliasRow> alias;
};
base::Task<wire::Result<Resolved>> resolve(store::Transaction& transaction, base::Scope scope,
                                           Target target);

// One page of a listing over keys below `prefix`. The marker is the rest of the last key, in
// base64.
struct Page {
  std::vector<store::KeyValue> rows;
  std::optional<std::string> next_marker;
};
base::Task<wire::Result<Page>> read_page(store::Transaction& transaction, std::string prefix,
                                         std::optional<std::string> marker, std::size_t limit);

}  // namespace mayfly::lambda
