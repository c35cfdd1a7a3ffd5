// ApiCache: compiled APIs by id, so that a request to one reads nothing from the store.
//
// Fresh because every change of an API in this process goes through ApiGateway::change(), which
// invalidates after the commit and before the client hears of it. One process writes a store (the
// embedded engine is exclusive); a second one on the same store would need the store's watch().
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "services/apigateway/model/compiled.h"

namespace mayfly::apigateway {

class ApiCache {
 public:
  std::shared_ptr<const CompiledApi> find(std::string_view api_id) const;

  // Ask before reading the store, hand it to insert(): what was read before an invalidation is not
  // kept.
  std::uint64_t generation() const;
  void insert(std::shared_ptr<const CompiledApi> api, std::uint64_t generation);
  void invalidate(std::string_view api_id);

 private:
  static constexpr std::size_t kMost = 10'000;  // beyond it the cache starts anew

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  mutable std::shared_mutex mutex_;
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, std::shared_ptr<const CompiledApi>, Hash, std::equal_to<>> apis_;
};

}  // namespace mayfly::apigateway
