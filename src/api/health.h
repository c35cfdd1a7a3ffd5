// The pages that say whether the platform is up: GET /_mayfly/health, GET /_localstack/health
// (which this ecosystem's tools ask) and GET /_mayfly/metrics.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/endpoint.h"
#include "api/metrics.h"

namespace mayfly::api {

class HealthEndpoint final : public HttpEndpoint {
 public:
  // `services` are names as in ServiceInfo::name; `metrics` outlives it.
  // `more_metrics` yields what follows the operations' metrics; null: nothing.
  // `warning` yields what whoever runs this should know, or nothing; null: never anything.
  HealthEndpoint(std::vector<std::string> services, std::string version, const Metrics& metrics,
                 std::function<std::string()> warning = nullptr,
                 std::function<std::string()> more_metrics = nullptr)
      : services_(std::move(services)),
        version_(std::move(version)),
        metrics_(metrics),
        warning_(std::move(warning)),
        more_metrics_(std::move(more_metrics)) {}

  bool matches(const http::Request& request) const override;
  base::Task<http::Response> handle(http::Request request) override;
  bool serves_any_page() const override { return true; }

 private:
  std::vector<std::string> services_;
  std::string version_;
  const Metrics& metrics_;
  std::function<std::string()> warning_;
  std::function<std::string()> more_metrics_;
};

}  // namespace mayfly::api
