// FunctionRunner: what Lambda needs of the engine, so that its tests need no sandbox. app/ gives it
// an EngineRunner.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "engine/engine.h"

namespace mayfly::lambda {

class FunctionRunner {
 public:
  virtual ~FunctionRunner() = default;
  virtual base::Task<std::expected<engine::Outcome, engine::Refusal>> run(
      std::shared_ptr<const engine::FunctionSpec> function, engine::Event event) = 0;
  virtual base::Task<std::expected<void, std::string>> prepare(
      std::shared_ptr<const engine::FunctionSpec> function) = 0;
  // Keeps so many environments of that version running; 0 lets them go.
  virtual void provision(std::shared_ptr<const engine::FunctionSpec> function,
                         std::int64_t count) = 0;
  virtual engine::ProvisionedState provisioned(const base::Scope& scope,
                                               const std::string& function,
                                               const std::string& version) const = 0;
  virtual void retire(const base::Scope& scope, const std::string& function,
                      const std::string& version, const std::string& keep_revision) = 0;
};

// The real one.
class EngineRunner final : public FunctionRunner {
 public:
  explicit EngineRunner(engine::Engine& engine) : engine_(engine) {}
  base::Task<std::expected<engine::Outcome, engine::Refusal>> run(
      std::shared_ptr<const engine::FunctionSpec> function, engine::Event event) override {
    return engine_.run(std::move(function), std::move(event));
  }
  base::Task<std::expected<void, std::string>> prepare(
      std::shared_ptr<const engine::FunctionSpec> function) override {
    return engine_.prepare(std::move(function));
  }
  void provision(std::shared_ptr<const engine::FunctionSpec> function,
                 std::int64_t count) override {
    engine_.provision(function, count);
  }
  engine::ProvisionedState provisioned(const base::Scope& scope, const std::string& function,
                                       const std::string& version) const override {
    return engine_.provisioned(scope, function, version);
  }
  void retire(const base::Scope& scope, const std::string& function, const std::string& version,
              const std::string& keep_revision) override {
    engine_.retire(scope, function, version, keep_revision);
  }

 private:
  engine::Engine& engine_;
};

}  // namespace mayfly::lambda
