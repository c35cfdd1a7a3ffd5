// Guest: the language runtime inside an environment, as the engine speaks with it. Two kinds:
// FramedGuest (the built-in runtimes, frames over the inherited socket) and runtime_api's guest
// (custom runtimes, over HTTP).
//
// Threads: everything here, both directions, happens on the environment's loop.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/engine.h"

namespace mayfly::engine {

// What the function answered: its result, or the error JSON where error is set.
struct Answer {
  std::string payload;
  bool is_error = false;
  std::string error_type;  // where is_error
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
    // Nothing follows: the guest closed its end (it is about to exit), or it does not follow the
    // protocol.
    enum class Loss { closed, broken };
    virtual void guest_lost(Loss loss) = 0;

   protected:
    ~Events() = default;
  };

  virtual ~Guest() = default;
  // Variables that are set before the first event (log stream name).
  virtual void set_variables(const std::map<std::string, std::string>& variables) = 0;
  virtual void invoke(const Event& event, std::int64_t deadline_ms) = 0;
  // The process has ended: whatever it said before is told to the events now.
  virtual void process_ended() = 0;
};

}  // namespace mayfly::engine
