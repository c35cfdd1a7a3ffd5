// The streams of tables for those who follow them (ports/record_source.h).
#pragma once

#include "ports/record_source.h"
#include "services/dynamodb/dynamodb.h"

namespace mayfly::dynamodb {

class FollowedStreams final : public ports::RecordSource {
 public:
  // `dynamodb` outlives it.
  explicit FollowedStreams(Dynamodb& dynamodb) : dynamodb_(dynamodb) {}

  bool owns(const std::string& arn) const override;
  std::chrono::seconds retention() const override { return std::chrono::hours{24}; }
  base::Task<wire::Result<std::vector<ports::SourceShard>>> shards(base::Scope scope,
                                                                   std::string arn) override;
  base::Task<wire::Result<std::optional<std::string>>> position(base::Scope scope, std::string arn,
                                                                std::string shard,
                                                                ports::StartAt at) override;
  base::Task<wire::Result<ports::SourcePage>> read(base::Scope scope, std::string arn,
                                                   std::string shard, std::string position,
                                                   std::size_t limit,
                                                   ports::GroupTest wanted) override;
  base::Task<wire::Result<base::OneShot<bool>>> watch(base::Scope scope, std::string arn,
                                                      std::string shard) override;

 private:
  Dynamodb& dynamodb_;
};

}  // namespace mayfly::dynamodb
