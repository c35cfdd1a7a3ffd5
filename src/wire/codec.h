// Codecs: an HTTP request -> a request struct, and a response struct or an error -> an HTTP
// response, for each protocol.
//
// Plain functions over the structs' tables. They know HTTP and the protocol, but no service: what
// differs between services comes in as ServiceFacts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "wire/error.h"
#include "wire/shape.h"

namespace mayfly::wire {

enum class Protocol { aws_json_1_0, aws_json_1_1, rest_json, query, rpc_v2_cbor };

// CRC32 of the body in X-Amz-Crc32: DynamoDB's clients check it.
enum class BodyChecksum { none, crc32 };
// JSON services that used to speak Query tell clients the old error code in x-amzn-query-error.
enum class QueryErrorHeader { none, send };

// Lambda's error bodies say {"Type": "User"} beside the message; other REST services do not.
enum class ErrorTypeMember { none, send };

struct ServiceFacts {
  Protocol protocol = Protocol::aws_json_1_0;
  std::string_view xml_namespace = {};    // Query: xmlns of the answer
  std::string_view error_namespace = {};  // JSON: put before the code in __type, with its '#'
  BodyChecksum checksum = BodyChecksum::none;
  QueryErrorHeader query_error = QueryErrorHeader::none;
  ErrorTypeMember error_type = ErrorTypeMember::none;
  // What violated rules are answered with, where that is not ValidationException (Logs:
  // InvalidParameterException).
  const ErrorSpec* validation = nullptr;
};

// A decoded label of a REST path, in the order of the template.
struct PathLabel {
  std::string_view name;
  std::string value;
};

// A request on its way into a struct. `http` outlives it; its body may be moved out by the decoder.
struct Input {
  http::Request& http;
  std::vector<PathLabel> labels = {};  // REST
};

// What the renderers need to know beside the struct.
struct Output {
  const ServiceFacts& facts;
  std::string_view operation;  // names the XML elements of Query
  std::string_view request_id;
  int status = 200;  // of success, REST
};

std::optional<ApiError> decode_request(Protocol protocol, Input& input, const ShapeInfo& shape,
                                       void* object);
http::Response encode_response(const Output& output, const ShapeInfo& shape, void* object);
http::Response encode_error(const Output& output, const ApiError& error);

// The parts, one file a protocol.
std::optional<ApiError> decode_aws_json(Input& input, const ShapeInfo& shape, void* object);
http::Response encode_aws_json(const Output& output, const ShapeInfo& shape, void* object);
http::Response encode_aws_json_error(const Output& output, const ApiError& error);

std::optional<ApiError> decode_rpc_cbor(Input& input, const ShapeInfo& shape, void* object);
http::Response encode_rpc_cbor(const Output& output, const ShapeInfo& shape, void* object);
http::Response encode_rpc_cbor_error(const Output& output, const ApiError& error);

// What JSON and CBOR share: the map that says the error, and the header with its code in the days
// of Query.
Document error_body(const ServiceFacts& facts, const ApiError& error);
void add_query_error(const ServiceFacts& facts, const ApiError& error, http::Response& response);

std::optional<ApiError> decode_rest_json(Input& input, const ShapeInfo& shape, void* object);
http::Response encode_rest_json(const Output& output, const ShapeInfo& shape, void* object);
http::Response encode_rest_json_error(const Output& output, const ApiError& error);

std::optional<ApiError> decode_query(Input& input, const ShapeInfo& shape, void* object);
http::Response encode_query(const Output& output, const ShapeInfo& shape, void* object);
http::Response encode_query_error(const Output& output, const ApiError& error);

// name=value pairs of a form or of a query string, decoded, in order; nullopt where an escape is
// broken.
using FormPairs = std::vector<std::pair<std::string, std::string>>;
std::optional<FormPairs> parse_form(std::string_view text);

}  // namespace mayfly::wire
