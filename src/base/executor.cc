#include "base/executor.h"

#include <utility>

namespace mayfly::base {
namespace {
thread_local Executor* current_executor = nullptr;
}  // namespace

Executor* Executor::current() noexcept { return current_executor; }

ExecutorScope::ExecutorScope(Executor* executor) noexcept
    : previous_(std::exchange(current_executor, executor)) {}

ExecutorScope::~ExecutorScope() { current_executor = previous_; }

}  // namespace mayfly::base
