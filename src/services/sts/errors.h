// Errors of STS.
#pragma once

#include "wire/error.h"

namespace mayfly::sts {

inline constexpr wire::ErrorSpec kValidationError{"ValidationError", 400};
inline constexpr wire::ErrorSpec kExpiredToken{"ExpiredTokenException", 400, wire::Fault::client,
                                               "ExpiredToken"};

}  // namespace mayfly::sts
