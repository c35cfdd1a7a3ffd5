// Words that an expression may not use as attribute names without a #placeholder.
// Source: the DynamoDB developer guide, "Reserved words in DynamoDB" (spelling mistakes included).
#pragma once

#include <string_view>

namespace mayfly::dynamodb {

bool is_reserved_word(std::string_view name);  // any case

}  // namespace mayfly::dynamodb
