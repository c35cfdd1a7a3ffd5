// ApiError: an error answer of an AWS API, as a value that handlers return.
//
// An ErrorSpec is declared once per AWS error code (services/x/errors.h); fail() makes an ApiError
// of it. wire/ renders it in the request's protocol. Nothing else in Mayfly writes error bodies of
// an AWS API.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.h"
#include "wire/document.h"

namespace mayfly::wire {

enum class Fault { client, server };
// How the member with the text is spelt; some Lambda exceptions say "Message" (facts of the service
// model).
enum class MessageMember { message, Message };

struct ErrorSpec {
  std::string_view code;  // "ResourceNotFoundException"
  int status = 400;
  Fault fault = Fault::client;
  std::string_view query_code = {};  // legacy code of the Query protocol, where it differs
  MessageMember member = MessageMember::message;
};

struct ApiError {
  const ErrorSpec* spec;  // static storage
  std::string message;
  Document members;  // further members of the error's shape: a map, or null
  std::vector<std::pair<std::string, std::string>> headers;  // further headers, e.g. Retry-After
};

template <class T>
using Result = std::expected<T, ApiError>;

inline std::unexpected<ApiError> fail(const ErrorSpec& spec, std::string message) {
  return std::unexpected(ApiError{&spec, std::move(message), {}, {}});
}
inline std::unexpected<ApiError> fail(const ErrorSpec& spec, std::string message,
                                      Document members) {
  return std::unexpected(ApiError{&spec, std::move(message), std::move(members), {}});
}

// Errors that any operation of any service may give.
inline constexpr ErrorSpec kInternalFailure{"InternalFailure", 500, Fault::server};
inline constexpr ErrorSpec kServiceUnavailable{"ServiceUnavailable", 503, Fault::server};
inline constexpr ErrorSpec kThrottling{"ThrottlingException", 400, Fault::client, "Throttling"};
inline constexpr ErrorSpec kValidation{"ValidationException", 400, Fault::client,
                                       "ValidationError"};
inline constexpr ErrorSpec kSerialization{"SerializationException", 400, Fault::client,
                                          "MalformedInput"};
inline constexpr ErrorSpec kUnknownOperation{"UnknownOperationException", 400, Fault::client,
                                             "InvalidAction"};
inline constexpr ErrorSpec kNotSupported{"NotSupportedException", 501, Fault::client};
inline constexpr ErrorSpec kMissingAuthenticationToken{"MissingAuthenticationTokenException", 403,
                                                       Fault::client, "MissingAuthenticationToken"};
inline constexpr ErrorSpec kInvalidSignature{"InvalidSignatureException", 403, Fault::client,
                                             "SignatureDoesNotMatch"};
inline constexpr ErrorSpec kIncompleteSignature{"IncompleteSignatureException", 403, Fault::client,
                                                "IncompleteSignature"};
inline constexpr ErrorSpec kUnrecognizedClient{"UnrecognizedClientException", 403, Fault::client,
                                               "InvalidClientTokenId"};
inline constexpr ErrorSpec kExpiredToken{"ExpiredTokenException", 403, Fault::client,
                                         "ExpiredToken"};
inline constexpr ErrorSpec kAccessDenied{"AccessDeniedException", 403, Fault::client,
                                         "AccessDenied"};
inline constexpr ErrorSpec kRequestTooLarge{"RequestEntityTooLargeException", 413, Fault::client};

// "X is not supported by Mayfly yet": for what is known to AWS and missing here. Names itself.
std::unexpected<ApiError> not_supported(std::string_view feature);

}  // namespace mayfly::wire

// A store's failure as an API error; conflicts past the attempts become throttling, the rest is the
// server's.
template <>
struct mayfly::store::FromStoreError<mayfly::wire::ApiError> {
  static mayfly::wire::ApiError map(mayfly::store::StoreError error);
};
