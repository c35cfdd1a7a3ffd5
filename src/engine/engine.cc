#include "engine/engine.h"

#include <utility>

#include "engine/schedule/scheduler.h"

namespace mayfly::engine {

struct Engine::Impl {
  std::shared_ptr<Scheduler> scheduler;
};

namespace {

// However it ends, the reader of the stream is told.
base::Task<std::expected<Outcome, Refusal>> run_streamed(
    std::shared_ptr<Scheduler> scheduler, std::shared_ptr<const FunctionSpec> function,
    Event event) {
  const std::shared_ptr<ResponseStream> stream = event.stream;
  auto outcome = co_await scheduler->run(std::move(function), std::move(event));
  stream->end();
  co_return outcome;
}

}  // namespace

Engine::Engine(EngineOptions options, Parts parts) : impl_(std::make_unique<Impl>()) {
  Services services{
      std::move(options),
      parts.warden,
      parts.io,
      parts.server,
      std::move(parts.endpoint),
      parts.logs,
      parts.usage,
      parts.clock,
      parts.ids,
      std::make_shared<http::Client>(
          parts.io, http::ClientOptions{.total_timeout = std::chrono::milliseconds(5'000)}),
      parts.egress};
  impl_->scheduler = std::make_shared<Scheduler>(std::move(services));
  impl_->scheduler->listen();
}

Engine::~Engine() { shutdown(); }

base::Task<std::expected<Outcome, Refusal>> Engine::run(
    std::shared_ptr<const FunctionSpec> function, Event event) {
  if (event.stream == nullptr) return impl_->scheduler->run(std::move(function), std::move(event));
  return run_streamed(impl_->scheduler, std::move(function), std::move(event));
}

base::Task<std::expected<void, std::string>> Engine::prepare(
    std::shared_ptr<const FunctionSpec> function) {
  return impl_->scheduler->prepare(std::move(function));
}

void Engine::retire(const base::Scope& scope, const std::string& function,
                    const std::string& version, const std::string& keep_revision) {
  impl_->scheduler->retire(scope, function, version, keep_revision);
}

void Engine::provision(const std::shared_ptr<const FunctionSpec>& function, std::int64_t count) {
  impl_->scheduler->provision(function, count);
}

ProvisionedState Engine::provisioned(const base::Scope& scope, const std::string& function,
                                     const std::string& version) const {
  return impl_->scheduler->provisioned(scope, function, version);
}

std::vector<RuntimeInfo> Engine::runtimes() const { return impl_->scheduler->runtimes(); }
std::vector<std::string> Engine::pack_runtimes() const { return impl_->scheduler->pack_runtimes(); }
std::string Engine::why_not_installed(const std::string& runtime) const {
  return impl_->scheduler->why_not_installed(runtime);
}
EnvironmentStats Engine::stats() const { return impl_->scheduler->stats(); }
std::vector<VersionState> Engine::versions() const { return impl_->scheduler->versions(); }
void Engine::sweep() { impl_->scheduler->sweep(); }
base::Task<void> Engine::stop(std::chrono::milliseconds grace) {
  return impl_->scheduler->stop(grace);
}
void Engine::shutdown() { impl_->scheduler->shutdown(); }

}  // namespace mayfly::engine
