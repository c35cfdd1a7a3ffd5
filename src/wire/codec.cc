#include "wire/codec.h"

#include "base/strings.h"

namespace mayfly::wire {

std::optional<ApiError> decode_request(Protocol protocol, Input& input, const ShapeInfo& shape,
                                       void* object) {
  switch (protocol) {
    case Protocol::aws_json_1_0:
    case Protocol::aws_json_1_1:
      return decode_aws_json(input, shape, object);
    case Protocol::rest_json:
      return decode_rest_json(input, shape, object);
    case Protocol::query:
      return decode_query(input, shape, object);
    case Protocol::rpc_v2_cbor:
      return decode_rpc_cbor(input, shape, object);
  }
  std::unreachable();
}

http::Response encode_response(const Output& output, const ShapeInfo& shape, void* object) {
  switch (output.facts.protocol) {
    case Protocol::aws_json_1_0:
    case Protocol::aws_json_1_1:
      return encode_aws_json(output, shape, object);
    case Protocol::rest_json:
      return encode_rest_json(output, shape, object);
    case Protocol::query:
      return encode_query(output, shape, object);
    case Protocol::rpc_v2_cbor:
      return encode_rpc_cbor(output, shape, object);
  }
  std::unreachable();
}

http::Response encode_error(const Output& output, const ApiError& error) {
  http::Response response = [&] {
    switch (output.facts.protocol) {
      case Protocol::aws_json_1_0:
      case Protocol::aws_json_1_1:
        return encode_aws_json_error(output, error);
      case Protocol::rest_json:
        return encode_rest_json_error(output, error);
      case Protocol::query:
        return encode_query_error(output, error);
      case Protocol::rpc_v2_cbor:
        return encode_rpc_cbor_error(output, error);
    }
    std::unreachable();
  }();
  for (const auto& [name, value] : error.headers) response.headers.add(name, value);
  return response;
}

std::optional<FormPairs> parse_form(std::string_view text) {
  FormPairs pairs;
  for (std::string_view pair : base::split(text, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = base::percent_decode(pair.substr(0, equals), base::Plus::space);
    auto value = base::percent_decode(
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1),
        base::Plus::space);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

}  // namespace mayfly::wire
