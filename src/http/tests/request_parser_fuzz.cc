// Any bytes, in pieces of any size: no crash, no growth beyond the limits, and the same outcome
// however they are cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "http/detail/request_parser.h"

namespace {

using mayfly::http::detail::ParserLimits;
using mayfly::http::detail::RequestParser;

constexpr ParserLimits kLimits{.request_line = 256, .header_bytes = 1024, .body_bytes = 2048};

void require(bool holds) {
  if (!holds) std::abort();
}

// A summary of all requests in `bytes`. What is refused and what only ends too early counts as one:
// the parser may wait for a few bytes more before it says that they cannot be right.
std::string parse(std::string_view bytes, std::size_t piece) {
  std::string summary;
  std::string pending;
  std::size_t at = 0;
  for (int request = 0; request < 8; ++request) {
    RequestParser parser(kLimits);
    for (;;) {
      if (!pending.empty()) {
        const auto step = parser.feed(pending);
        require(step.consumed <= pending.size());
        pending.erase(0, step.consumed);
        if (step.status == RequestParser::Status::refused) {
          require(parser.refusal().status >= 400 && !parser.refusal().reason.empty());
          return summary + "unfinished";
        }
        if (step.status == RequestParser::Status::complete) break;
      }
      if (at >= bytes.size()) return summary + "unfinished";
      pending += bytes.substr(at, piece);
      at += piece;
    }
    const auto taken = parser.take();
    require(taken.body.size() <= kLimits.body_bytes && taken.target.size() <= kLimits.request_line);
    require(taken.headers.size() <= RequestParser::kMaxFields && !taken.method.empty());
    for (const auto& [name, value] : taken.headers) {
      require(!name.empty() &&
              value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
      summary += name + ":" + value + ";";
    }
    summary += taken.method + " " + taken.target + " " + taken.body + "\n";
  }
  return summary;
}

// The same, with every body taken piece by piece as of a request that streams.
std::string parse_streaming(std::string_view bytes, std::size_t piece) {
  const std::function<bool(std::string_view, std::string_view)> all =
      [](std::string_view, std::string_view) { return true; };
  ParserLimits limits = kLimits;
  limits.streams = &all;
  RequestParser parser(limits);
  std::string pending, body;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    pending += bytes.substr(at, piece);
    const auto step = parser.feed(pending);
    require(step.consumed <= pending.size());
    pending.erase(0, step.consumed);
    body += parser.take_body();
    if (step.status == RequestParser::Status::refused) return "unfinished";
    if (step.status == RequestParser::Status::complete) {
      for (const auto& [name, value] : parser.trailers()) body += name + ":" + value + ";";
      return body;
    }
  }
  require(body.size() <= bytes.size());
  return "unfinished";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = parse(bytes, std::max<std::size_t>(size, 1));
  require(whole == parse(bytes, 1));
  require(whole == parse(bytes, 13));
  const std::string streamed = parse_streaming(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1U, 13U}) {
    const std::string again = parse_streaming(bytes, piece);
    require(again == streamed);
  }
  return 0;
}
