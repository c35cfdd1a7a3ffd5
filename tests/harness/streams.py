"""DynamoDB's streams."""


def records(streams, arn):
    """All of a stream, shard by shard; `streams`: a client of dynamodbstreams."""
    out = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        out += streams.get_records(ShardIterator=iterator)["Records"]
    return out
