#include "wire/error.h"

#include <fmt/format.h>

namespace mayfly::wire {

std::unexpected<ApiError> not_supported(std::string_view feature) {
  return fail(kNotSupported, fmt::format("{} is not supported by Mayfly yet.", feature));
}

}  // namespace mayfly::wire

mayfly::wire::ApiError mayfly::store::FromStoreError<mayfly::wire::ApiError>::map(
    mayfly::store::StoreError error) {
  using mayfly::wire::ApiError;
  // No default: a new code must be thought about here.
  switch (error.code) {
    case StoreErrorCode::conflict:
    case StoreErrorCode::too_old:
      return ApiError{
          &wire::kThrottling, "Rate exceeded: too many writers of the same data at once.", {}, {}};
    case StoreErrorCode::unavailable:
      return ApiError{
          &wire::kServiceUnavailable, "The store is not available: " + error.detail, {}, {}};
    case StoreErrorCode::outcome_unknown:
      return ApiError{&wire::kInternalFailure,
                      "The store did not say whether the change was made: " + error.detail,
                      {},
                      {}};
    case StoreErrorCode::too_large:
      return ApiError{&wire::kRequestTooLarge,
                      "The change is larger than the store takes: " + error.detail,
                      {},
                      {}};
    case StoreErrorCode::corrupt:
      return ApiError{&wire::kInternalFailure, "Stored data is damaged: " + error.detail, {}, {}};
  }
  std::unreachable();
}
