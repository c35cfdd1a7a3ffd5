// The handlers of DynamoDB Streams; dynamodb_streams.cc binds them to their names.
#pragma once

#include "services/dynamodb/operations/operations.h"
#include "services/dynamodb/stream_shapes.h"

namespace mayfly::dynamodb {

Answer<ListStreamsResponse> list_streams(Dynamodb& dynamodb, const api::RequestContext& context,
                                         ListStreamsRequest request);
Answer<DescribeStreamResponse> describe_stream(Dynamodb& dynamodb,
                                               const api::RequestContext& context,
                                               DescribeStreamRequest request);
Answer<GetShardIteratorResponse> get_shard_iterator(Dynamodb& dynamodb,
                                                    const api::RequestContext& context,
                                                    GetShardIteratorRequest request);
Answer<GetRecordsResponse> get_records(Dynamodb& dynamodb, const api::RequestContext& context,
                                       GetRecordsRequest request);

}  // namespace mayfly::dynamodb
