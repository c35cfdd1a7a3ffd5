// The stored bytes of work: keys and records. Only this folder uses it.
//
// A piece of work is in one of these places, each below KeySpace::work:
//   ready    (1, kind, due, id)   waits until it is due; this order is the order in which it runs
//   leased   (2, kind, id)        runs, or ran when its owner died; the record has the owner and
//   until when it is his damaged  (3, ready or leased key)   could not be read; kept for whoever
//   repairs it
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "work/work.h"

namespace mayfly::work {

struct Record {
  base::Scope scope;
  base::WallTime not_before;
  int attempts = 0;            // begun so far
  std::string owner;           // of the lease; empty while ready
  base::WallTime lease_until;  // of the lease
  std::string payload;
};

std::string encode_record(const Record& record);
std::optional<Record> decode_record(std::string_view bytes);

std::string work_prefix();   // all work
std::string ready_prefix();  // all work that waits
std::string ready_prefix(std::string_view kind);
std::string ready_key(std::string_view kind, base::WallTime due, std::string_view id);
std::string leased_prefix();
std::string leased_prefix(std::string_view kind);
std::string leased_key(std::string_view kind, std::string_view id);
std::string damaged_key(std::string_view key);

struct ReadyKey {
  std::string kind;
  base::WallTime due;
  std::string id;
};
std::optional<ReadyKey> read_ready_key(std::string_view key);

struct LeasedKey {
  std::string kind;
  std::string id;
};
std::optional<LeasedKey> read_leased_key(std::string_view key);

}  // namespace mayfly::work
