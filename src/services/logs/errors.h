// Errors of CloudWatch Logs.
#pragma once

#include "wire/error.h"

namespace mayfly::logs {

inline constexpr wire::ErrorSpec kInvalidParameter{"InvalidParameterException", 400};
inline constexpr wire::ErrorSpec kResourceNotFound{"ResourceNotFoundException", 400};
inline constexpr wire::ErrorSpec kResourceAlreadyExists{"ResourceAlreadyExistsException", 400};
inline constexpr wire::ErrorSpec kLimitExceeded{"LimitExceededException", 400};
inline constexpr wire::ErrorSpec kTooManyTags{"TooManyTagsException", 400};
inline constexpr wire::ErrorSpec kDeletionProtected{"ValidationException", 400};

}  // namespace mayfly::logs
