#include "services/logs/keys.h"

namespace mayfly::logs {

std::string event_value(std::int64_t ingestion_time, std::string_view message) {
  std::string value;
  value.reserve(8 + message.size());
  for (int shift = 56; shift >= 0; shift -= 8) {
    value.push_back(
        static_cast<char>((static_cast<std::uint64_t>(ingestion_time) >> shift) & 0xff));
  }
  value.append(message);
  return value;
}

std::optional<Event> read_event(std::string_view prefix, std::string_view key,
                                std::string_view value) {
  store::KeyReader reader(key);
  if (!reader.skip(prefix)) return std::nullopt;
  const std::optional<std::int64_t> time = reader.i64();
  const std::optional<std::uint64_t> sequence = reader.u64();
  if (!time || !sequence || !reader.at_end() || value.size() < 8) return std::nullopt;
  std::uint64_t ingestion = 0;
  for (std::size_t i = 0; i < 8; ++i)
    ingestion = (ingestion << 8) | static_cast<std::uint8_t>(value[i]);
  return Event{
      {*time, *sequence}, static_cast<std::int64_t>(ingestion), std::string(value.substr(8))};
}

std::optional<GroupId> read_group_key(std::string_view key) {
  store::KeyReader reader(key);
  std::optional<base::Scope> scope = store::read_scope(reader, store::KeySpace::logs);
  if (!scope) return std::nullopt;
  const std::optional<std::uint8_t> kind = reader.u8();
  if (kind != 1) return std::nullopt;
  std::optional<std::string> group = reader.str();
  if (!group || !reader.at_end()) return std::nullopt;
  return GroupId{std::move(*scope), std::move(*group)};
}

}  // namespace mayfly::logs
