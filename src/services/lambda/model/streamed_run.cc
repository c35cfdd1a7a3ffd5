#include "services/lambda/model/streamed_run.h"

#include <utility>

#include "base/spawn.h"

namespace mayfly::lambda {

base::Task<std::expected<void, engine::Refusal>> StreamedRun::begin(
    FunctionRunner& runner, std::shared_ptr<const engine::FunctionSpec> spec, engine::Event event,
    std::function<void(const engine::Outcome&)> ended) {
  event.stream = stream_;
  base::spawn(runner.run(std::move(spec), std::move(event)),
              [done = done_, ended = std::move(ended)](Result result) {
                if (result) ended(*result);
                done.set(std::move(result));
              });
  start_ = co_await stream_->started();
  if (!start_) {
    Result result = co_await done_.wait();
    if (!result) co_return std::unexpected(std::move(result).error());
    outcome_ = *std::move(result);
  }
  co_return std::expected<void, engine::Refusal>{};
}

base::Task<std::optional<std::string>> StreamedRun::next() {
  if (!start_) co_return std::nullopt;
  co_return co_await stream_->next();
}

base::Task<engine::Outcome> StreamedRun::outcome() {
  if (!outcome_) {
    Result result = co_await done_.wait();
    // What has begun is not refused any more.
    outcome_ = result ? *std::move(result) : engine::Outcome{};
  }
  co_return *outcome_;
}

}  // namespace mayfly::lambda
