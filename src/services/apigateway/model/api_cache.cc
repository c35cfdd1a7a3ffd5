#include "services/apigateway/model/api_cache.h"

#include <mutex>

namespace mayfly::apigateway {

std::shared_ptr<const CompiledApi> ApiCache::find(std::string_view api_id) const {
  std::shared_lock lock(mutex_);
  const auto found = apis_.find(api_id);
  return found == apis_.end() ? nullptr : found->second;
}

std::uint64_t ApiCache::generation() const {
  std::shared_lock lock(mutex_);
  return generation_;
}

void ApiCache::insert(std::shared_ptr<const CompiledApi> api, std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  if (generation != generation_) return;
  if (apis_.size() >= kMost) apis_.clear();
  std::string api_id = api->api_id;
  apis_.insert_or_assign(std::move(api_id), std::move(api));
}

void ApiCache::invalidate(std::string_view api_id) {
  std::unique_lock lock(mutex_);
  ++generation_;
  if (const auto found = apis_.find(api_id); found != apis_.end()) apis_.erase(found);
}

}  // namespace mayfly::apigateway
