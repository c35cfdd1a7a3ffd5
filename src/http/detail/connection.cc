#include "http/detail/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "base/log.h"
#include "base/spawn.h"
#include "http/detail/address.h"

namespace mayfly::http::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainTimeout = 2s;
constexpr std::size_t kMaxDrain = 16 * 1024 * 1024;
// A body up to this size is copied behind its head: one contiguous buffer is cheaper than two.
constexpr std::size_t kInlineBody = 16 * 1024;
constexpr std::size_t kBulkRead = 256 * 1024;
constexpr std::size_t kKeptOutput = 64 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

struct ReadAwaiter {
  Socket& socket;
  boost::asio::mutable_buffer into;
  Error error{};
  std::size_t count = 0;

  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    socket.async_read_some(into, [this, handle](Error result, std::size_t bytes) {
      error = result;
      count = bytes;
      handle.resume();
    });
  }
  std::size_t await_resume() const noexcept { return error ? 0 : count; }
};

struct WritableAwaiter {
  Socket& socket;
  Error error{};

  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    socket.async_wait(Socket::wait_write, [this, handle](Error result) {
      error = result;
      handle.resume();
    });
  }
  bool await_resume() const noexcept { return !error; }
};

boost::asio::const_buffer bytes_of(std::string_view text) { return {text.data(), text.size()}; }

Response plain(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain");
  response.body = fmt::format("{}\n", text);
  return response;
}

// Counts a handler as under way for as long as its frame lives.
struct Underway {
  explicit Underway(ServerState& state) : server(state) { server.handlers.fetch_add(1); }
  ~Underway() { server.handlers.fetch_sub(1); }
  Underway(const Underway&) = delete;
  Underway& operator=(const Underway&) = delete;
  ServerState& server;
};

}  // namespace

// What the handler of a request that streams holds. It reads until the handler has returned.
class Connection::Incoming final : public IncomingBody {
 public:
  explicit Incoming(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  base::Task<std::optional<std::string>> next() override {
    if (connection_ == nullptr) co_return std::nullopt;
    co_return co_await connection_->read_body();
  }
  bool whole() const override { return connection_ != nullptr && connection_->body_complete_; }
  const Headers& trailers() const override {
    return connection_ != nullptr ? connection_->parser_->trailers() : none_;
  }
  void detach() { connection_.reset(); }

 private:
  std::shared_ptr<Connection> connection_;
  Headers none_;
};

void ReadBuffer::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

boost::asio::mutable_buffer ReadBuffer::prepare(std::size_t least) {
  if (capacity_ < least) resize(least);
  if (end_ == capacity_ && begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) resize(capacity_ * 2);
  return {bytes_.get() + end_, capacity_ - end_};
}

void ReadBuffer::shrink() {
  if (capacity_ > kInitial && end_ - begin_ <= kInitial) resize(kInitial);
}

void ReadBuffer::resize(std::size_t capacity) {
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > begin_) std::memcpy(bytes.get(), bytes_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

Connection::Connection(std::shared_ptr<ServerState> server, Lane& lane,
                       std::shared_ptr<Listener> listener, Socket socket)
    : server_(std::move(server)),
      lane_(lane),
      listener_(std::move(listener)),
      socket_(std::move(socket)),
      peer_(peer_address(socket_.native_handle())),
      local_(local_address(socket_.native_handle())) {
  server_->alive.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() {
  server_->discharge(charged_);
  server_->connection_ended();
}

void Connection::start(Admission admission) {
  lane_.add(shared_from_this());
  base::spawn(run(shared_from_this(), admission));
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  Error ignored;
  socket_.close(ignored);
  lane_.count.fetch_sub(1, std::memory_order_relaxed);
  const auto server = server_;  // remove() may end this
  const auto listener = listener_;
  lane_.remove(*this);
  server->connection_closed(*listener);
}

bool Connection::stopping() const { return server_->stopping || listener_->draining; }

void Connection::close_if_idle() {
  if (waiting_ == Wait::idle || waiting_ == Wait::drain) close();
}

void Connection::expire() {
  deadline_ = std::numeric_limits<std::uint64_t>::max();
  expired_ = true;
  if (waiting_ == Wait::header || waiting_ == Wait::body) {
    socket_.cancel();  // receive() answers 408
  } else {
    close();
  }
}

void Connection::wait_for(Wait what) {
  waiting_ = what;
  const Limits& limits = server_->limits;
  switch (what) {
    case Wait::none:
    case Wait::stream:
      deadline_ = std::numeric_limits<std::uint64_t>::max();
      break;
    case Wait::idle:
      deadline_ = lane_.deadline(limits.idle_timeout);
      break;
    case Wait::header:
      deadline_ = lane_.deadline(limits.header_timeout);
      break;
    case Wait::body:
      deadline_ = lane_.deadline(limits.body_timeout);
      break;
    case Wait::write:
      deadline_ = lane_.deadline(limits.write_timeout);
      break;
    case Wait::drain:
      deadline_ = lane_.deadline(kDrainTimeout);
      break;
  }
}

base::Task<void> Connection::run([[maybe_unused]] std::shared_ptr<Connection> self,
                                 Admission admission) {
  try {
    if (admission == Admission::refuse) {
      refusal_ = {503, "This server has as many connections as it accepts."};
      co_await refuse();
      close();
      co_return;
    }
    while (!closed_) {
      const Received received = co_await receive();
      if (received == Received::refused) co_await refuse();
      if (received != Received::request) break;

      Request request = parser_->take();
      if (parser_->streaming()) parser_->give_back(std::move(request.body));
      request.peer = peer_;
      request.local = local_;
      method_ = request.method;
      version_ = request.version;
      persistence_ = parser_->keep_alive() ? Persistence::keep_alive : Persistence::close;
      std::shared_ptr<Incoming> incoming;
      if (parser_->streaming()) {
        incoming = std::make_shared<Incoming>(shared_from_this());
        request.incoming = incoming;
      }
      Response response = co_await answer(std::move(request));
      co_await resume_on(lane_.loop);
      if (incoming != nullptr) {
        incoming->detach();
        wait_for(Wait::none);
        if (!body_complete_) persistence_ = Persistence::close;
      }
      if (closed_ || !co_await respond(std::move(response))) break;
    }
  } catch (const std::exception& error) {
    base::log_error("connection from {} ended: {}", peer_, error.what());
  }
  co_await resume_on(lane_.loop);
  close();
}

// Reads until one request is whole. What was read beyond it stays in the buffer for the next call:
// requests are taken one at a time, so a peer that pipelines is held back by its own answers.
base::Task<Connection::Received> Connection::receive() {
  parser_.emplace(ParserLimits{.request_line = server_->limits.request_line,
                               .header_bytes = server_->limits.header_bytes,
                               .body_bytes = server_->limits.body_bytes,
                               .streams = &listener_->streams});
  body_complete_ = false;
  if (!account()) {
    refusal_ = {503, "This server has no memory left for the request."};
    co_return Received::refused;
  }
  wait_for(Wait::idle);
  for (;;) {
    if (!buffer_.empty()) {
      const bool header_was_complete = parser_->header_complete();
      const auto step = parser_->feed(buffer_.view());
      buffer_.consume(step.consumed);
      if (step.status == RequestParser::Status::complete) {
        body_complete_ = true;
        wait_for(Wait::none);
        co_return Received::request;
      }
      refusal_ = parser_->refusal();
      if (step.status == RequestParser::Status::refused) co_return Received::refused;
      if (!account()) {
        refusal_ = {503, "This server has no memory left for the request."};
        co_return Received::refused;
      }
      if (!header_was_complete && parser_->header_complete()) {
        if (parser_->wants_continue() && buffer_.empty()) {
          if (!co_await write({bytes_of(kContinue)})) co_return Received::closed;
        }
        wait_for(parser_->streaming() ? Wait::stream : Wait::body);
        if (parser_->streaming()) co_return Received::request;
      } else if (waiting_ == Wait::idle && parser_->started()) {
        wait_for(Wait::header);
      }
    }
    if (waiting_ == Wait::idle && stopping()) co_return Received::closed;
    if (co_await read_some()) continue;
    if (closed_) co_return Received::closed;
    if (expired_) {
      refusal_ = {408, waiting_ == Wait::header ? "The request's headers took too long."
                                                : "The request's body took too long."};
      co_return Received::refused;
    }
    if (!peer_done_ || !parser_->started()) co_return Received::closed;
    refusal_ = {400, "The request ends before it is complete."};
    co_return Received::refused;
  }
}

base::Task<std::optional<std::string>> Connection::read_body() {
  co_await resume_on(lane_.loop);
  while (!closed_) {
    std::string piece = parser_->take_body();
    if (!piece.empty()) co_return piece;
    if (body_complete_) break;
    if (!buffer_.empty()) {
      const auto step = parser_->feed(buffer_.view());
      buffer_.consume(step.consumed);
      if (step.status == RequestParser::Status::refused) break;
      body_complete_ = step.status == RequestParser::Status::complete;
      piece = parser_->take_body();
      if (!piece.empty()) co_return piece;
      if (body_complete_ || !account()) break;
    }
    if (!co_await read_some()) break;
  }
  co_return std::nullopt;
}

// False where all requests together hold too much. What a connection needs at rest is not counted.
bool Connection::account() {
  if (buffer_.empty()) buffer_.shrink();
  const std::size_t extra = buffer_.capacity() - std::min(buffer_.capacity(), ReadBuffer::kInitial);
  const std::size_t body = parser_->body_capacity();
  const std::size_t total = extra + (body > ReadBuffer::kInitial ? body : 0);
  if (total < charged_) {
    server_->discharge(charged_ - total);
  } else if (total > charged_ && !server_->charge(total - charged_)) {
    return false;
  }
  charged_ = total;
  return true;
}

base::Task<bool> Connection::read_some() {
  const auto room = buffer_.prepare(bulk_ ? kBulkRead : ReadBuffer::kInitial);
  const std::size_t count = co_await ReadAwaiter{socket_, room};
  buffer_.commit(count);
  // A large body is read in larger pieces, a small request in none larger than it needs.
  bulk_ = (waiting_ == Wait::body || waiting_ == Wait::stream) && count == room.size();
  if (closed_ || expired_) co_return false;
  // Nothing read and nothing closed it: the peer has ended its side, or the connection is broken;
  // either way no more comes.
  if (count == 0) peer_done_ = true;
  co_return count > 0;
}

base::Task<Response> Connection::answer(Request request) {
  const Underway underway(*server_);
  if (listener_->closed) co_return plain(503, "This endpoint is gone.");
  try {
    co_return co_await listener_->handler(std::move(request));
  } catch (const std::exception& error) {
    base::log_error("a handler on {} failed: {}", local_, error.what());
  } catch (...) {
    base::log_error("a handler on {} failed", local_);
  }
  co_return plain(500, "Internal Server Error");
}

// True where the connection can take another request.
base::Task<bool> Connection::respond(Response response) {
  if (stopping()) persistence_ = Persistence::close;
  ResponsePlan plan = plan_response(response, method_, version_, persistence_);
  out_.clear();
  if (!append_head(out_, response, plan, version_, lane_.date())) {
    base::log_error("a handler on {} answered with a status or header that cannot be sent", local_);
    response = plain(500, "Internal Server Error");
    plan = plan_response(response, method_, version_, persistence_);
    if (!append_head(out_, response, plan, version_, lane_.date())) co_return false;
  }
  const bool streams = response.stream != nullptr && plan.body_allowed;
  std::string_view body;
  if (plan.body_allowed) body = response.body;
  bool sent = false;
  if (streams && plan.framing == Framing::chunked && !body.empty()) {
    out_ += fmt::format("{:x}\r\n", body.size());
    sent = co_await write({bytes_of(out_), bytes_of(body), bytes_of("\r\n")});
  } else if (body.size() <= kInlineBody) {
    out_ += body;
    sent = co_await write({bytes_of(out_)});
  } else {
    sent = co_await write({bytes_of(out_), bytes_of(body)});
  }
  if (sent && streams) sent = co_await send_stream(std::move(response.stream), plan.framing);
  if (out_.capacity() > kKeptOutput) std::string().swap(out_);
  if (!sent || closed_) co_return false;
  if (plan.persistence == Persistence::keep_alive) co_return true;
  // Bytes that we leave unread would turn the close into a reset, which may overtake the answer.
  if (!buffer_.empty() || !body_complete_) co_await drain();
  co_return false;
}

base::Task<bool> Connection::send_stream(std::unique_ptr<BodyStream> stream, Framing framing) {
  const Underway underway(*server_);
  std::string frame;
  for (;;) {
    std::optional<std::string> chunk;
    try {
      chunk = co_await stream->next();
    } catch (const std::exception& error) {
      base::log_error("a response body on {} failed: {}", local_, error.what());
      chunk = std::nullopt;
      framing = Framing::none;
    }
    co_await resume_on(lane_.loop);
    if (closed_ || framing == Framing::none) co_return false;
    if (!chunk) break;
    if (chunk->empty()) continue;  // an empty chunk would end the body
    bool sent = false;
    if (framing == Framing::chunked) {
      frame = fmt::format("{:x}\r\n", chunk->size());
      sent = co_await write({bytes_of(frame), bytes_of(*chunk), bytes_of("\r\n")});
    } else {
      sent = co_await write({bytes_of(*chunk)});
    }
    if (!sent) co_return false;
  }
  if (framing == Framing::chunked) co_return co_await write({bytes_of("0\r\n\r\n")});
  co_return true;
}

// Answers refusal_ and closes.
base::Task<void> Connection::refuse() {
  expired_ = false;
  const Response response = plain(refusal_.status, refusal_.reason);
  const ResponsePlan plan{.persistence = Persistence::close};
  out_.clear();
  if (!append_head(out_, response, plan, 11, lane_.date())) co_return;
  out_ += response.body;
  if (co_await write({bytes_of(out_)})) co_await drain();
}

// Ends our side and reads what the peer still sends, for a while, so that it gets to read the
// answer.
base::Task<void> Connection::drain() {
  Error ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  if (stopping() || peer_done_) co_return;
  wait_for(Wait::drain);
  for (std::size_t total = 0; total < kMaxDrain;) {
    buffer_.consume(buffer_.view().size());
    if (!co_await read_some()) break;
    total += buffer_.view().size();
  }
}

base::Task<bool> Connection::write(std::array<boost::asio::const_buffer, 3> parts) {
  const Wait before = waiting_;
  for (;;) {
    Error error;
    const bool one = parts[1].size() + parts[2].size() == 0;
    std::size_t sent = one ? socket_.write_some(parts[0], error) : socket_.write_some(parts, error);
    for (auto& part : parts) {
      const std::size_t taken = std::min(sent, part.size());
      part += taken;
      sent -= taken;
    }
    if (parts[0].size() + parts[1].size() + parts[2].size() == 0) break;
    if (!error) continue;
    if (error != boost::asio::error::would_block) co_return false;
    wait_for(Wait::write);
    if (!co_await WritableAwaiter{socket_} || closed_) co_return false;
  }
  wait_for(before == Wait::write ? Wait::none : before);
  co_return true;
}

}  // namespace mayfly::http::detail
