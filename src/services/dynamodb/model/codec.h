// The stored form of an item: compact, versioned, the same bytes for equal items.
// docs/formats/dynamodb-items.md describes it.
//
// decode_item() bounds what it reads and accepts only what encode_item() writes; nullopt means
// corruption. The size in DynamoDB's arithmetic stands in front, so pages and capacity are counted
// without decoding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "services/dynamodb/model/value.h"

namespace mayfly::dynamodb {

std::string encode_item(const Item& item);
// Where the caller knows size_of(item).
std::string encode_item(const Item& item, std::size_t size);
std::optional<Item> decode_item(std::string_view bytes);
std::optional<std::size_t> decode_size(std::string_view bytes);

}  // namespace mayfly::dynamodb
