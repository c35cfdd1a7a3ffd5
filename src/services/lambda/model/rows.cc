#include "services/lambda/model/rows.h"

#include "base/strings.h"
#include "services/lambda/errors.h"

namespace mayfly::lambda {

base::Task<wire::Result<FunctionRow>> need_function(store::Transaction& transaction,
                                                    base::Scope scope, std::string name,
                                                    std::string qualifier) {
  auto row = co_await find_row<FunctionRow>(transaction, function_key(scope, name));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return function_not_found(scope, name, qualifier);
  co_return std::move(**row);
}

base::Task<wire::Result<VersionRow>> need_version(store::Transaction& transaction,
                                                  base::Scope scope, std::string name,
                                                  std::uint64_t version) {
  auto row = co_await find_row<VersionRow>(transaction, version_key(scope, name, version));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return function_not_found(scope, name, version_text(version));
  co_return std::move(**row);
}

base::Task<wire::Result<MappingRow>> need_mapping(store::Transaction& transaction, MappingId id) {
  auto row = co_await find_row<MappingRow>(transaction, mapping_key(id));
  if (!row) co_return std::unexpected(row.error());
  if (!*row) {
    co_return wire::fail(kResourceNotFound, "The resource you requested does not exist.");
  }
  co_return std::move(**row);
}

base::Task<wire::Result<Resolved>> resolve(store::Transaction& transaction, base::Scope scope,
                                           Target target) {
  Resolved out;
  auto function = co_await need_function(transaction, scope, target.name, target.qualifier);
  if (!function) co_return std::unexpected(function.error());
  out.function = std::move(*function);
  if (!target.qualifier.empty()) {
    std::optional<std::uint64_t> number = version_number(target.qualifier);
    if (!number) {
      auto alias =
          co_await find_row<AliasRow>(transaction, alias_key(scope, target.name, target.qualifier));
      if (!alias) co_return std::unexpected(alias.error());
      if (!*alias) co_return function_not_found(scope, target.name, target.qualifier);
      number = version_number((*alias)->function_version);
      out.alias = std::move(*alias);
    }
    out.number = number.value_or(kLatestNumber);
  }
  auto version = co_await need_version(transaction, scope, target.name, out.number);
  if (!version) co_return std::unexpected(version.error());
  out.version = std::move(*version);
  co_return out;
}

base::Task<wire::Result<Page>> read_page(store::Transaction& transaction, std::string prefix,
                                         std::optional<std::string> marker, std::size_t limit) {
  std::string begin = prefix;
  if (marker && !marker->empty()) {
    const std::optional<std::string> rest = base::from_base64(*marker);
    if (!rest || rest->empty()) co_return wire::fail(kInvalidParameterValue, "Invalid Marker.");
    begin = prefix + *rest + '\0';
  }
  Page page;
  while (true) {
    store::RangeQuery query{
        .begin = begin, .end = store::prefix_end(prefix), .limit = limit + 1 - page.rows.size()};
    auto rows = co_await transaction.range(std::move(query));
    if (!rows) co_return failed(rows.error());
    for (store::KeyValue& row : rows->rows) {
      if (page.rows.size() == limit) {
        page.next_marker = base::to_base64(page.rows.back().key.substr(prefix.size()));
        co_return page;
      }
      begin = row.key + '\0';
      page.rows.push_back(std::move(row));
    }
    if (!rows->more) co_return page;
  }
}

}  // namespace mayfly::lambda
