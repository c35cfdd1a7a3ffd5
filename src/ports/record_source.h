// RecordSource: streams of records as event source mappings follow them: ordered shards, each read
// from a position on. services/dynamodb implements it for the streams of its tables.
//
// Records of one group (of one item, of one key) keep their order where a shard is read by several.
//
// Who follows a shard asks for watch() first, reads until a page is empty, and awaits the watch
// only then: nothing is missed and nothing polls. A closed shard that is read to its end has
// successors, which name it as their parent.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/one_shot.h"
#include "base/task.h"
#include "wire/error.h"

namespace mayfly::ports {

struct SourceShard {
  std::string id;
  std::optional<std::string> parent;
};

struct SourceRecord {
  wire::Document event;         // as a function sees it
  std::string sequence_number;  // increases within a shard
  std::string next;             // the position behind it; those of a shard order as texts
  base::WallTime arrived;
};

// Whether records of a group are wanted; empty: all are.
using GroupTest = std::function<bool(std::string_view group)>;

struct SourcePage {
  std::vector<SourceRecord> records;
  std::string next;        // where to go on
  std::size_t others = 0;  // records that were there and not wanted
  bool closed = false;     // nothing follows, ever
};

enum class StartAt { oldest, newest };

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // Whether ARNs of this form are its own.
  virtual bool owns(const std::string& arn) const = 0;
  // How long a record is kept.
  virtual std::chrono::seconds retention() const = 0;
  // Oldest first, closed ones too as long as their records are kept. ResourceNotFound where there
  // is no such stream (any more).
  virtual base::Task<wire::Result<std::vector<SourceShard>>> shards(base::Scope scope,
                                                                    std::string arn) = 0;
  // nullopt: the shard is closed and `newest` is behind its end.
  virtual base::Task<wire::Result<std::optional<std::string>>> position(base::Scope scope,
                                                                        std::string arn,
                                                                        std::string shard,
                                                                        StartAt at) = 0;
  // At most `limit` records, wanted or not. What was trimmed meanwhile is left out.
  virtual base::Task<wire::Result<SourcePage>> read(base::Scope scope, std::string arn,
                                                    std::string shard, std::string position,
                                                    std::size_t limit, GroupTest wanted) = 0;
  // Set once something was committed to the shard after the call; whoever gives up sets it himself.
  virtual base::Task<wire::Result<base::OneShot<bool>>> watch(base::Scope scope, std::string arn,
                                                              std::string shard) = 0;
};

}  // namespace mayfly::ports
