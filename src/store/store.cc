#include "store/store.h"

namespace mayfly::store {

std::string encode_sequence(std::uint64_t sequence) {
  std::string out(8, '\0');
  for (std::size_t i = 8; i-- > 0; sequence >>= 8) out[i] = static_cast<char>(sequence & 0xFF);
  return out;
}

std::string prefix_end(std::string_view prefix) {
  // A trailing 0xFF has no successor of its length, so the byte before it is counted up instead.
  std::size_t length = prefix.size();
  while (length > 0 && static_cast<std::uint8_t>(prefix[length - 1]) == 0xFF) --length;
  std::string end(prefix.substr(0, length));
  if (length > 0) end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1);
  return end;
}

RangeQuery prefix_query(std::string prefix) {
  std::string end = prefix_end(prefix);
  return RangeQuery{.begin = std::move(prefix), .end = std::move(end)};
}

std::string_view store_error_name(StoreErrorCode code) {
  switch (code) {
    case StoreErrorCode::conflict:
      return "conflict";
    case StoreErrorCode::too_old:
      return "too_old";
    case StoreErrorCode::unavailable:
      return "unavailable";
    case StoreErrorCode::outcome_unknown:
      return "outcome_unknown";
    case StoreErrorCode::too_large:
      return "too_large";
    case StoreErrorCode::corrupt:
      return "corrupt";
  }
  return "unknown";
}

}  // namespace mayfly::store
