// Any bytes from a peer, in pieces of any size: no crash, no growth beyond the limit.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/detail/response_parser.h"

namespace {

using mayfly::http::detail::ResponseParser;

constexpr std::size_t kBody = 2048;

std::string parse(std::string_view bytes, std::size_t piece, ResponseParser::Body body) {
  ResponseParser parser(kBody, body);
  std::string pending;
  auto status = ResponseParser::Status::need_more;
  for (std::size_t at = 0; at < bytes.size() && status == ResponseParser::Status::need_more;
       at += piece) {
    pending += bytes.substr(at, piece);
    const auto step = parser.feed(pending);
    if (step.consumed > pending.size()) std::abort();
    pending.erase(0, step.consumed);
    status = step.status;
  }
  if (status == ResponseParser::Status::need_more) status = parser.end_of_input();
  if (status == ResponseParser::Status::failed) {
    if (parser.failure().empty()) std::abort();
    return "failed";
  }
  const auto response = parser.take();
  if (response.body.size() > kBody) std::abort();
  return std::to_string(response.status) + response.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto body : {ResponseParser::Body::expected, ResponseParser::Body::none}) {
    const std::string whole = parse(bytes, std::max<std::size_t>(size, 1), body);
    if (whole != parse(bytes, 1, body) || whole != parse(bytes, 13, body)) std::abort();
  }
  return 0;
}
