// Errors of Application Auto Scaling's model.
#pragma once

#include "wire/error.h"

namespace mayfly::autoscaling {

inline constexpr wire::ErrorSpec kValidation{
    "ValidationException", 400, wire::Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kObjectNotFound{
    "ObjectNotFoundException", 400, wire::Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kResourceNotFound{
    "ResourceNotFoundException", 400, wire::Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kTooManyTags{
    "TooManyTagsException", 400, wire::Fault::client, {}, wire::MessageMember::Message};
inline constexpr wire::ErrorSpec kInvalidNextToken{
    "InvalidNextTokenException", 400, wire::Fault::client, {}, wire::MessageMember::Message};

inline std::unexpected<wire::ApiError> refuse(std::string message) {
  return wire::fail(kValidation, std::move(message));
}

}  // namespace mayfly::autoscaling
