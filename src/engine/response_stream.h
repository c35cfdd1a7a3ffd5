// ResponseStream: a response on its way from a function to the one who delivers it, as it is
// written.
//
// The caller of Engine::run makes one and puts it into Event::stream. It then reads the stream
// while run() is under way: started(), next() until nullopt, and at last run()'s Outcome, which
// says how it ended:
//
//   auto stream = std::make_shared<engine::ResponseStream>();
//   event.stream = stream;
//   base::spawn(engine.run(function, event), [done](auto result) { done.set(std::move(result)); });
//   if (auto start = co_await stream->started()) { ... head of the answer by start->content_type }
//   while (auto chunk = co_await stream->next()) { ... deliver it }
//   auto outcome = co_await done.wait();   // Outcome::function_error: it failed, perhaps midway
//
// What the function answers without streaming comes as Start{buffered} and one chunk. A function
// that fails before it wrote anything, and a Refusal, never start: started() yields nullopt, and
// the error is in run()'s result as usual. Bytes that went through the stream are not in
// Outcome::payload. The HTTP prelude of kHttpIntegration (one JSON object, eight zero bytes) is
// part of the bytes: reading it is the deliverer's.
//
// Back-pressure: the function is held back while kHighWater bytes wait here. So whoever stops
// reading must say so: abandon() lets the function write on into nothing, as Lambda lets it run
// when its caller has gone. Threads: each side on its own; one reader, whose calls resume on the
// executor they left.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/one_shot.h"
#include "base/task.h"

namespace mayfly::engine {

class ResponseStream {
 public:
  static constexpr std::size_t kHighWater = 256 * 1024;
  static constexpr std::string_view kHttpIntegration =
      "application/vnd.awslambda.http-integration-response";

  enum class Mode { buffered, streaming };
  struct Start {
    Mode mode = Mode::buffered;
    std::string content_type;  // as the runtime named it, or empty
  };

  // The reader's side. started() first, once.
  base::Task<std::optional<Start>> started();
  base::Task<std::optional<std::string>> next();
  void abandon();

  // The engine's side. `drained` is called, on any thread, whenever what made push() say full was
  // read; it is dropped by end().
  enum class Push { taken, full };
  void begin(Start start, std::function<void()> drained);
  Push push(std::string bytes);
  void end();

 private:
  void wake(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::optional<Start> start_;
  std::deque<std::string> chunks_;
  std::size_t waiting_bytes_ = 0;
  bool told_full_ = false;
  bool ended_ = false;
  bool abandoned_ = false;
  std::function<void()> drained_;
  std::optional<base::OneShot<bool>> reader_;  // it waits for the next change
};

}  // namespace mayfly::engine
