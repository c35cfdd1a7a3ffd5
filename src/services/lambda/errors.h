// Errors of Lambda. Some spell their text "Message": that is how the model has it.
#pragma once

#include "wire/error.h"

namespace mayfly::lambda {

using wire::Fault;

inline constexpr wire::ErrorSpec kInvalidParameterValue{"InvalidParameterValueException", 400};
inline constexpr wire::ErrorSpec kInvalidRequestContent{"InvalidRequestContentException", 400};
inline constexpr wire::ErrorSpec kRecursiveInvocation{
    "RecursiveInvocationException", 400, Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kCodeVerificationFailed{
    "CodeVerificationFailedException", 400, Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kResourceInUse{
    "ResourceInUseException", 400, Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kPolicyLengthExceeded{"PolicyLengthExceededException", 400};
inline constexpr wire::ErrorSpec kCodeStorageExceeded{"CodeStorageExceededException", 400};
inline constexpr wire::ErrorSpec kResourceNotFound{
    "ResourceNotFoundException", 404, Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kCodeSigningConfigNotFound{
    "CodeSigningConfigNotFoundException", 404, Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kProvisionedConcurrencyConfigNotFound{
    "ProvisionedConcurrencyConfigNotFoundException", 404};
inline constexpr wire::ErrorSpec kAccessDenied{
    "AccessDeniedException", 403, Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kResourceConflict{"ResourceConflictException", 409};
inline constexpr wire::ErrorSpec kPreconditionFailed{"PreconditionFailedException", 412};
inline constexpr wire::ErrorSpec kRequestEntityTooLarge{"RequestEntityTooLargeException", 413};
inline constexpr wire::ErrorSpec kTooManyRequests{"TooManyRequestsException", 429};
inline constexpr wire::ErrorSpec kService{
    "ServiceException", 500, Fault::server, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kInvalidRuntime{
    "InvalidRuntimeException", 502, Fault::server, {}, wire::MessageMember::Message};

}  // namespace mayfly::lambda
