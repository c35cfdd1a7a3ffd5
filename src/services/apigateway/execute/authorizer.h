// Authorizers: Lambda REQUEST authorizers, with their cache, and JWT authorizers.
//
// Threads: any. The cache holds what a function answered, for the authorizer's TTL; it is bounded
// and lost with the process.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "services/apigateway/apigateway.h"
#include "services/apigateway/execute/decision.h"
#include "services/apigateway/execute/event.h"
#include "services/apigateway/execute/jwt.h"
#include "services/apigateway/execute/race.h"

namespace mayfly::apigateway {

// The value of "$request.header.Authorization", "$request.querystring.token", "$context.routeKey"
// or
// "$stageVariables.x"; nullopt where the request has none.
std::optional<std::string> identity_value(std::string_view source, const Execution& execution,
                                          const Inbound& inbound);

class Authorizers {
 public:
  Authorizers(ApiGateway& gateway, After after);

  // The route has an authorizer. All three arguments outlive the task.
  base::Task<Decision> decide(const Execution& execution, const Inbound& inbound);

 private:
  base::Task<Decision> ask_function(const Execution& execution, const Inbound& inbound);
  base::Task<Decision> check_token(const Execution& execution, const Inbound& inbound);
  std::optional<std::string> cached(const std::string& key);
  void remember(const std::string& key, std::string payload, std::chrono::seconds ttl);

  struct Entry {
    base::MonotonicTime until;
    std::string payload;
  };
  static constexpr std::size_t kMostEntries = 10'000;  // beyond it the cache starts anew

  ApiGateway& gateway_;
  After after_;
  JwtKeys keys_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> answers_;
};

}  // namespace mayfly::apigateway
