// Reading and writing rows inside a transaction, for every table of IAM alike.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "services/iam/errors.h"
#include "services/iam/keys.h"
#include "store/store.h"
#include "wire/row.h"

namespace mayfly::iam {

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

// A row that must be there; "The role with name x cannot be found."
template <class Row>
base::Task<wire::Result<Row>> need_row(store::Transaction& transaction, std::string key,
                                       std::string missing) {
  auto row = co_await find_row<Row>(transaction, std::move(key));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return wire::fail(kNoSuchEntity, std::move(missing));
  co_return std::move(**row);
}

inline std::string no_role(std::string_view name) {
  return "The role with name " + std::string(name) + " cannot be found.";
}
inline std::string no_user(std::string_view name) {
  return "The user with name " + std::string(name) + " cannot be found.";
}

// One page of a listing. The marker is the last key of the page before, behind the prefix.
struct Page {
  std::vector<store::KeyValue> rows;
  std::optional<std::string> marker;  // set where there is more
};
using Keep = std::function<bool(const store::KeyValue&)>;
base::Task<wire::Result<Page>> read_page(store::Transaction& transaction, std::string prefix,
                                         std::optional<std::string> marker,
                                         std::optional<std::int32_t> max_items,
                                         Keep keep = nullptr);

// Wrong JSON, or no policy: MalformedPolicyDocument, in AWS's words.
wire::Result<void> check_policy_document(std::string_view document);

}  // namespace mayfly::iam
