// StreamedRun: an invocation whose answer is delivered as the function writes it.
//
//   auto run = co_await lambda.invoker.stream(request, request_id);   // an ApiError: it did not
//   run run->start()                                                      // null: it failed before
//   it wrote while (auto chunk = co_await (*run)->next()) { ... } const engine::Outcome& outcome =
//   co_await (*run)->outcome();      // once next() gave nullopt
//
// Who lets go of it early lets the function run on into nothing (engine/response_stream.h).
// One reader; threads as of ResponseStream.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/one_shot.h"
#include "base/task.h"
#include "engine/engine.h"
#include "services/lambda/model/runner.h"

namespace mayfly::lambda {

class StreamedRun {
 public:
  explicit StreamedRun(std::string executed_version)
      : executed_version_(std::move(executed_version)) {}
  ~StreamedRun() { stream_->abandon(); }
  StreamedRun(const StreamedRun&) = delete;
  StreamedRun& operator=(const StreamedRun&) = delete;

  // Returns when the answer has begun, or has ended without. `ended` is told how it did, whether or
  // not this is still there.
  base::Task<std::expected<void, engine::Refusal>> begin(
      FunctionRunner& runner, std::shared_ptr<const engine::FunctionSpec> spec, engine::Event event,
      std::function<void(const engine::Outcome&)> ended);

  const std::optional<engine::ResponseStream::Start>& start() const { return start_; }
  const std::string& executed_version() const { return executed_version_; }
  base::Task<std::optional<std::string>> next();
  base::Task<engine::Outcome> outcome();

 private:
  using Result = std::expected<engine::Outcome, engine::Refusal>;

  std::string executed_version_;
  std::shared_ptr<engine::ResponseStream> stream_ = std::make_shared<engine::ResponseStream>();
  base::OneShot<Result> done_;
  std::optional<engine::ResponseStream::Start> start_;
  std::optional<engine::Outcome> outcome_;
};

}  // namespace mayfly::lambda
