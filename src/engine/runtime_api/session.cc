#include "engine/runtime_api/session.h"

#include <fmt/format.h>

#include <utility>

#include "base/strings.h"
#include "engine/report/failure.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
constexpr std::string_view kErrorTypeHeader = "Lambda-Runtime-Function-Error-Type";

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

http::Response refuse(int status, std::string_view type, std::string_view message) {
  std::string body = "{\"errorMessage\":";
  wire::write_json_string(message, body);
  body += ",\"errorType\":";
  wire::write_json_string(type, body);
  body += "}\n";
  return json_response(status, std::move(body));
}

http::Response accepted() { return json_response(202, "{\"status\":\"OK\"}\n"); }

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
Answer error_answer(const http::Request& request) {
  Answer answer;
  answer.is_error = true;
  answer.error_type = error_type_of(request.body);
  if (answer.error_type.empty()) {
    answer.error_type =
        kept_error_type(request.headers.get(kErrorTypeHeader).value_or(std::string_view{}));
  }
  answer.payload = request.body;
  return answer;
}

}  // namespace

std::string_view RuntimeApiSession::name(State state) {
  switch (state) {
    case State::starting:
      return "Started";
    case State::ready:
      return "Ready";
    case State::invoked:
      return "Running";
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
    if (path.find("/extension") != std::string_view::npos) {
      co_return refuse(501, "Extension.NotSupported",
                       "The Extensions API is not supported by this version of Mayfly");
    }
    if (path.starts_with("/2022-07-01/telemetry") || path.starts_with("/2020-08-15/logs")) {
      // 202 is how the real service says so where it does not offer it.
      co_return refuse(202, "Telemetry.NotSupported", "Telemetry API is not supported");
    }
    co_return refuse(404, "NotFound", "404 page not found");
  }
  const std::string_view call = path.substr(kPrefix.size());
  if (call == "invocation/next") {
    if (request.method != "GET") co_return refuse(405, "MethodNotAllowed", "Method not allowed");
    co_return co_await next();
  }
  const bool post = request.method == "POST";
  if (call == "init/error" && post) co_return init_error(request);
  const std::vector<std::string_view> parts = base::split(call, '/');
  if (parts.size() == 3 && parts[0] == "invocation" &&
      (parts[2] == "response" || parts[2] == "error")) {
    if (!post) co_return refuse(405, "MethodNotAllowed", "Method not allowed");
    const auto id = base::percent_decode(parts[1]);
    if (!id) co_return refuse(400, "InvalidRequestID", "Invalid request ID");
    co_return answer(*id, request, parts[2] == "error");
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

http::Response RuntimeApiSession::answer(std::string_view request_id, const http::Request& request,
                                         bool is_error) {
  const std::string_view to = is_error ? "InvocationErrorResponse" : "InvocationResponse";
  Answer answer;
  bool too_large = false;
  {
    std::lock_guard lock(mutex_);
    if (state_ != State::invoked) return bad_transition(name(state_), to);
    if (request_id != request_id_) return refuse(400, "InvalidRequestID", "Invalid request ID");
    if (!is_error) {
      const auto mode = request.headers.get("Lambda-Runtime-Function-Response-Mode");
      if (mode && !mode->empty() && !base::equals_ignore_case(*mode, "streaming")) {
        return refuse(400, "InvalidFunctionResponseMode",
                      fmt::format("Invalid response mode: {}", *mode));
      }
      too_large = request.body.size() > response_limit_;
    }
    state_ = State::answered;
  }
  if (is_error) {
    answer = error_answer(request);
  } else {
    answer.payload = request.body;
  }
  tell([answer = std::move(answer)](Listener& listener) mutable {
    listener.api_answered(std::move(answer));
  });
  if (too_large) {
    return refuse(
        413, "RequestEntityTooLarge",
        fmt::format("Exceeded maximum allowed payload size ({} bytes).", response_limit_));
  }
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

}  // namespace mayfly::engine
