// FramedGuest: a built-in runtime at the other end of the inherited socket.
//
// Owns the socket. Reads in bounded steps, so that one guest's large answer does not hold up the
// loop's other work; writes what the socket takes at once and the rest when it is writable.
// Threads: the loop's.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "engine/guest/frames.h"
#include "engine/guest/guest.h"
#include "http/io.h"

namespace mayfly::engine {

class FramedGuest final : public Guest {
 public:
  // `control` is non-blocking. Both references outlive the guest.
  FramedGuest(http::Loop& loop, base::UniqueFd control, Guest::Events& events);
  ~FramedGuest() override;

  void set_variables(const std::map<std::string, std::string>& variables) override;
  void invoke(const Event& event, std::int64_t deadline_ms) override;
  void set_flow(Flow flow) override;
  void process_ended() override;

 private:
  void readable();
  void take_frames();
  void take(Frame frame);
  void lose(Guest::Events::Loss loss);
  // Sends head and body (not copied unless the socket is full).
  void send(std::string head, std::string_view body);
  void flush();

  http::Loop& loop_;
  base::UniqueFd control_;
  Guest::Events& events_;
  FrameReader reader_;
  std::string unsent_;
  std::size_t flushed_ = 0;  // of unsent_
  bool lost_ = false;
  bool held_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // for tasks that outlive the guest
  std::unique_ptr<http::Loop::Token> watch_readable_;
  std::unique_ptr<http::Loop::Token> watch_writable_;
};

}  // namespace mayfly::engine
