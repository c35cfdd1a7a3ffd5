// ResponseParser: bytes to one Response. No sockets, no time. The peer may be hostile (an HTTP
// integration's target).
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.h"

namespace mayfly::http::detail {

class ResponseParser final : private boost::beast::http::basic_parser<false> {
  using Base = boost::beast::http::basic_parser<false>;

 public:
  static constexpr std::size_t kMaxHeader = 256 * 1024;

  enum class Body { expected, none };  // none: the answer to a HEAD
  ResponseParser(std::size_t body_bytes, Body body);
  ~ResponseParser() override = default;

  enum class Status { need_more, complete, failed };
  struct Step {
    Status status;
    std::size_t consumed;
  };
  Step feed(std::string_view bytes);
  Status end_of_input();  // the peer has closed: complete where the body runs until then

  const std::string& failure() const { return failure_; }
  bool started() const { return got_some(); }
  bool keep_alive() const { return keep_alive_; }
  Response take() { return std::move(response_); }

 private:
  using Code = boost::system::error_code;

  Status fail(Code error);

  void on_request_impl(boost::beast::http::verb, boost::beast::string_view,
                       boost::beast::string_view, int, Code&) override {}
  void on_response_impl(int code, boost::beast::string_view, int, Code&) override {
    response_.status = code;
  }
  void on_field_impl(boost::beast::http::field, boost::beast::string_view name,
                     boost::beast::string_view value, Code&) override;
  void on_header_impl(Code&) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(boost::beast::string_view body, Code&) override;
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, Code&) override;
  void on_finish_impl(Code&) override {}

  Response response_;
  std::string failure_;
  std::size_t header_bytes_ = 0;
  std::size_t body_limit_;
  bool plainly_chunked_ = true;
  bool header_complete_ = false;
  bool keep_alive_ = false;
};

}  // namespace mayfly::http::detail
