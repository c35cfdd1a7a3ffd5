#include "engine/launch/registry.h"

#include <utility>

namespace mayfly::engine {

void Registry::add(const std::shared_ptr<Environment>& environment) {
  sandbox::Exit exit;
  {
    std::lock_guard lock(mutex_);
    const auto early = early_.find(environment->id());
    if (early == early_.end()) {
      alive_.emplace(environment->id(), environment);
      return;
    }
    exit = early->second;
    early_.erase(early);
    if (exit.lingers) alive_.emplace(environment->id(), environment);
  }
  deliver(environment, exit);
}

void Registry::exited(sandbox::Exit exit) {
  std::shared_ptr<Environment> environment;
  {
    std::lock_guard lock(mutex_);
    const auto found = alive_.find(exit.id);
    if (found == alive_.end()) {
      early_.insert_or_assign(exit.id, exit);
      return;
    }
    environment = found->second;
  }
  // Before it counts as gone: whoever waits for the last one then takes the loops down.
  deliver(environment, exit);
  if (exit.lingers) return;
  std::lock_guard lock(mutex_);
  alive_.erase(exit.id);
  if (alive_.empty()) empty_.notify_all();
}

void Registry::deliver(const std::shared_ptr<Environment>& environment, sandbox::Exit exit) {
  environment->loop().post([environment, exit] { environment->exited(exit); });
}

std::vector<std::shared_ptr<Environment>> Registry::all() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Environment>> out;
  out.reserve(alive_.size());
  for (const auto& [id, environment] : alive_) out.push_back(environment);
  return out;
}

bool Registry::wait_until_empty(std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, limit, [this] { return alive_.empty(); });
}

}  // namespace mayfly::engine
