// A form -> struct -> XML.
#include <pugixml.hpp>

#include <cstdint>

#include "wire/codec.h"
#include "wire/tests/kinds.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  http::Request request;
  request.target = "/";
  request.body.assign(reinterpret_cast<const char*>(data), size);
  wire::Input input{request};
  wire::testing::Kinds object;
  const wire::ShapeInfo& shape = wire::shape_of<wire::testing::Kinds>();
  const wire::ServiceFacts facts{.protocol = wire::Protocol::query, .xml_namespace = "urn:x"};
  const wire::Output output{facts, "Op", "id"};
  http::Response response;
  if (auto error = wire::decode_query(input, shape, &object)) {
    response = wire::encode_query_error(output, *error);
  } else {
    response = wire::encode_query(output, shape, &object);
  }
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) __builtin_trap();
  return 0;
}
