// Every operation of the API that botocore calls "dynamodbstreams". Written by
// tools/known_operations; do not edit.
#pragma once

#include "api/service.h"

namespace mayfly::dynamodb {

inline constexpr api::KnownOperation kKnownStreamOperations[] = {
    {"DescribeStream"},
    {"GetRecords"},
    {"GetShardIterator"},
    {"ListStreams"},
};

}  // namespace mayfly::dynamodb
