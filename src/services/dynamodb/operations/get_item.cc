#include "services/dynamodb/convert.h"
#include "services/dynamodb/keys.h"
#include "services/dynamodb/model/codec.h"
#include "services/dynamodb/model/expression/evaluate.h"
#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/operations/read.h"

namespace mayfly::dynamodb {

base::Task<wire::Result<std::optional<StoredItem>>> read_item(store::Transaction& transaction,
                                                              const Table& table, const Item& key,
                                                              store::Conflict conflict) {
  auto values = answer(key_of_key(table.keys, key));
  if (!values) co_return std::unexpected(std::move(values).error());
  auto row = co_await transaction.get(keys::item(table, *values), conflict);
  if (!row) co_return store_failed(row);
  if (!*row) co_return std::optional<StoredItem>{};
  const auto size = decode_size(**row);
  auto item = decode_item(**row);
  if (!item || !size) co_return corrupt_row();
  co_return StoredItem{std::move(*item), *size};
}

base::Task<wire::Result<GetItemResponse>> get_item(Dynamodb& dynamodb,
                                                   const api::RequestContext& context,
                                                   GetItemRequest request) {
  auto name = table_name_of(context.scope, std::move(request.table_name));
  if (!name) co_return std::unexpected(std::move(name).error());
  if (auto checked = check_projection_use(request.projection_expression, request.attributes_to_get,
                                          request.names);
      !checked) {
    co_return std::unexpected(std::move(checked).error());
  }
  auto key = item_from(request.key);
  if (!key) co_return std::unexpected(std::move(key).error());
  auto reading =
      read_projection(request.projection_expression, request.attributes_to_get, request.names);
  if (!reading) co_return std::unexpected(std::move(reading).error());

  const std::unique_ptr<store::Transaction> transaction = dynamodb.store.begin();
  auto table = co_await open_table(dynamodb, *transaction, context.scope, *name, Missing::brief,
                                   store::Conflict::ignore);
  if (!table) co_return std::unexpected(std::move(table).error());
  if (auto allowed = dynamodb.throughput.check(**table, Access::read, Capacity::least(nullptr));
      !allowed) {
    co_return std::unexpected(std::move(allowed).error());
  }
  auto stored = co_await read_item(*transaction, **table, *key, store::Conflict::ignore);
  if (!stored) co_return std::unexpected(std::move(stored).error());

  GetItemResponse response;
  if (*stored) {
    response.item = document_of(*reading ? project(**reading, (*stored)->item) : (*stored)->item);
  }
  Capacity capacity;
  capacity.table =
      read_units(*stored ? (*stored)->size : 0,
                 request.consistent_read ? Consistency::strong : Consistency::eventual);
  dynamodb.throughput.spend(**table, Access::read, capacity);
  response.consumed_capacity =
      consumed(*name, capacity, report_of(request.return_consumed_capacity));
  co_return response;
}

}  // namespace mayfly::dynamodb
