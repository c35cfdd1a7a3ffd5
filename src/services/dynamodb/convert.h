// Attribute values between their wire form ({"S": "text"}) and the model, checked as DynamoDB
// checks them.
#pragma once

#include "services/dynamodb/model/value.h"
#include "wire/error.h"

namespace mayfly::dynamodb {

// Takes texts out of the document. Wrong JSON types are a SerializationException, the rest a
// ValidationException.
wire::Result<Value> value_from(wire::Document& document);
// An item, a key: a map of names to values.
wire::Result<Item> item_from(wire::Document& document);

wire::Document document_of(const Value& value);
wire::Document document_of(const Item& item);

}  // namespace mayfly::dynamodb
