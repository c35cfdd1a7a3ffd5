#include "engine/guest/framed_guest.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/report/failure.h"
#include "wire/json.h"

namespace mayfly::engine {
namespace {

constexpr std::size_t kReadStep = 64 * 1024;
constexpr int kReadsAtOnce = 16;

void member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.push_back(',');
  wire::write_json_string(name, out);
  out.push_back(':');
  wire::write_json_string(text, out);
}

// The JSON in front of an event. Absent members are left out: the guests treat that as empty.
std::string invoke_header(const Event& event, std::int64_t deadline_ms) {
  std::string json = "{";
  json += "\"deadlineMs\":" + std::to_string(deadline_ms);
  member(json, "requestId", event.request_id);
  member(json, "invokedFunctionArn", event.invoked_function_arn);
  member(json, "traceId", event.trace_header);
  member(json, "clientContext", event.client_context);
  member(json, "cognitoIdentity", event.cognito_identity);
  json.push_back('}');
  return json;
}

}  // namespace

FramedGuest::FramedGuest(http::Loop& loop, base::UniqueFd control, Guest::Events& events)
    : loop_(loop), control_(std::move(control)), events_(events) {
  watch_readable_ = loop_.watch_readable(control_.get(), [this] { readable(); });
}

FramedGuest::~FramedGuest() {
  watch_readable_.reset();
  watch_writable_.reset();
}

void FramedGuest::set_variables(const std::map<std::string, std::string>& variables) {
  wire::Document document = wire::Document::map();
  for (const auto& [name, value] : variables) document.set(name, value);
  const std::string json = wire::to_json(document);
  send(frame_header(FrameType::environment, json.size()), json);
}

void FramedGuest::invoke(const Event& event, std::int64_t deadline_ms) {
  const std::string json = invoke_header(event, deadline_ms);
  std::string head = frame_header(FrameType::invoke, 4 + json.size() + event.payload.size());
  append_u32(head, json.size());
  head += json;
  send(std::move(head), event.payload);
}

void FramedGuest::send(std::string head, std::string_view body) {
  if (lost_) return;
  if (!unsent_.empty()) {
    unsent_ += head;
    unsent_ += body;
    return;
  }
  std::array<iovec, 2> parts{
      {{head.data(), head.size()}, {const_cast<char*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = body.empty() ? 1 : 2;
  const ssize_t sent = ::sendmsg(control_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  // A broken pipe is told by the reading side, which also drains what the guest said last.
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return;
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done == head.size() + body.size()) return;
  if (done < head.size()) {
    unsent_.assign(head, done);
    unsent_ += body;
  } else {
    unsent_.assign(body.substr(done - head.size()));
  }
  watch_writable_ = loop_.watch_writable(control_.get(), [this] { flush(); });
}

void FramedGuest::flush() {
  const ssize_t sent = ::send(control_.get(), unsent_.data() + flushed_, unsent_.size() - flushed_,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) flushed_ += static_cast<std::size_t>(sent);
  if (sent >= 0 && flushed_ < unsent_.size()) return;
  // All sent, or the pipe is broken, which the reading side tells.
  unsent_ = {};
  flushed_ = 0;
  watch_writable_.reset();
}

void FramedGuest::readable() {
  thread_local std::array<char, kReadStep> step;
  for (int reads = 0; reads < kReadsAtOnce && !lost_ && !held_; ++reads) {
    const ssize_t got = ::recv(control_.get(), step.data(), step.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return lose(Guest::Events::Loss::closed);
    reader_.append({step.data(), static_cast<std::size_t>(got)});
    take_frames();
    // A short read has emptied the socket: another read would only say so.
    if (static_cast<std::size_t>(got) < step.size()) return;
  }
}

void FramedGuest::set_flow(Flow flow) {
  if (lost_) return;
  held_ = flow == Flow::hold;
  if (held_) {
    watch_readable_.reset();
  } else if (!watch_readable_) {
    watch_readable_ = loop_.watch_readable(control_.get(), [this] { readable(); });
    // Frames that were read already wait in the reader; nothing on the socket would tell of them.
    loop_.post([alive = std::weak_ptr<char>(alive_), this] {
      if (!alive.expired() && !held_ && !lost_) take_frames();
    });
  }
}

void FramedGuest::process_ended() {
  held_ = false;
  // A forked child may still hold the socket open, so the end of the file cannot be waited for:
  // read while there is something, at most one answer's worth.
  for (std::size_t steps = 0; steps < kMaxFrame / (kReadStep * kReadsAtOnce) && !lost_; ++steps) {
    char probe = 0;
    if (::recv(control_.get(), &probe, 1, MSG_DONTWAIT | MSG_PEEK) <= 0) return;
    readable();
  }
}

void FramedGuest::take_frames() {
  while (!lost_ && !held_) {
    auto frame = reader_.next();
    if (!frame) return lose(Guest::Events::Loss::broken);
    if (!*frame) return;
    take(std::move(**frame));
  }
}

void FramedGuest::take(Frame frame) {
  switch (frame.type) {
    case FrameType::ready: {
      auto document = wire::parse_json(frame.payload);
      if (!document) return lose(Guest::Events::Loss::broken);
      Readiness readiness;
      if (const wire::Document* flag = document->find("cloneable"))
        readiness.cloneable = flag->as_bool().value_or(false);
      if (const wire::Document* reason = document->find("reason");
          reason != nullptr && reason->as_string() != nullptr) {
        readiness.reason = *reason->as_string();
      }
      return events_.guest_ready(std::move(readiness));
    }
    case FrameType::init_error: {
      std::string type = error_type_of(frame.payload);
      return events_.guest_init_failed(Answer{std::move(frame.payload), true, std::move(type), {}});
    }
    case FrameType::result:
      return events_.guest_answered(Answer{std::move(frame.payload), false, {}, {}});
    case FrameType::error: {
      std::string type = error_type_of(frame.payload);
      return events_.guest_answered(Answer{std::move(frame.payload), true, std::move(type), {}});
    }
    case FrameType::stream_begin:
      return events_.guest_stream_begins(std::move(frame.payload));
    case FrameType::stream_chunk:
      return events_.guest_stream_chunk(std::move(frame.payload));
    case FrameType::stream_end:
      return events_.guest_stream_ends(std::nullopt);
    case FrameType::stream_error: {
      std::string type = error_type_of(frame.payload);
      return events_.guest_stream_ends(Answer{std::move(frame.payload), true, std::move(type), {}});
    }
    case FrameType::environment:
    case FrameType::invoke:
      return lose(Guest::Events::Loss::broken);
  }
}

void FramedGuest::lose(Guest::Events::Loss loss) {
  if (lost_) return;
  lost_ = true;
  watch_readable_.reset();
  watch_writable_.reset();
  events_.guest_lost(loss);
}

}  // namespace mayfly::engine
