// What a ShardIterator says, and its text: "<StreamArn>|1|" and the rest in base64.
//
// It is spoken, not stored, and no secret: what it names is looked up, and its age concerns only
// its holder. read() takes whatever a client sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/dynamodb/model/stream.h"

namespace mayfly::dynamodb {

struct StreamIterator {
  enum class Start : std::uint8_t { position = 0, oldest = 1 };  // oldest: whatever is there
  std::string arn;
  std::uint32_t shard = 0;
  StreamPosition position;
  Start start = Start::position;
  std::int64_t made_ms = 0;

  std::string text() const;
  static std::optional<StreamIterator> read(std::string_view text);
};

}  // namespace mayfly::dynamodb
