#include "engine/runtime_api/session.h"

#include <fmt/format.h>

#include <utility>

#include "base/strings.h"
#include "engine/report/failure.h"
#include "engine/runtime_api/replies.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
constexpr std::string_view kErrorWithCause = "application/vnd.aws.lambda.error.cause+json";
constexpr std::string_view kErrorTypeHeader = "Lambda-Runtime-Function-Error-Type";

http::Response bad_transition(std::string_view from, std::string_view to) {
  return refuse(403, "InvalidStateTransition",
                fmt::format("State transition from {} to {} failed for runtime. Error: State "
                            "transition is not allowed",
                            from, to));
}

// What telemetry keeps of an error type: Runtime.Xxx and Function.Xxx as they are, the rest by its
// kind.
std::string kept_error_type(std::string_view type) {
  const auto shaped = [&](std::string_view prefix) {
    return type.size() > prefix.size() && type.starts_with(prefix) && type[prefix.size()] >= 'A' &&
           type[prefix.size()] <= 'Z' &&
           type.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                                  prefix.size()) == std::string_view::npos;
  };
  if (shaped("Runtime.") || shaped("Function.")) return std::string(type);
  return type.starts_with("Function.") ? "Function.Unknown" : "Runtime.Unknown";
}

// The type that the body names, else the header's: the caller sees the body anyway.
std::string without_cause(const std::string& body) {
  auto document = wire::parse_json(body);
  if (!document || document->as_map() == nullptr) return body;
  wire::Document kept = wire::Document::map();
  for (const auto& [name, value] : *document->as_map()) {
    if (name != "errorCause") kept.set(name, value);
  }
  return wire::to_json(kept);
}

Answer error_answer(const http::Request& request) {
  Answer answer;
  answer.is_error = true;
  answer.error_type = error_type_of(request.body);
  if (answer.error_type.empty()) {
    answer.error_type =
        kept_error_type(request.headers.get(kErrorTypeHeader).value_or(std::string_view{}));
  }
  // The cause is X-Ray's; the caller sees the error without it.
  const auto type = request.headers.get("Content-Type");
  answer.payload = type && base::equals_ignore_case(*type, kErrorWithCause)
                       ? without_cause(request.body)
                       : request.body;
  return answer;
}

// What the trailer of a streamed answer says went wrong in its middle, or nullopt.
std::optional<Answer> trailing_error(const http::Headers& trailers) {
  const auto type = trailers.get(kErrorTypeHeader);
  const auto body = trailers.get("Lambda-Runtime-Function-Error-Body");
  if (!type && !body) return std::nullopt;
  Answer answer;
  answer.is_error = true;
  if (body) answer.payload = base::from_base64(*body).value_or(std::string(*body));
  answer.error_type = error_type_of(answer.payload);
  if (answer.error_type.empty()) answer.error_type = kept_error_type(type.value_or(""));
  if (answer.payload.empty()) answer.payload = error_json(answer.error_type, "");
  return answer;
}

// "invocation/{id}/{what}" -> id and what.
struct InvocationCall {
  std::string id;
  std::string_view what;
};
std::optional<InvocationCall> invocation_call(std::string_view call) {
  const std::vector<std::string_view> parts = base::split(call, '/');
  if (parts.size() != 3 || parts[0] != "invocation" ||
      (parts[2] != "response" && parts[2] != "error")) {
    return std::nullopt;
  }
  return InvocationCall{base::percent_decode(parts[1]).value_or(std::string{}), parts[2]};
}

}  // namespace

bool RuntimeApiSession::streams(std::string_view method, std::string_view target) {
  return method == "POST" && target.starts_with(kPrefix) && target.ends_with("/response");
}

std::string_view RuntimeApiSession::name(State state) {
  switch (state) {
    case State::starting:
      return "Started";
    case State::ready:
      return "Ready";
    case State::invoked:
      return "Running";
    case State::answering:
      return "InvocationResponse";
    case State::answered:
      return "ResponseSent";
    case State::failed:
      return "InitError";
    case State::closed:
      return "Closed";
  }
  return {};
}

http::Handler RuntimeApiSession::handler() {
  return [self = shared_from_this()](http::Request request) {
    return self->handle(std::move(request));
  };
}

base::Task<http::Response> RuntimeApiSession::handle(http::Request request) {
  const auto self = shared_from_this();
  const std::string_view path = request.raw_path();
  if (!path.starts_with(kPrefix)) {
    co_return refuse(404, "NotFound", "404 page not found");
  }
  const std::string_view call = path.substr(kPrefix.size());
  if (call == "invocation/next") {
    if (request.method != "GET") co_return refuse(405, "MethodNotAllowed", "Method not allowed");
    co_return co_await next();
  }
  const bool post = request.method == "POST";
  if (call == "init/error") {
    if (!post) co_return refuse(405, "MethodNotAllowed", "Method not allowed");
    co_return init_error(request);
  }
  if ((call == "restore/next" && !post) || (call == "restore/error" && post)) {
    // SnapStart's. A runtime that speaks this API is started anew for each environment.
    const std::lock_guard lock(mutex_);
    co_return bad_transition(name(state_),
                             call == "restore/next" ? "RestoreReady" : "RestoreError");
  }
  if (auto invocation = invocation_call(call)) {
    if (!post) co_return refuse(405, "MethodNotAllowed", "Method not allowed");
    if (invocation->what == "error") co_return error(invocation->id, request);
    co_return co_await respond(std::move(invocation->id), std::move(request));
  }
  co_return refuse(404, "NotFound", "404 page not found");
}

base::Task<http::Response> RuntimeApiSession::next() {
  std::optional<base::OneShot<std::optional<Delivery>>> wait;
  std::optional<Delivery> delivery;
  {
    std::lock_guard lock(mutex_);
    switch (state_) {
      case State::closed:
      case State::failed:
      case State::invoked:
      case State::answering:
        co_return bad_transition(name(state_), "Ready");
      case State::starting:
      case State::ready:
      case State::answered:
        break;
    }
    if (delivery_) {
      delivery = std::exchange(delivery_, std::nullopt);
      state_ = State::invoked;
    } else {
      state_ = State::ready;
      // A runtime that asks again (its connection broke) is served on the newer call.
      if (waiting_) waiting_->set(std::nullopt);
      wait.emplace();
      waiting_ = wait;
    }
    if (!std::exchange(told_ready_, true)) tell([](Listener& listener) { listener.api_ready(); });
  }
  if (wait) delivery = co_await wait->wait();
  if (!delivery) co_return bad_transition("Ready", "Ready");

  http::Response response;
  response.headers.add("Content-Type", "application/json");
  const auto header = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) response.headers.add(fmt::format("Lambda-Runtime-{}", key), value);
  };
  header("Aws-Request-Id", delivery->event.request_id);
  header("Deadline-Ms", std::to_string(delivery->deadline_ms));
  header("Invoked-Function-Arn", delivery->event.invoked_function_arn);
  header("Trace-Id", delivery->event.trace_header);
  header("Client-Context", delivery->event.client_context);
  header("Cognito-Identity", delivery->event.cognito_identity);
  response.body = std::move(delivery->event.payload);
  co_return response;
}

// Nullopt: the call fits, and the invocation is being answered from now on.
std::optional<http::Response> RuntimeApiSession::take_invocation(std::string_view request_id,
                                                                 std::string_view to) {
  const std::lock_guard lock(mutex_);
  if (request_id.empty() || request_id != request_id_)
    return refuse(400, "InvalidRequestID", "Invalid request ID");
  if (state_ != State::invoked) return bad_transition(name(state_), to);
  state_ = State::answering;
  return std::nullopt;
}

// Unless the environment has ended meanwhile.
void RuntimeApiSession::settle(State state) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::answering) state_ = state;
}

base::Task<http::Response> RuntimeApiSession::respond(std::string request_id,
                                                      http::Request request) {
  const auto mode = request.headers.get("Lambda-Runtime-Function-Response-Mode");
  const bool streams = mode && base::equals_ignore_case(*mode, "streaming");
  if (mode && !mode->empty() && !streams && !base::equals_ignore_case(*mode, "buffered")) {
    co_return refuse(400, "InvalidFunctionResponseMode",
                     fmt::format("Invalid response mode: {}", *mode));
  }
  if (auto refused = take_invocation(request_id, "InvocationResponse"))
    co_return std::move(*refused);
  if (streams) co_return co_await stream(std::move(request));

  Answer answer;
  answer.payload = std::move(request.body);
  answer.content_type = request.headers.get("Content-Type").value_or("");
  while (request.incoming != nullptr && answer.payload.size() <= response_limit_) {
    auto piece = co_await request.incoming->next();
    if (piece) {
      answer.payload += *piece;
    } else if (request.incoming->whole()) {
      break;
    } else {
      settle(State::invoked);
      co_return refuse(400, "TruncatedHTTPRequest", "The HTTP request ended before its end");
    }
  }
  const bool too_large = answer.payload.size() > response_limit_;
  settle(State::answered);
  tell([answer = std::move(answer)](Listener& listener) mutable {
    listener.api_answered(std::move(answer));
  });
  if (too_large) {
    co_return refuse(
        413, "RequestEntityTooLarge",
        fmt::format("Exceeded maximum allowed payload size ({} bytes).", response_limit_));
  }
  co_return accepted();
}

base::Task<http::Response> RuntimeApiSession::stream(http::Request request) {
  std::string type(request.headers.get("Content-Type").value_or(""));
  tell([type = std::move(type)](Listener& listener) mutable {
    listener.api_stream_begins(std::move(type));
  });
  bool going = request.body.empty() || co_await pass_on(std::move(request.body));
  while (going && request.incoming != nullptr) {
    auto piece = co_await request.incoming->next();
    if (!piece) break;
    going = co_await pass_on(std::move(*piece));
  }
  if (!going) {
    // The environment has ended its event, or itself, in the middle.
    settle(State::answered);
    co_return refuse(500, "InternalServerError", "The invocation has ended");
  }
  settle(State::answered);
  if (request.incoming != nullptr && !request.incoming->whole()) {
    tell([](Listener& listener) { listener.api_truncated(); });
    co_return refuse(400, "TruncatedHTTPRequest", "The HTTP request ended before its end");
  }
  std::optional<Answer> failure;
  if (request.incoming != nullptr) failure = trailing_error(request.incoming->trailers());
  tell([failure = std::move(failure)](Listener& listener) mutable {
    listener.api_stream_ends(std::move(failure));
  });
  co_return accepted();
}

// One piece of a streamed answer; the next one is read when the environment has taken this one.
// False: nobody wants more.
base::Task<bool> RuntimeApiSession::pass_on(std::string bytes) {
  const base::OneShot<bool> ack;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::answering) co_return false;
    ack_ = ack;
  }
  loop_.post([self = shared_from_this(), bytes = std::move(bytes)]() mutable {
    if (self->listener_ != nullptr) self->listener_->api_stream_chunk(std::move(bytes));
    if (!self->held_) self->acknowledge(true);
  });
  co_return co_await ack.wait();
}

void RuntimeApiSession::acknowledge(bool go) {
  std::optional<base::OneShot<bool>> ack;
  {
    const std::lock_guard lock(mutex_);
    ack = std::exchange(ack_, std::nullopt);
  }
  if (ack) ack->set(go);
}

void RuntimeApiSession::set_flow(Guest::Flow flow) {
  held_ = flow == Guest::Flow::hold;
  if (!held_) acknowledge(true);
}

http::Response RuntimeApiSession::error(std::string_view request_id, const http::Request& request) {
  if (auto refused = take_invocation(request_id, "InvocationErrorResponse"))
    return std::move(*refused);
  settle(State::answered);
  tell([answer = error_answer(request)](Listener& listener) mutable {
    listener.api_answered(std::move(answer));
  });
  return accepted();
}

http::Response RuntimeApiSession::init_error(const http::Request& request) {
  {
    std::lock_guard lock(mutex_);
    if (state_ != State::starting) return bad_transition(name(state_), "InitError");
    state_ = State::failed;
  }
  Answer answer = error_answer(request);
  tell([answer = std::move(answer)](Listener& listener) mutable {
    listener.api_init_failed(std::move(answer));
  });
  return accepted();
}

template <class Call>
void RuntimeApiSession::tell(Call call) {
  loop_.post([self = shared_from_this(), call = std::move(call)]() mutable {
    if (self->listener_ != nullptr) call(*self->listener_);
  });
}

void RuntimeApiSession::attach(Listener* listener) { listener_ = listener; }

void RuntimeApiSession::invoke(const Event& event, std::int64_t deadline_ms) {
  Delivery delivery{event, deadline_ms};
  std::optional<base::OneShot<std::optional<Delivery>>> waiting;
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::closed) return;
    request_id_ = event.request_id;
    if (!waiting_) {  // it has answered and not asked again yet
      delivery_ = std::move(delivery);
      return;
    }
    waiting = std::exchange(waiting_, std::nullopt);
    state_ = State::invoked;
  }
  waiting->set(std::move(delivery));
}

void RuntimeApiSession::close() {
  listener_ = nullptr;
  std::optional<base::OneShot<std::optional<Delivery>>> waiting;
  {
    std::lock_guard lock(mutex_);
    state_ = State::closed;
    waiting = std::exchange(waiting_, std::nullopt);
  }
  if (waiting) waiting->set(std::nullopt);
  acknowledge(false);
}

RuntimeApiGuest::RuntimeApiGuest(std::shared_ptr<RuntimeApiSession> session, Guest::Events& events)
    : session_(std::move(session)), events_(events) {
  session_->attach(this);
}

RuntimeApiGuest::~RuntimeApiGuest() { session_->close(); }

void RuntimeApiGuest::invoke(const Event& event, std::int64_t deadline_ms) {
  session_->invoke(event, deadline_ms);
}

void RuntimeApiGuest::api_ready() {
  events_.guest_ready(Readiness{false, "a custom runtime is started anew for each environment"});
}

void RuntimeApiGuest::api_init_failed(Answer error) { events_.guest_init_failed(std::move(error)); }

void RuntimeApiGuest::api_answered(Answer answer) { events_.guest_answered(std::move(answer)); }

void RuntimeApiGuest::api_stream_begins(std::string content_type) {
  events_.guest_stream_begins(std::move(content_type));
}

void RuntimeApiGuest::api_stream_chunk(std::string bytes) {
  events_.guest_stream_chunk(std::move(bytes));
}

void RuntimeApiGuest::api_stream_ends(std::optional<Answer> error) {
  events_.guest_stream_ends(std::move(error));
}

void RuntimeApiGuest::api_truncated() { events_.guest_lost(Guest::Events::Loss::truncated); }

}  // namespace mayfly::engine
