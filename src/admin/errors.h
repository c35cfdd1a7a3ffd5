// What the administration answers where it cannot do what was asked.
#pragma once

#include "store/store.h"
#include "wire/error.h"

namespace mayfly::admin {

inline constexpr wire::ErrorSpec kNotFound{"ResourceNotFoundException", 404};
inline constexpr wire::ErrorSpec kExists{"ResourceConflictException", 409};
inline constexpr wire::ErrorSpec kTooMany{"LimitExceededException", 400};

inline std::unexpected<wire::ApiError> store_failed(store::StoreError error) {
  return std::unexpected(store::FromStoreError<wire::ApiError>::map(std::move(error)));
}

}  // namespace mayfly::admin
