// Errors of CloudWatch. Its Query codes are older and shorter than the names of the exceptions.
#pragma once

#include "wire/error.h"

namespace mayfly::cloudwatch {

inline constexpr wire::ErrorSpec kInvalidParameterValue{
    "InvalidParameterValueException", 400, wire::Fault::client, "InvalidParameterValue"};
inline constexpr wire::ErrorSpec kInvalidParameterCombination{
    "InvalidParameterCombinationException", 400, wire::Fault::client,
    "InvalidParameterCombination"};
inline constexpr wire::ErrorSpec kMissingRequiredParameter{"MissingRequiredParameterException", 400,
                                                           wire::Fault::client, "MissingParameter"};
inline constexpr wire::ErrorSpec kInvalidNextToken{"InvalidNextToken", 400, wire::Fault::client,
                                                   "InvalidNextToken"};
inline constexpr wire::ErrorSpec kInternalServiceFault{"InternalServiceFault", 500,
                                                       wire::Fault::server, "InternalServiceError",
                                                       wire::MessageMember::Message};

}  // namespace mayfly::cloudwatch
