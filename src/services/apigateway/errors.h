// The errors of the API Gateway v2 model.
#pragma once

#include "wire/error.h"

namespace mayfly::apigateway {

inline constexpr wire::ErrorSpec kNotFound{"NotFoundException", 404, wire::Fault::client};
inline constexpr wire::ErrorSpec kBadRequest{"BadRequestException", 400, wire::Fault::client};
inline constexpr wire::ErrorSpec kConflict{"ConflictException", 409, wire::Fault::client};
inline constexpr wire::ErrorSpec kTooManyRequests{"TooManyRequestsException", 429,
                                                  wire::Fault::client};

}  // namespace mayfly::apigateway
