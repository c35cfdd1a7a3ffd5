// Smithy RPC v2 with CBOR: the operation in the path /service/<Service>/operation/<Operation>,
// everything else in the body.
#include <fmt/format.h>

#include "wire/cbor.h"
#include "wire/codec.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace mayfly::wire {
namespace {

http::Response respond(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Smithy-Protocol", "rpc-v2-cbor");
  response.headers.add("Content-Type", "application/cbor");
  response.body = std::move(body);
  return response;
}

}  // namespace

std::optional<ApiError> decode_rpc_cbor(Input& input, const ShapeInfo& shape, void* object) {
  // Operations without input have no body.
  if (input.http.body.empty()) return decode_document(shape, Document::map(), object);
  auto document = parse_cbor(input.http.body);
  if (!document) {
    return ApiError{&kSerialization,
                    fmt::format("The body is not valid CBOR: {}, at byte {}",
                                document.error().message, document.error().offset),
                    {},
                    {}};
  }
  return decode_document(shape, std::move(*document), object);
}

http::Response encode_rpc_cbor(const Output&, const ShapeInfo& shape, void* object) {
  return respond(200, to_cbor(encode_body(shape, object)));
}

http::Response encode_rpc_cbor_error(const Output& output, const ApiError& error) {
  http::Response response = respond(error.spec->status, to_cbor(error_body(output.facts, error)));
  add_query_error(output.facts, error, response);
  return response;
}

}  // namespace mayfly::wire
