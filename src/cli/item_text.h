// Items of DynamoDB between their wire form ({"id": {"S": "1"}}, "typed") and what people and other
// programs write.
//
// Numbers are passed as their text in both directions, so that no digit is lost. Plain JSON has no
// sets and no binary: sets become arrays, binary becomes base64 text.
#pragma once

#include <string>
#include <string_view>

#include "cli/api_client.h"

namespace mayfly::cli {

// One line of plain JSON, without the line's end.
std::string plain_json(const wire::Document& typed_item);
// A value in a table for people.
std::string cell_text(const wire::Document& typed_value);
// A value as one field of CSV, not quoted yet: scalars as they are, the rest as JSON.
std::string field_text(const wire::Document& typed_value);

// An item in plain JSON.
Answer<wire::Document> item_from_plain(std::string_view json);
// {"Item": {typed}} or {typed}.
Answer<wire::Document> item_from_typed(std::string_view json);
// Whichever of the two it looks like.
Answer<wire::Document> item_from_json(std::string_view json);

// What somebody typed: JSON where it is JSON, otherwise a string.
wire::Document value_from_word(std::string_view word);
// As the value of an attribute of this type (S, N or B).
Answer<wire::Document> key_from_word(std::string_view name, std::string_view word,
                                     std::string_view type);

}  // namespace mayfly::cli
