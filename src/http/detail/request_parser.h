// RequestParser: bytes to one Request. No sockets, no time: the step that the fuzzer feeds.
//
// Beast's parser does the grammar; around it are the rules that it leaves open and that keep two
// parsers from disagreeing about where a request ends (RFC 9112 §6.1, §6.3, §11.2): one
// Content-Length, "chunked" as the only transfer coding, never both, no bare LF, no folded lines,
// one Host. Memory: Request grows with what arrives, never with what is announced beyond kReserve.
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

namespace mayfly::http::detail {

struct ParserLimits {
  std::size_t request_line = 64 * 1024;
  std::size_t header_bytes = 1024 * 1024;
  std::size_t body_bytes = 70 * 1024 * 1024;
  // Whether the body of this request is taken piece by piece (take_body()), without a limit of its
  // own. Null: never.
  const std::function<bool(std::string_view method, std::string_view target)>* streams = nullptr;
};

class RequestParser final : private boost::beast::http::basic_parser<true> {
  using Base = boost::beast::http::basic_parser<true>;

 public:
  static constexpr std::size_t kMaxFields = 1'000;
  static constexpr std::size_t kReserve = 1024 * 1024;
  // A chunk header or the trailer has to fit in this many bytes.
  static constexpr std::size_t kMaxChunkHeader = 16 * 1024;
  // Of a request that streams: its trailer carries an error with its stack trace.
  static constexpr std::size_t kMaxStreamTrailer = 1024 * 1024;

  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser() override = default;

  enum class Status {
    need_more,  // give the bytes that were not consumed again, with more behind them
    complete,   // take() the request; what was not consumed is the next one's
    refused,    // refusal() says why; nothing more can be read from this peer
  };
  struct Step {
    Status status;
    std::size_t consumed;
  };
  Step feed(std::string_view bytes);

  struct Refusal {
    int status = 400;
    std::string reason;
  };
  const Refusal& refusal() const { return refusal_; }

  bool started() const { return scanned_ > 0; }
  bool header_complete() const { return header_complete_; }
  bool wants_continue() const {
    return wants_continue_;
  }  // "Expect: 100-continue", and a body follows
  bool keep_alive() const { return keep_alive_; }
  std::size_t body_capacity() const { return request_.body.capacity(); }
  Request take() { return std::move(request_); }

  // Of a request that streams: take() gives what is known when the header is complete, take_body()
  // the bytes that came since, and give_back() those that came with the header.
  bool streaming() const { return streaming_; }
  void give_back(std::string body) { request_.body = std::move(body); }
  std::string take_body() { return std::exchange(request_.body, {}); }
  const Headers& trailers() const { return trailers_; }

 private:
  using Code = boost::system::error_code;

  Step refuse(int status, std::string_view reason);
  Step refuse(Code error);
  Status scan_header(std::string_view bytes);
  Status parse_header(std::string_view header);
  Status check_header();
  Status check_target();

  void on_request_impl(boost::beast::http::verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version, Code&) override;
  void on_response_impl(int, boost::beast::string_view, int, Code&) override {}
  void on_field_impl(boost::beast::http::field, boost::beast::string_view name,
                     boost::beast::string_view value, Code&) override;
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override;
  std::size_t on_body_impl(boost::beast::string_view body, Code&) override;
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view extensions, Code&) override;
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, Code&) override;
  void on_finish_impl(Code&) override {}

  ParserLimits limits_;
  Request request_;
  Headers trailers_;
  Refusal refusal_;
  std::size_t scanned_ = 0;     // bytes of the header that were looked at
  std::size_t line_start_ = 0;  // where the line under scan begins
  std::size_t lines_ = 0;       // complete lines, the request line included
  std::size_t request_line_size_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
  int transfer_codings_ = 0;
  bool plainly_chunked_ = true;  // every transfer coding seen is exactly "chunked"
  bool header_complete_ = false;
  bool streaming_ = false;
  bool wants_continue_ = false;
  bool keep_alive_ = false;
};

}  // namespace mayfly::http::detail
