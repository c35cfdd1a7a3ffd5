// What a stream says of one change of an item, and how it is stored: a version byte, then the
// change. docs/formats/dynamodb-streams.md describes the bytes.
//
// Images stay in the stored form of items (codec.h): a write copies the bytes that it has anyway.
// read_change() bounds what it reads; nullopt means corruption.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::dynamodb {

// In the order of StreamViewType's names below.
enum class StreamView : std::uint8_t { new_image, old_image, both_images, keys_only };
inline constexpr std::array<std::string_view, 4> kStreamViews{"NEW_IMAGE", "OLD_IMAGE",
                                                              "NEW_AND_OLD_IMAGES", "KEYS_ONLY"};
std::string_view view_name(StreamView view);
std::optional<StreamView> view_from(std::string_view name);

// Where a record lies in its shard: the commit that wrote it, and which of that commit's records it
// is. Positions of all shards of a store are different and increase with time.
struct StreamPosition {
  std::uint64_t sequence = 0;
  std::uint16_t ordinal = 0;
  auto operator<=>(const StreamPosition&) const = default;

  // The first position behind this one.
  StreamPosition next() const;
  // Bytes that order as the positions do.
  static constexpr std::size_t kBytes = 10;
  std::string bytes() const;
  static std::optional<StreamPosition> from_bytes(std::string_view bytes);
  // SequenceNumber of the API: 26 digits, so that texts order as the positions do.
  std::string number() const;
  static std::optional<StreamPosition> from_number(std::string_view text);
};

// "shardId-00000001750000000000-0000002a": when its generation began, and its number.
std::string shard_id(std::int64_t created_ms, std::uint32_t shard);
// The number in such an id.
std::optional<std::uint32_t> shard_number(std::string_view id);

// Stored: append only.
enum class ChangeKind : std::uint8_t { insert = 1, modify = 2, remove = 3, shard_end = 4 };
enum class Origin : std::uint8_t { client = 0, expiry = 1 };  // expiry: Time to Live

// Views into what it was made of. Images are empty where the view or the kind has none.
struct ItemChange {
  ChangeKind kind = ChangeKind::modify;
  Origin origin = Origin::client;
  std::int64_t epoch_ms = 0;
  std::string_view keys = {};
  std::string_view new_image = {};
  std::string_view old_image = {};
};
std::string write_change(const ItemChange& change);
std::optional<ItemChange> read_change(std::string_view bytes);

}  // namespace mayfly::dynamodb
