// Errors of IAM. The Query protocol knows them by their shorter names.
#pragma once

#include "wire/error.h"

namespace mayfly::iam {

inline constexpr wire::ErrorSpec kNoSuchEntity{"NoSuchEntityException", 404, wire::Fault::client,
                                               "NoSuchEntity"};
inline constexpr wire::ErrorSpec kEntityAlreadyExists{"EntityAlreadyExistsException", 409,
                                                      wire::Fault::client, "EntityAlreadyExists"};
inline constexpr wire::ErrorSpec kDeleteConflict{"DeleteConflictException", 409,
                                                 wire::Fault::client, "DeleteConflict"};
inline constexpr wire::ErrorSpec kLimitExceeded{"LimitExceededException", 409, wire::Fault::client,
                                                "LimitExceeded"};
inline constexpr wire::ErrorSpec kMalformedPolicyDocument{
    "MalformedPolicyDocumentException", 400, wire::Fault::client, "MalformedPolicyDocument"};
inline constexpr wire::ErrorSpec kInvalidInput{"InvalidInputException", 400, wire::Fault::client,
                                               "InvalidInput"};
inline constexpr wire::ErrorSpec kValidationError{"ValidationError", 400};

}  // namespace mayfly::iam
