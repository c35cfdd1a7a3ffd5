#include "work/loop_alarm.h"

#include <algorithm>
#include <utility>

namespace mayfly::work {

// Belongs to the loop's thread.
struct LoopAlarm::State {
  std::unique_ptr<http::Loop::Token> token;
};

LoopAlarm::LoopAlarm(http::Loop& loop, const base::Clock& clock)
    : loop_(loop), clock_(clock), state_(std::make_shared<State>()) {}

LoopAlarm::~LoopAlarm() {
  // Dropped on the loop's thread, so that nothing fires after this has run.
  loop_.post([state = std::move(state_)] { state->token.reset(); });
}

void LoopAlarm::set(base::WallTime time, std::function<void()> fire) {
  const auto delay = std::max(time - clock_.now(), base::WallTime::duration::zero());
  loop_.post([state = state_, &loop = loop_, delay, fire = std::move(fire)]() mutable {
    state->token = loop.after(delay, std::move(fire));
  });
}

}  // namespace mayfly::work
