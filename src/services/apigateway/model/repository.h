// Reading and writing resources inside a transaction. Bytes that this version cannot read are a
// StoreError `corrupt`.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "base/task.h"
#include "services/apigateway/errors.h"
#include "services/apigateway/keys.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::apigateway {

inline std::unexpected<wire::ApiError> store_failure(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}
inline std::unexpected<wire::ApiError> corrupt(std::string_view key) {
  return store_failure({store::StoreErrorCode::corrupt, "API Gateway: " + base::to_hex(key)});
}

template <class T>
void put(store::Transaction& transaction, std::string_view key, T resource) {
  transaction.put(key, keys::encode<T>(std::move(resource)));
}

template <class T>
base::Task<wire::Result<std::optional<T>>> find(store::Transaction& transaction, std::string key) {
  auto bytes = co_await transaction.get(key);
  if (!bytes) co_return store_failure(std::move(bytes).error());
  if (!*bytes) co_return std::optional<T>{};
  std::optional<T> resource = keys::decode<T>(**bytes);
  if (!resource) co_return corrupt(key);
  co_return resource;
}

// Everything with the prefix. For what is bounded by a limit (routes of an API, not APIs of an
// account).
template <class T>
base::Task<wire::Result<std::vector<T>>> find_all(store::Transaction& transaction,
                                                  std::string prefix) {
  std::vector<T> resources;
  store::RangeQuery query{prefix, store::prefix_end(prefix)};
  for (bool more = true; more;) {
    auto rows = co_await transaction.range(query);
    if (!rows) co_return store_failure(std::move(rows).error());
    for (const store::KeyValue& row : rows->rows) {
      std::optional<T> resource = keys::decode<T>(row.value);
      if (!resource) co_return corrupt(row.key);
      resources.push_back(std::move(*resource));
    }
    more = rows->more;
    if (more) query.begin = rows->rows.back().key + '\0';
  }
  co_return resources;
}

// One page of a list operation. The token is where the next one begins.
template <class T>
base::Task<wire::Result<Page<T>>> find_page(store::Transaction& transaction, std::string prefix,
                                            Maybe<std::string> max_results,
                                            Maybe<std::string> next_token) {
  constexpr std::int64_t kMostPerPage = 1000;
  const std::string end = store::prefix_end(prefix);
  store::RangeQuery query{prefix, end};
  if (max_results) {
    const std::optional<std::int64_t> limit = base::parse_int(*max_results);
    if (!limit || *limit < 1) {
      co_return wire::fail(kBadRequest, "maxResults must be a positive number");
    }
    query.limit = static_cast<std::size_t>(std::min(*limit, kMostPerPage));
  }
  if (next_token) {
    const std::optional<std::string> after = base::from_hex(*next_token);
    if (!after) co_return wire::fail(kBadRequest, "nextToken is not one of this operation");
    query.begin = prefix + *after;
  }
  auto rows = co_await transaction.range(std::move(query));
  if (!rows) co_return store_failure(std::move(rows).error());
  Page<T> page;
  for (const store::KeyValue& row : rows->rows) {
    std::optional<T> resource = keys::decode<T>(row.value);
    if (!resource) co_return corrupt(row.key);
    page.items.push_back(std::move(*resource));
  }
  if (rows->more) {
    page.next_token = base::to_hex(rows->rows.back().key.substr(prefix.size()) + '\0');
  }
  co_return page;
}

// The resource, or the NotFoundException that AWS gives for its kind.
base::Task<wire::Result<Api>> require_api(store::Transaction& transaction, base::Scope scope,
                                          std::string api_id);

template <class T>
inline constexpr std::string_view kTitleOf = "resource";
template <>
inline constexpr std::string_view kTitleOf<Route> = "Route";
template <>
inline constexpr std::string_view kTitleOf<Integration> = "Integration";
template <>
inline constexpr std::string_view kTitleOf<Stage> = "Stage";
template <>
inline constexpr std::string_view kTitleOf<Deployment> = "Deployment";
template <>
inline constexpr std::string_view kTitleOf<Authorizer> = "Authorizer";

std::unexpected<wire::ApiError> not_found(std::string_view title, std::string_view id);

template <class T>
base::Task<wire::Result<T>> require(store::Transaction& transaction, base::Scope scope,
                                    std::string api_id, std::string id) {
  auto resource = co_await find<T>(transaction, keys::one<T>(scope, api_id, id));
  if (!resource) co_return std::unexpected(std::move(resource).error());
  if (!*resource) {
    // Which of the two is missing? A client that mistyped the API's id wants to hear that.
    auto api = co_await require_api(transaction, scope, api_id);
    if (!api) co_return std::unexpected(std::move(api).error());
    co_return not_found(kTitleOf<T>, id);
  }
  co_return std::move(**resource);
}

}  // namespace mayfly::apigateway
