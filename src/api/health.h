// The pages that say whether the platform is up: GET /_mayfly/health, GET /_localstack/health
// (which this ecosystem's tools ask) and GET /_mayfly/metrics.
#pragma once

#include <string>
#include <vector>

#include "api/endpoint.h"
#include "api/metrics.h"

namespace mayfly::api {

class HealthEndpoint final : public HttpEndpoint {
 public:
  // `services` are names as in ServiceInfo::name; `metrics` outlives it.
  HealthEndpoint(std::vector<std::string> services, std::string version, const Metrics& metrics)
      : services_(std::move(services)), version_(std::move(version)), metrics_(metrics) {}

  bool matches(const http::Request& request) const override;
  base::Task<http::Response> handle(http::Request request) override;

 private:
  std::vector<std::string> services_;
  std::string version_;
  const Metrics& metrics_;
};

}  // namespace mayfly::api
