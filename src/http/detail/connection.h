// Connection: one accepted socket and the coroutine that serves it: receive, handler, respond,
// again.
//
// Ownership: the lane holds it until it is closed, its own coroutine until that ends; the second
// may be later, where a handler is still under way when the peer, a deadline or stop() closes the
// socket. Its answer is then dropped. Threads: everything runs on its lane's loop, the handler's
// own excursions apart.
#pragma once

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "http/detail/asio.h"
#include "http/detail/request_parser.h"
#include "http/detail/response_head.h"
#include "http/detail/server_state.h"

namespace mayfly::http::detail {

// Bytes received and not parsed yet: [begin, end) of one block that grows up to what its reader
// asks for.
class ReadBuffer {
 public:
  static constexpr std::size_t kInitial = 8 * 1024;

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }
  void consume(std::size_t count);
  void commit(std::size_t count) { end_ += count; }
  // Room to read into; grows where the block is full, and at once to `least`.
  boost::asio::mutable_buffer prepare(std::size_t least);
  void shrink();  // gives back what a large request needed

 private:
  void resize(std::size_t capacity);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

enum class Admission { serve, refuse };

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerState> server, Lane& lane, std::shared_ptr<Listener> listener,
             Socket socket);
  ~Connection();

  // Refuse: answers 503 to whatever comes and closes.
  void start(Admission admission);
  void close();
  // Closes it where it waits for a request of which nothing has come, or has been answered for
  // good.
  void close_if_idle();
  bool stopping() const;
  void expire();
  std::uint64_t deadline() const { return deadline_; }
  const Listener& listener() const { return *listener_; }

 private:
  class Incoming;
  enum class Received { request, refused, closed };
  enum class Wait { none, idle, header, body, stream, write, drain };

  base::Task<void> run(std::shared_ptr<Connection> self, Admission admission);
  base::Task<Received> receive();
  base::Task<std::optional<std::string>> read_body();
  base::Task<Response> answer(Request request);
  base::Task<bool> respond(Response response);
  base::Task<bool> send_stream(std::unique_ptr<BodyStream> stream, Framing framing);
  base::Task<void> refuse();
  base::Task<void> drain();
  base::Task<bool> read_some();
  base::Task<bool> write(std::array<boost::asio::const_buffer, 3> parts);

  bool account();
  void wait_for(Wait what);

  std::shared_ptr<ServerState> server_;
  Lane& lane_;
  std::shared_ptr<Listener> listener_;
  Socket socket_;
  std::string peer_;
  std::string local_;

  ReadBuffer buffer_;
  std::optional<RequestParser> parser_;
  RequestParser::Refusal refusal_;
  std::string out_;
  std::string method_;  // of the request being answered
  int version_ = 11;
  Persistence persistence_ = Persistence::keep_alive;
  std::size_t charged_ = 0;
  bool body_complete_ = true;  // of the request being answered

  Wait waiting_ = Wait::none;
  std::uint64_t deadline_ = std::numeric_limits<std::uint64_t>::max();
  bool expired_ = false;
  bool bulk_ = false;       // the last read of this body filled the buffer
  bool peer_done_ = false;  // it sends nothing more
  bool closed_ = false;
};

}  // namespace mayfly::http::detail
