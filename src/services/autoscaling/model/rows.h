// Reading and listing rows, of every kind alike.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"
#include "services/autoscaling/errors.h"
#include "services/autoscaling/keys.h"
#include "store/store.h"
#include "wire/row.h"

namespace mayfly::autoscaling {

inline std::unexpected<wire::ApiError> failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

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

template <class Named>
std::string no_target(const Named& of) {
  return "No scalable target registered for service namespace: " + of.service_namespace +
         ", resource ID: " + of.resource_id + ", scalable dimension: " + of.dimension;
}

template <class Row>
struct Listed {
  std::vector<Row> rows;
  std::optional<std::string> next_token;
};

// At most `most` rows (fifty by default) below the prefix that `shown` shows, from the token on.
template <class Row>
base::Task<wire::Result<Listed<Row>>> list_rows(store::Store& store, std::string prefix,
                                                std::optional<std::int32_t> most,
                                                std::optional<std::string> token,
                                                std::function<bool(const Row&)> shown) {
  constexpr std::int32_t kMost = 50;
  if (most && (*most < 1 || *most > kMost)) {
    co_return refuse("MaxResults must be between 1 and 50");
  }
  store::RangeQuery range = store::prefix_query(prefix);
  range.conflict = store::Conflict::ignore;
  if (token) {
    const auto behind = base::from_hex(*token);
    if (!behind) co_return wire::fail(kInvalidNextToken, "Invalid token");
    range.begin = prefix + *behind + '\0';
  }
  const std::unique_ptr<store::Transaction> transaction = store.begin();
  Listed<Row> listed;
  const auto limit = static_cast<std::size_t>(most.value_or(kMost));
  std::string last;
  for (bool more = true; more;) {
    auto page = co_await transaction->range(range);
    if (!page) co_return failed(page.error());
    for (const store::KeyValue& entry : page->rows) {
      range.begin = entry.key + '\0';
      auto row = wire::from_row<Row>(entry.value);
      if (!row) co_return std::unexpected(row.error());
      if (!shown(*row)) continue;
      if (listed.rows.size() == limit) {
        listed.next_token = base::to_hex(std::string_view(last).substr(prefix.size()));
        co_return listed;
      }
      listed.rows.push_back(std::move(*row));
      last = entry.key;
    }
    more = page->more;
  }
  co_return listed;
}

inline bool is_among(const std::optional<std::vector<std::string>>& names,
                     const std::string& name) {
  return !names || names->empty() || std::ranges::find(*names, name) != names->end();
}
inline bool is_same(const std::optional<std::string>& asked, const std::string& value) {
  return !asked || *asked == value;
}

}  // namespace mayfly::autoscaling
