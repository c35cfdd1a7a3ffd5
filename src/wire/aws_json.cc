// awsJson1.0 and 1.1: one URL, the operation in X-Amz-Target, everything in the body.
#include <fmt/format.h>

#include "base/strings.h"
#include "wire/codec.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly::wire {
namespace {

http::Response respond(const Output& output, int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", output.facts.protocol == Protocol::aws_json_1_1
                                           ? "application/x-amz-json-1.1"
                                           : "application/x-amz-json-1.0");
  if (output.facts.checksum == BodyChecksum::crc32) {
    response.headers.add("x-amz-crc32", std::to_string(base::crc32(body)));
  }
  response.body = std::move(body);
  return response;
}

// Services whose codes have a namespace answer what the layer in front of them finds in that
// layer's namespace.
std::string_view namespace_of(const ServiceFacts& facts, std::string_view code) {
  if (facts.error_namespace.empty()) return {};
  if (code == kValidation.code) return "com.amazon.coral.validate#";
  for (const ErrorSpec* common :
       {&kSerialization, &kUnknownOperation, &kInternalFailure, &kServiceUnavailable,
        &kMissingAuthenticationToken, &kInvalidSignature, &kIncompleteSignature,
        &kUnrecognizedClient, &kExpiredToken, &kAccessDenied}) {
    if (code == common->code) return "com.amazon.coral.service#";
  }
  return facts.error_namespace;
}

}  // namespace

std::optional<ApiError> decode_aws_json(Input& input, const ShapeInfo& shape, void* object) {
  // Clients may leave the body of an operation without members out.
  if (base::trim(input.http.body).empty()) return decode_document(shape, Document::map(), object);
  auto document = parse_json(input.http.body);
  if (!document) {
    return ApiError{&kSerialization,
                    fmt::format("The body is not valid JSON: {} at byte {}",
                                document.error().message, document.error().offset),
                    {},
                    {}};
  }
  return decode_document(shape, std::move(*document), object);
}

http::Response encode_aws_json(const Output& output, const ShapeInfo& shape, void* object) {
  return respond(output, 200, to_json(encode_body(shape, object)));
}

Document error_body(const ServiceFacts& facts, const ApiError& error) {
  // `members` holds what the error's shape has beside the text; a text of its own wins over the
  // message.
  Document body = Document::map();
  body.set("__type", fmt::format("{}{}", namespace_of(facts, error.spec->code), error.spec->code));
  body.set(error.spec->member == MessageMember::Message ? "Message" : "message", error.message);
  if (const DocumentMap* members = error.members.as_map()) {
    for (const auto& [name, value] : *members) body.set(name, value);
  }
  return body;
}

void add_query_error(const ServiceFacts& facts, const ApiError& error, http::Response& response) {
  if (facts.query_error != QueryErrorHeader::send || error.spec->query_code.empty()) return;
  response.headers.add("x-amzn-query-error",
                       fmt::format("{};{}", error.spec->query_code,
                                   error.spec->fault == Fault::client ? "Sender" : "Receiver"));
}

http::Response encode_aws_json_error(const Output& output, const ApiError& error) {
  http::Response response =
      respond(output, error.spec->status, to_json(error_body(output.facts, error)));
  add_query_error(output.facts, error, response);
  return response;
}

}  // namespace mayfly::wire
