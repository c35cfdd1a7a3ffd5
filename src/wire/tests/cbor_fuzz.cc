// CBOR -> Document -> CBOR -> the same Document; and CBOR -> struct -> CBOR.
#include <cstdint>

#include "wire/cbor.h"
#include "wire/codec.h"
#include "wire/tests/kinds.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto document = wire::parse_cbor(bytes)) {
    const std::string written = wire::to_cbor(*document);
    auto again = wire::parse_cbor(written);
    if (!again || wire::to_cbor(*again) != written) __builtin_trap();
  }
  http::Request request;
  request.target = "/";
  request.body = bytes;
  wire::Input input{request};
  wire::testing::Kinds object;
  const wire::ShapeInfo& shape = wire::shape_of<wire::testing::Kinds>();
  const wire::ServiceFacts facts{.protocol = wire::Protocol::rpc_v2_cbor};
  const wire::Output output{facts, "Op", "id"};
  http::Response response;
  if (auto error = wire::decode_rpc_cbor(input, shape, &object)) {
    response = wire::encode_rpc_cbor_error(output, *error);
  } else {
    response = wire::encode_rpc_cbor(output, shape, &object);
  }
  if (!wire::parse_cbor(response.body)) __builtin_trap();
  return 0;
}
