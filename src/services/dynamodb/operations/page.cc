#include "services/dynamodb/operations/page.h"

#include <algorithm>

#include "services/dynamodb/convert.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/model/expression/evaluate.h"

namespace mayfly::dynamodb {
namespace {

// Rows asked from the store at a time; most queries end within one.
constexpr std::size_t kRowsAtOnce = 256;
constexpr std::size_t kBytesAtOnce = 256 * 1024;

// One page under way.
class Reading {
 public:
  Reading(const Table& table, const Index* index, const PageRequest& request)
      : table_(table), index_(index), request_(request) {
    if (request.select != Select::count) response_.items.emplace();
  }

  // False once the page is full. `fetched` is the row of the table that belongs to an index entry,
  // where it is needed.
  wire::Result<bool> add(const std::string& row, const std::optional<std::string>& fetched) {
    const auto size = decode_size(row);
    auto item = decode_item(row);
    if (!size || !item) return corrupt_row();
    bytes_ += *size;
    if (fetched) {
      const auto table_size = decode_size(*fetched);
      auto whole = decode_item(*fetched);
      if (!table_size || !whole) return corrupt_row();
      fetched_units_ += read_units(*table_size, request_.consistency);
      item = std::move(whole);
    }
    ++response_.scanned_count;
    const bool full = bytes_ >= kMaxPageBytes || response_.scanned_count == request_.limit;
    if (full) response_.last_evaluated_key = document_of(key_attributes(table_, index_, *item));
    if (!request_.filter.condition || holds(*request_.filter.condition, *item)) {
      ++response_.count;
      if (response_.items) {
        response_.items->push_back(document_of(shown(std::move(*item))));
      }
    }
    return !full;
  }

  Page finish() {
    Capacity capacity;
    const double units = read_units(bytes_, request_.consistency);
    if (index_ == nullptr) {
      capacity.table = units;
    } else {
      capacity.add_index(*index_, units);
      capacity.table = fetched_units_;
    }
    return {std::move(response_), std::move(capacity)};
  }

  std::size_t rows_wanted() const {
    if (!request_.limit) return kRowsAtOnce;
    return std::min<std::size_t>(
        kRowsAtOnce, static_cast<std::size_t>(*request_.limit - response_.scanned_count));
  }

 private:
  Item shown(Item item) const {
    if (!request_.projection) return item;
    return request_.shown == Shown::in_place ? project(*request_.projection, item)
                                             : select_columns(*request_.projection, item);
  }

  const Table& table_;
  const Index* index_;
  const PageRequest& request_;
  PageResponse response_;
  std::size_t bytes_ = 0;
  double fetched_units_ = 0;
};

bool holds_attribute(const Table& table, const Index& index, const std::string& name) {
  return index.projection == ProjectionType::all || table.keys.contains(name) ||
         index.keys.contains(name) ||
         std::ranges::find(index.included, name) != index.included.end();
}

// Attributes asked for that the index does not hold, as a list for a message.
std::string missing_attributes(const Table& table, const Index& index, const PageRequest& request) {
  std::string missing;
  if (!request.projection) return missing;
  for (const Path& path : *request.projection) {
    if (holds_attribute(table, index, path.attribute())) continue;
    missing.append(missing.empty() ? "" : ", ").append(path.attribute());
  }
  return missing;
}

// A local index fetches from the table what it does not hold; a global one refuses
// (check_projected).
bool must_fetch(const Table& table, const Index* index, const PageRequest& request) {
  if (index == nullptr || index->kind == IndexKind::global) return false;
  if (index->projection == ProjectionType::all) return false;
  return request.select == Select::all_attributes ||
         !missing_attributes(table, *index, request).empty();
}

wire::Result<void> check_projected(const Table& table, const Index& index,
                                   const PageRequest& request) {
  if (index.kind == IndexKind::local || index.projection == ProjectionType::all) return {};
  if (request.select == Select::all_attributes) {
    return refuse(
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported "
        "for global "
        "secondary index " +
        index.name + " because its projection type is not ALL");
  }
  const std::string missing = missing_attributes(table, index, request);
  if (missing.empty()) return {};
  return refuse("One or more parameter values were invalid: Global secondary index " + index.name +
                " does not project [" + missing + "]");
}

// The table's row that an index entry stands for. Both were written together, so it is there.
base::Task<wire::Result<std::string>> fetch_row(store::Transaction& transaction, const Table& table,
                                                std::string_view entry) {
  const auto projected = decode_item(entry);
  if (!projected) co_return corrupt_row();
  auto key = key_of_item(table.keys, *projected);
  if (!key) co_return corrupt_row();
  auto row = co_await transaction.get(keys::item(table, *key), store::Conflict::ignore);
  if (!row) co_return store_failed(row);
  if (!*row) co_return corrupt_row();
  co_return std::move(**row);
}

}  // namespace

wire::Result<Select> select_of(const std::optional<std::string>& text, bool has_index,
                               std::string_view projection) {
  if (!text) {
    if (!projection.empty()) return Select::specific;
    return has_index ? Select::all_projected : Select::all_attributes;
  }
  if (*text == "SPECIFIC_ATTRIBUTES") {
    if (!projection.empty()) return Select::specific;
    return refuse(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES");
  }
  if (*text == "ALL_PROJECTED_ATTRIBUTES" && !has_index) {
    return refuse("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (!projection.empty()) {
    return refuse("Cannot specify the " + std::string(projection) + " when choosing to get " +
                  (*text == "COUNT" ? "only the Count" : *text));
  }
  if (*text == "COUNT") return Select::count;
  return *text == "ALL_PROJECTED_ATTRIBUTES" ? Select::all_projected : Select::all_attributes;
}

wire::Result<const Index*> readable_index(const Table& table,
                                          const std::optional<std::string>& name,
                                          const PageRequest& request) {
  if (!name) return nullptr;
  const Index* index = table.find_index(*name);
  if (index == nullptr) return refuse("The table does not have the specified index: " + *name);
  if (index->kind == IndexKind::global && request.consistency == Consistency::strong) {
    return refuse("Consistent reads are not supported on global secondary indexes");
  }
  if (index->status == IndexStatus::creating) {
    return refuse("Cannot read from backfilling global secondary index: " + *name);
  }
  if (auto checked = check_projected(table, *index, request); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return index;
}

std::optional<std::string> start_row(const Table& table, const Index* index, const Item& start) {
  if (key_attributes(table, index, start).size() != start.size()) return std::nullopt;
  const auto key = key_of_key(table.keys, key_attributes(table, nullptr, start));
  if (!key) return std::nullopt;
  // The values of `key` are those of a copy; what goes on is made of `start`.
  KeyValues table_key;
  table_key.partition = start.find(table.keys.partition.name);
  if (table.keys.sort) table_key.sort = start.find(table.keys.sort->name);
  if (index == nullptr) return keys::item(table, table_key);
  const auto entry_key = index_key(*index, start);
  if (!entry_key) return std::nullopt;
  return keys::index_entry(table, *index, *entry_key, table_key);
}

std::optional<keys::Range> resume(keys::Range range, std::string start_row,
                                  store::Direction direction) {
  if (start_row < range.begin || (!range.end.empty() && start_row >= range.end)) {
    return std::nullopt;
  }
  if (direction == store::Direction::reverse) {
    range.end = std::move(start_row);
  } else {
    range.begin = std::move(start_row);
    range.begin.push_back('\0');  // the first key behind it
  }
  return range;
}

base::Task<wire::Result<Page>> read_page(store::Transaction& transaction, TablePtr table,
                                         const Index* index, keys::Range range,
                                         const PageRequest& request) {
  Reading page(*table, index, request);
  const bool fetch = must_fetch(*table, index, request);
  while (range.begin < range.end) {
    store::RangeQuery query;
    query.begin = range.begin;
    query.end = range.end;
    query.direction = request.direction;
    query.limit = page.rows_wanted();
    query.max_bytes = kBytesAtOnce;
    query.conflict = store::Conflict::ignore;
    if (request.start) query.reread = store::Reread::unlikely;
    auto rows = co_await transaction.range(std::move(query));
    if (!rows) co_return store_failed(rows);
    for (const store::KeyValue& row : rows->rows) {
      std::optional<std::string> fetched;
      if (fetch) {
        auto whole = co_await fetch_row(transaction, *table, row.value);
        if (!whole) co_return std::unexpected(std::move(whole).error());
        fetched = std::move(*whole);
      }
      auto more = page.add(row.value, fetched);
      if (!more) co_return std::unexpected(std::move(more).error());
      if (!*more) co_return page.finish();
    }
    if (!rows->more || rows->rows.empty()) break;
    if (request.direction == store::Direction::reverse) {
      range.end = std::move(rows->rows.back().key);
    } else {
      range.begin = std::move(rows->rows.back().key);
      range.begin.push_back('\0');
    }
  }
  co_return page.finish();
}

}  // namespace mayfly::dynamodb
