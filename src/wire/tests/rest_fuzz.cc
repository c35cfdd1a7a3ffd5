// First line: method and target. Second: a header's value. The rest: the body.
#include <cstdint>

#include "base/strings.h"
#include "wire/codec.h"
#include "wire/json.h"
#include "wire/tests/kinds.h"
#include "wire/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static const wire::RouteTable* const table = [] {
    auto* routes = new wire::RouteTable;
    routes->add("GET", "/a/{Label}", 0);
    routes->add("GET", "/a/{Label}/x/{Greedy+}/end", 1);
    routes->add("GET", "/a/{Label}/x/y?Mode=on", 2);
    routes->add("GET", "/{Greedy+}", 3);
    return routes;
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto until = [&](char end) {
    const std::size_t at = text.find(end);
    std::string out(text.substr(0, at));
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return out;
  };
  http::Request request;
  request.method = until(' ');
  request.target = until('\n');
  const std::string value = until('\n');
  request.headers.add("x-header", value);
  request.headers.add("x-meta-One", value);
  request.body = std::string(text);
  auto match = table->match(request.method, request.raw_path(), request.raw_query());
  wire::Input input{request, std::move(match.labels)};
  wire::testing::Placed object;
  const wire::ShapeInfo& shape = wire::shape_of<wire::testing::Placed>();
  const wire::ServiceFacts facts{.protocol = wire::Protocol::rest_json};
  const wire::Output output{facts, "Op", "id"};
  http::Response response;
  if (auto error = wire::decode_rest_json(input, shape, &object)) {
    response = wire::encode_rest_json_error(output, *error);
  } else {
    response = wire::encode_rest_json(output, shape, &object);
  }
  for (const auto& [name, header] : response.headers) {
    if (header.find_first_of("\r\n") != std::string::npos) __builtin_trap();
  }
  return 0;
}
