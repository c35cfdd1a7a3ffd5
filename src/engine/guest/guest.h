// Guest: the language runtime inside an environment, as the engine speaks with it. Two kinds:
// FramedGuest (the built-in runtimes, frames over the inherited socket) and runtime_api's guest
// (custom runtimes, over HTTP).
//
// Threads: everything here, both directions, happens on the environment's loop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/engine.h"

namespace mayfly::engine {

// What the function answered: its result, or the error JSON where error is set.
struct Answer {
  std::string payload;
  bool is_error = false;
  std::string error_type;    // where is_error
  std::string content_type;  // where the runtime named one
  bool delivered = false;    // its caller has it already
};

struct Readiness {
  bool cloneable = false;
  std::string reason;  // why not
};

class Guest {
 public:
  // Implemented by the environment. A guest is destroyed by none of these calls.
  class Events {
   public:
    virtual void guest_ready(Readiness readiness) = 0;
    virtual void guest_init_failed(Answer error) = 0;
    virtual void guest_answered(Answer answer) = 0;
    // An answer in pieces: begin, then chunks, then the end: nullopt, or the error with which it
    // broke off.
    virtual void guest_stream_begins(std::string content_type) = 0;
    virtual void guest_stream_chunk(std::string bytes) = 0;
    virtual void guest_stream_ends(std::optional<Answer> error) = 0;
    // Nothing follows: the guest closed its end (it is about to exit), or it does not follow the
    // protocol.
    // truncated: a streamed answer ended before its end.
    enum class Loss { closed, broken, truncated };
    virtual void guest_lost(Loss loss) = 0;

   protected:
    ~Events() = default;
  };

  virtual ~Guest() = default;
  // Variables that are set before the first event (log stream name).
  virtual void set_variables(const std::map<std::string, std::string>& variables) = 0;
  virtual void invoke(const Event& event, std::int64_t deadline_ms) = 0;
  // Holds back, or lets go again, what the guest sends of a streamed answer. What is on its way may
  // still come.
  enum class Flow { hold, go };
  virtual void set_flow(Flow flow) = 0;
  // The process has ended: whatever it said before is told to the events now.
  virtual void process_ended() = 0;
};

}  // namespace mayfly::engine
