#include "services/dynamodb/operations/history.h"

#include "services/dynamodb/keys.h"

namespace mayfly::dynamodb {
namespace {

// Stored: append only.
constexpr char kChange = 1;
constexpr char kMark = 2;
constexpr std::size_t kTimeBytes = 8;

}  // namespace

void keep_old_image(store::Transaction& transaction, const Table& table, std::string_view row,
                    std::string_view before, base::WallTime now) {
  std::string value(1, kChange);
  const auto us = static_cast<std::uint64_t>(base::epoch_us(now));
  for (int shift = 56; shift >= 0; shift -= 8) value.push_back(static_cast<char>(us >> shift));
  value.append(before);
  row.remove_prefix(keys::items(table.home, table.row_id).size());
  transaction.put_sequenced(keys::history(table.home, table.row_id), row, value);
}

void mark_history(store::Transaction& transaction, const Table& table, std::string_view mark) {
  transaction.put_sequenced(keys::history(table.home, table.row_id), {},
                            std::string(1, kMark).append(mark));
}

std::optional<OldImage> read_old_image(std::string_view value) {
  if (value.empty()) return std::nullopt;
  OldImage out;
  out.rest = value.substr(1);
  out.is_mark = value.front() == kMark;
  if (out.is_mark) return out;
  if (value.front() != kChange || out.rest.size() < kTimeBytes) return std::nullopt;
  std::uint64_t us = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    us = us << 8 | static_cast<unsigned char>(out.rest[i]);
  }
  out.time = base::WallTime{std::chrono::microseconds{static_cast<std::int64_t>(us)}};
  out.rest.remove_prefix(kTimeBytes);
  return out;
}

}  // namespace mayfly::dynamodb
