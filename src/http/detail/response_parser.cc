#include "http/detail/response_parser.h"

#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include "base/strings.h"

namespace mayfly::http::detail {
namespace {

namespace beast = boost::beast::http;

// A line that is not complete within this many bytes of the header or of a chunk is refused.
constexpr std::size_t kMaxPending = ResponseParser::kMaxHeader;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

ResponseParser::ResponseParser(std::size_t body_bytes, Body body) : body_limit_(body_bytes) {
  eager(true);
  header_limit(kMaxHeader);
  body_limit(body_bytes);
  skip(body == Body::none);
}

ResponseParser::Step ResponseParser::feed(std::string_view bytes) {
  if (bytes.empty()) return {Status::need_more, 0};
  // As in request_parser.cc.
  if (is_header_done() && chunked() && bytes.size() < 5 && bytes[0] == '0') {
    return {Status::need_more, 0};
  }
  Code error;
  const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::error::need_more) return {fail(error), used};
  if (is_done()) return {Status::complete, used};
  if (bytes.size() - used > kMaxPending) return {fail(beast::error::header_limit), used};
  return {Status::need_more, used};
}

ResponseParser::Status ResponseParser::end_of_input() {
  Code error = beast::error::partial_message;
  if (got_some()) put_eof(error);
  return error ? fail(error) : Status::complete;
}

ResponseParser::Status ResponseParser::fail(Code error) {
  if (error == beast::error::body_limit) {
    failure_ = fmt::format("the answer is larger than {} bytes", body_limit_);
  } else if (error == beast::error::header_limit) {
    failure_ = "the answer's headers are too large";
  } else if (error == beast::error::partial_message) {
    failure_ = "the connection ended before the answer was complete";
  } else {
    failure_ = fmt::format("the answer is not valid HTTP ({})", error.message());
  }
  return Status::failed;
}

void ResponseParser::on_field_impl(beast::field field, boost::beast::string_view name,
                                   boost::beast::string_view value, Code& error) {
  header_bytes_ += name.size() + value.size() + 32;  // what it costs, not what it says
  if (header_bytes_ > kMaxHeader) {
    error = beast::error::header_limit;
    return;
  }
  if (header_complete_) return;  // a trailer
  if (field == beast::field::transfer_encoding) {
    plainly_chunked_ = plainly_chunked_ && base::equals_ignore_case(view(value), "chunked");
  }
  response_.headers.add(std::string(view(name)), std::string(view(value)));
}

void ResponseParser::on_header_impl(Code& error) {
  header_complete_ = true;
  keep_alive_ = Base::keep_alive();
  if (!plainly_chunked_) error = beast::error::bad_transfer_encoding;
}

std::size_t ResponseParser::on_body_impl(boost::beast::string_view body, Code&) {
  response_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                               Code&) {
  response_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace mayfly::http::detail
