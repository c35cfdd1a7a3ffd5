// Session: the HTTP Runtime API of one environment, /2018-06-01/runtime/... (facts/wire.md 1.1), as
// custom runtimes and the official runtime clients use it.
//
// Two sides. The HTTP side (handle()) runs on any of the server's threads. The engine's side is a
// Guest and runs on the environment's loop. Between them is one small state machine under a lock:
// starting -> (next) -> ready -> invoked -> (response | error) -> answering -> answered -> (next)
// -> ready ... A call that does not fit the state is answered 403 InvalidStateTransition, one that
// names another request 400 InvalidRequestID, as Lambda does.
//
// Ownership: shared by the guest and by every request under way; after close() each request is
// answered and none waits.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/one_shot.h"
#include "engine/guest/guest.h"
#include "http/io.h"
#include "http/message.h"

namespace mayfly::engine {

class RuntimeApiSession : public std::enable_shared_from_this<RuntimeApiSession> {
 public:
  // What the session tells the environment, always by a task on its loop.
  class Listener {
   public:
    virtual void api_ready() = 0;
    virtual void api_init_failed(Answer error) = 0;
    virtual void api_answered(Answer answer) = 0;
    virtual void api_stream_begins(std::string content_type) = 0;
    virtual void api_stream_chunk(std::string bytes) = 0;
    virtual void api_stream_ends(std::optional<Answer> error) = 0;
    virtual void api_truncated() = 0;

   protected:
    ~Listener() = default;
  };

  RuntimeApiSession(http::Loop& loop, std::size_t response_limit)
      : loop_(loop), response_limit_(response_limit) {}

  // For add_listener(): responses are read while they arrive.
  http::Handler handler();
  static bool streams(std::string_view method, std::string_view target);
  base::Task<http::Response> handle(http::Request request);

  // The engine's side, on the loop.
  void attach(Listener* listener);
  void invoke(const Event& event, std::int64_t deadline_ms);
  void set_flow(Guest::Flow flow);
  void close();

 private:
  enum class State { starting, ready, invoked, answering, answered, failed, closed };
  struct Delivery {
    Event event;
    std::int64_t deadline_ms = 0;
  };

  base::Task<http::Response> next();
  std::optional<http::Response> take_invocation(std::string_view request_id, std::string_view to);
  base::Task<http::Response> respond(std::string request_id, http::Request request);
  base::Task<http::Response> stream(http::Request request);
  base::Task<bool> pass_on(std::string bytes);
  http::Response error(std::string_view request_id, const http::Request& request);
  http::Response init_error(const http::Request& request);
  void settle(State state);
  void acknowledge(bool go);
  template <class Call>
  void tell(Call call);
  static std::string_view name(State state);

  http::Loop& loop_;
  const std::size_t response_limit_;
  Listener* listener_ = nullptr;  // touched on the loop only
  bool held_ = false;             // likewise

  std::mutex mutex_;
  State state_ = State::starting;
  bool told_ready_ = false;
  std::string request_id_;
  std::optional<Delivery> delivery_;  // an event that nobody has asked for yet
  std::optional<base::OneShot<std::optional<Delivery>>>
      waiting_;                             // a next call that has no event yet
  std::optional<base::OneShot<bool>> ack_;  // a streamed chunk that was not taken yet
};

// The Guest on top of a session.
class RuntimeApiGuest final : public Guest, private RuntimeApiSession::Listener {
 public:
  RuntimeApiGuest(std::shared_ptr<RuntimeApiSession> session, Guest::Events& events);
  ~RuntimeApiGuest() override;
  void set_variables(const std::map<std::string, std::string>&) override {
  }  // it has them from its start
  void invoke(const Event& event, std::int64_t deadline_ms) override;
  void set_flow(Flow flow) override { session_->set_flow(flow); }
  void process_ended() override {}

 private:
  void api_ready() override;
  void api_init_failed(Answer error) override;
  void api_answered(Answer answer) override;
  void api_stream_begins(std::string content_type) override;
  void api_stream_chunk(std::string bytes) override;
  void api_stream_ends(std::optional<Answer> error) override;
  void api_truncated() override;

  std::shared_ptr<RuntimeApiSession> session_;
  Guest::Events& events_;
};

}  // namespace mayfly::engine
