// EitherGuest: what AWS_LAMBDA_EXEC_WRAPPER starts in place of a built-in runtime. It may be that
// runtime, a runtime of its own that speaks the Runtime API, or a program for which an extension
// does so (the Lambda Web Adapter): the first that is ready, or tells why it cannot be, is the one.
//
// Threads: the loop's.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <utility>

#include "engine/guest/guest.h"

namespace mayfly::engine {

class EitherGuest final : public Guest {
 public:
  using Make = std::function<std::unique_ptr<Guest>(Guest::Events&)>;
  // `events` outlives it.
  EitherGuest(Guest::Events& events, const Make& built_in, const Make& runtime_api)
      : events_(events) {
    sides_[0].guest = built_in(sides_[0]);
    sides_[1].guest = runtime_api(sides_[1]);
  }

  void set_variables(const std::map<std::string, std::string>& variables) override {
    if (chosen_ != nullptr) chosen_->guest->set_variables(variables);
  }
  void invoke(const Event& event, std::int64_t deadline_ms) override {
    if (chosen_ != nullptr) chosen_->guest->invoke(event, deadline_ms);
  }
  void set_flow(Flow flow) override {
    if (chosen_ != nullptr) chosen_->guest->set_flow(flow);
  }
  void process_ended() override {
    for (Side& side : sides_) side.guest->process_ended();
  }

 private:
  struct Side final : Guest::Events {
    explicit Side(EitherGuest& of) : of(of) {}
    void guest_ready(Readiness readiness) override {
      if (of.choose(*this)) of.events_.guest_ready(std::move(readiness));
    }
    void guest_init_failed(Answer error) override {
      if (of.choose(*this)) of.events_.guest_init_failed(std::move(error));
    }
    void guest_answered(Answer answer) override {
      if (of.chosen_ == this) of.events_.guest_answered(std::move(answer));
    }
    void guest_stream_begins(std::string content_type) override {
      if (of.chosen_ == this) of.events_.guest_stream_begins(std::move(content_type));
    }
    void guest_stream_chunk(std::string bytes) override {
      if (of.chosen_ == this) of.events_.guest_stream_chunk(std::move(bytes));
    }
    void guest_stream_ends(std::optional<Answer> error) override {
      if (of.chosen_ == this) of.events_.guest_stream_ends(std::move(error));
    }
    // A program that is no built-in runtime may close what it does not know.
    void guest_lost(Loss loss) override {
      if (of.chosen_ == this) of.events_.guest_lost(loss);
    }
    EitherGuest& of;
    std::unique_ptr<Guest> guest;
  };

  bool choose(Side& side) {
    if (chosen_ == nullptr) chosen_ = &side;
    return chosen_ == &side;
  }

  Guest::Events& events_;
  std::array<Side, 2> sides_{Side(*this), Side(*this)};
  Side* chosen_ = nullptr;
};

}  // namespace mayfly::engine
