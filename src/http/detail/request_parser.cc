#include "http/detail/request_parser.h"

#include <boost/beast/http/error.hpp>

#include <algorithm>

#include "base/strings.h"
#include "http/detail/syntax.h"

namespace mayfly::http::detail {
namespace {

namespace beast = boost::beast::http;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// "GET / HTTP/2.0": well-formed, but of another version.
bool names_a_version(std::string_view line) {
  if (line.size() < 9) return false;
  const std::string_view last = line.substr(line.size() - 9);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return last.starts_with(" HTTP/") && digit(last[6]) && last[7] == '.' && digit(last[8]);
}

std::string_view explain(boost::system::error_code error) {
  if (error == beast::error::bad_method) return "The request method is malformed.";
  if (error == beast::error::bad_target) return "The request target is malformed.";
  if (error == beast::error::bad_field) return "A header name is malformed.";
  if (error == beast::error::bad_value) return "A header value is malformed.";
  if (error == beast::error::bad_version) return "The HTTP version is malformed.";
  if (error == beast::error::bad_content_length) return "Content-Length is malformed.";
  if (error == beast::error::multiple_content_length) return "Content-Length is given twice.";
  if (error == beast::error::bad_transfer_encoding)
    return "Transfer-Encoding contradicts Content-Length.";
  if (error == beast::error::bad_chunk || error == beast::error::bad_chunk_extension) {
    return "The chunked body is malformed.";
  }
  return "The request is malformed.";
}

}  // namespace

RequestParser::RequestParser(const ParserLimits& limits) : limits_(limits) {
  eager(true);
  body_limit(limits.body_bytes);
  // scan_header() has bounded the header before Beast sees it.
  header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(limits.request_line + limits.header_bytes + 1024, UINT32_MAX)));
}

RequestParser::Step RequestParser::refuse(int status, std::string_view reason) {
  refusal_.status = status;
  refusal_.reason = reason;
  return {Status::refused, 0};
}

RequestParser::Step RequestParser::refuse(Code error) {
  if (error == beast::error::body_limit) {
    return refuse(413, "The request body is larger than this server accepts.");
  }
  if (error == beast::error::header_limit) {
    return refuse(431, "The request headers are larger than this server accepts.");
  }
  return refuse(400, explain(error));
}

RequestParser::Step RequestParser::feed(std::string_view bytes) {
  if (refusal_.reason.size() > 0) return {Status::refused, 0};
  std::size_t consumed = 0;
  if (!header_complete_) {
    // RFC 9112 §2.2: empty lines before the request line are ignored.
    while (scanned_ == 0 && bytes.substr(consumed).starts_with("\r\n")) consumed += 2;
    const Status status = scan_header(bytes.substr(consumed));
    if (status != Status::complete) return {status, consumed};
    const std::string_view header = bytes.substr(consumed, scanned_);
    const Status parsed = parse_header(header);
    consumed += header.size();
    if (parsed != Status::need_more) return {parsed, consumed};
  }
  const std::string_view body = bytes.substr(consumed);
  if (body.empty()) return {Status::need_more, consumed};
  // Beast takes for granted that a last chunk ("0") of which it has seen a part comes back with
  // five bytes. No chunked body ends with fewer to come, so waiting for them holds nothing up.
  if (chunked() && body.size() < 5 && body[0] == '0') return {Status::need_more, consumed};

  Code error;
  const std::size_t used = put(boost::asio::const_buffer(body.data(), body.size()), error);
  consumed += used;
  if (error && error != beast::error::need_more) return refuse(error);
  if (is_done()) {
    wants_continue_ = false;
    return {Status::complete, consumed};
  }
  if (body.size() - used > (streaming_ ? kMaxStreamTrailer : kMaxChunkHeader))
    return refuse(400, "A chunk header is too long.");
  return {Status::need_more, consumed};
}

// Finds the empty line that ends the header, looking at each byte once over all calls. The header
// is given to Beast only when it is whole: its parser bounds what one call sees, not what many add
// up to.
RequestParser::Status RequestParser::scan_header(std::string_view bytes) {
  if (bytes == "\r") return Status::need_more;  // perhaps half of an empty line
  if (!bytes.empty() && !is_token_char(bytes[0])) {
    return refuse(400, "This is not an HTTP request.").status;
  }
  for (;;) {
    const std::size_t end = bytes.find('\n', scanned_);
    const std::size_t seen = end == std::string_view::npos ? bytes.size() : end + 1;
    if (lines_ == 0 && seen > limits_.request_line) {
      return refuse(414, "The request line is longer than this server accepts.").status;
    }
    if (seen - request_line_size_ > limits_.header_bytes && lines_ > 0) {
      return refuse(431, "The request headers are larger than this server accepts.").status;
    }
    scanned_ = seen;
    if (end == std::string_view::npos) return Status::need_more;
    if (end == line_start_ || bytes[end - 1] != '\r') {
      return refuse(400, "A line ends without a carriage return.").status;
    }
    const std::string_view line = bytes.substr(line_start_, end - 1 - line_start_);
    line_start_ = end + 1;
    if (lines_ == 0) {
      request_line_size_ = end + 1;
      if (names_a_version(line) && !line.ends_with("HTTP/1.1") && !line.ends_with("HTTP/1.0")) {
        return refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.").status;
      }
    } else if (line.empty()) {
      return Status::complete;
    } else if (line[0] == ' ' || line[0] == '\t') {
      return refuse(400, "A header line is folded.").status;
    }
    if (++lines_ > kMaxFields + 1) {
      return refuse(431, "The request has more headers than this server accepts.").status;
    }
  }
}

RequestParser::Status RequestParser::parse_header(std::string_view header) {
  request_.headers.reserve(lines_);
  Code error;
  const std::size_t used = put(boost::asio::const_buffer(header.data(), header.size()), error);
  if (error) return refuse(error).status;
  // Beast and scan_header() must agree where the header ends.
  if (used != header.size()) return refuse(400, "The request header is malformed.").status;
  header_complete_ = true;
  keep_alive_ = Base::keep_alive();
  if (check_header() == Status::refused) return Status::refused;
  if (is_done()) {
    wants_continue_ = false;
    return Status::complete;
  }
  return Status::need_more;
}

RequestParser::Status RequestParser::check_header() {
  if (transfer_codings_ > 0) {
    if (!plainly_chunked_) {
      return refuse(501, "The only Transfer-Encoding that this server knows is chunked.").status;
    }
    if (request_.version < 11) {
      return refuse(400, "Transfer-Encoding is not part of HTTP/1.0.").status;
    }
    if (transfer_codings_ > 1 || lengths_ > 0) {
      return refuse(400, "Transfer-Encoding contradicts Content-Length.").status;
    }
  }
  if (lengths_ > 1) return refuse(400, "Content-Length is given twice.").status;
  if (hosts_ > 1) return refuse(400, "Host is given twice.").status;
  if (hosts_ == 0 && request_.version >= 11) return refuse(400, "Host is missing.").status;
  if (request_.method == "CONNECT") return refuse(501, "CONNECT is not supported.").status;
  if (const auto expect = request_.headers.get("Expect"); expect && request_.version >= 11) {
    if (!base::equals_ignore_case(*expect, "100-continue")) {
      return refuse(417, "The only expectation that this server knows is 100-continue.").status;
    }
    wants_continue_ = true;
  }
  return check_target();
}

// RFC 9112 §3.2: a path, "*", or an absolute URL, whose authority then stands for Host.
RequestParser::Status RequestParser::check_target() {
  std::string& target = request_.target;
  if (target.starts_with('/') || target == "*") return Status::complete;
  const std::size_t scheme = target.find("://");
  const std::string name =
      base::to_lower(std::string_view(target).substr(0, std::min<std::size_t>(scheme, 6)));
  if (name != "http" && name != "https")
    return refuse(400, "The request target is malformed.").status;
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  if (begin == end) return refuse(400, "The request target is malformed.").status;
  request_.headers.set("Host", target.substr(begin, end - begin));
  std::string path = target.substr(end);
  if (!path.starts_with('/')) path.insert(0, "/");
  target = std::move(path);
  return Status::complete;
}

void RequestParser::on_request_impl(beast::verb, boost::beast::string_view method,
                                    boost::beast::string_view target, int version, Code&) {
  request_.method = view(method);
  request_.target = view(target);
  request_.version = version;
  if (limits_.streams != nullptr && *limits_.streams &&
      (*limits_.streams)(request_.method, request_.target)) {
    streaming_ = true;
    body_limit(boost::none);
  }
}

void RequestParser::on_field_impl(beast::field field, boost::beast::string_view name,
                                  boost::beast::string_view value, Code& error) {
  if (header_complete_) {
    // A trailer must not add to what was decided on (RFC 9110 §6.5.1): it is kept apart, or not.
    if (streaming_) trailers_.add(std::string(view(name)), std::string(view(value)));
    return;
  }
  if (field == beast::field::host) ++hosts_;
  if (field == beast::field::content_length) {
    ++lengths_;
    // "5, 5" is legal to accept, but nothing honest sends it.
    if (value.find(',') != boost::beast::string_view::npos)
      error = beast::error::bad_content_length;
  }
  if (field == beast::field::transfer_encoding) {
    ++transfer_codings_;
    plainly_chunked_ = plainly_chunked_ && base::equals_ignore_case(view(value), "chunked");
  }
  request_.headers.add(std::string(view(name)), std::string(view(value)));
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) {
  if (length && !streaming_)
    request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kReserve)));
}

std::size_t RequestParser::on_body_impl(boost::beast::string_view body, Code&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t, boost::beast::string_view extensions,
                                         Code& error) {
  // A bare LF in an extension is a line's end to some proxies.
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; };
  if (std::ranges::any_of(extensions, control)) error = beast::error::bad_chunk_extension;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                              Code&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace mayfly::http::detail
