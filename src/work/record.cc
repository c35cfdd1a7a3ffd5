#include "work/record.h"

#include "store/key.h"
#include "store/keyspaces.h"

namespace mayfly::work {
namespace {

// Stored: append only.
enum class Place : std::uint8_t { ready = 1, leased = 2, damaged = 3 };
constexpr std::uint8_t kRecordVersion = 1;

store::KeyWriter in(Place place) {
  return store::key_in(store::KeySpace::work).u8(static_cast<std::uint8_t>(place));
}

bool read_place(store::KeyReader& reader, Place place) {
  return reader.space() == static_cast<std::uint8_t>(store::KeySpace::work) &&
         reader.u8() == static_cast<std::uint8_t>(place);
}

base::WallTime time_of(std::int64_t us) { return base::WallTime{std::chrono::microseconds{us}}; }

}  // namespace

std::string encode_record(const Record& record) {
  return store::KeyWriter{}
      .u8(kRecordVersion)
      .str(record.scope.account)
      .str(record.scope.region)
      .i64(base::epoch_us(record.not_before))
      .i64(record.attempts)
      .str(record.owner)
      .i64(base::epoch_us(record.lease_until))
      .raw(record.payload)
      .done();
}

std::optional<Record> decode_record(std::string_view bytes) {
  store::KeyReader reader(bytes);
  if (reader.u8() != kRecordVersion) return std::nullopt;
  auto account = reader.str();
  auto region = reader.str();
  const auto not_before = reader.i64();
  const auto attempts = reader.i64();
  auto owner = reader.str();
  const auto lease_until = reader.i64();
  const auto payload = reader.raw();
  if (!payload) return std::nullopt;  // and so where anything before it did not fit
  return Record{.scope = {std::move(*account), std::move(*region)},
                .not_before = time_of(*not_before),
                .attempts = static_cast<int>(*attempts),
                .owner = std::move(*owner),
                .lease_until = time_of(*lease_until),
                .payload = std::string(*payload)};
}

std::string work_prefix() { return store::key_in(store::KeySpace::work).done(); }

std::string ready_prefix() { return in(Place::ready).done(); }

std::string ready_prefix(std::string_view kind) { return in(Place::ready).str(kind).done(); }

std::string ready_key(std::string_view kind, base::WallTime due, std::string_view id) {
  return in(Place::ready).str(kind).i64(base::epoch_us(due)).str(id).done();
}

std::string leased_prefix() { return in(Place::leased).done(); }

std::string leased_prefix(std::string_view kind) { return in(Place::leased).str(kind).done(); }

std::string leased_key(std::string_view kind, std::string_view id) {
  return in(Place::leased).str(kind).str(id).done();
}

std::string damaged_key(std::string_view key) { return in(Place::damaged).raw(key).done(); }

std::optional<ReadyKey> read_ready_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!read_place(reader, Place::ready)) return std::nullopt;
  auto kind = reader.str();
  const auto due = reader.i64();
  auto id = reader.str();
  if (!id || !reader.at_end()) return std::nullopt;
  return ReadyKey{std::move(*kind), time_of(*due), std::move(*id)};
}

std::optional<LeasedKey> read_leased_key(std::string_view key) {
  store::KeyReader reader(key);
  if (!read_place(reader, Place::leased)) return std::nullopt;
  auto kind = reader.str();
  auto id = reader.str();
  if (!id || !reader.at_end()) return std::nullopt;
  return LeasedKey{std::move(*kind), std::move(*id)};
}

void enqueue(store::Transaction& transaction, const NewWork& work) {
  const Record record{.scope = work.scope,
                      .not_before = work.not_before,
                      .owner = {},
                      .lease_until = {},
                      .payload = work.payload};
  transaction.put(ready_key(work.kind, work.not_before, work.id), encode_record(record));
}

}  // namespace mayfly::work
