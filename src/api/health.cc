#include "api/health.h"

#include "wire/json.h"

namespace mayfly::api {

bool HealthEndpoint::matches(const http::Request& request) const {
  const std::string_view path = request.raw_path();
  return path == "/_mayfly/health" || path == "/_localstack/health" || path == "/_mayfly/metrics";
}

base::Task<http::Response> HealthEndpoint::handle(http::Request request) {
  http::Response response;
  if (request.method != "GET" && request.method != "HEAD") {
    response.status = 405;
    response.headers.add("Allow", "GET, HEAD");
    return base::Task<http::Response>::ready(std::move(response));
  }
  if (request.raw_path() == "/_mayfly/metrics") {
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics_.prometheus();
    if (more_metrics_) response.body += more_metrics_();
    return base::Task<http::Response>::ready(std::move(response));
  }
  // "running" is the word that tools which poll this page wait for.
  wire::Document services = wire::Document::map();
  for (const std::string& name : services_) services.set(name, "running");
  wire::Document body = wire::Document::map();
  body.set("services", std::move(services));
  body.set("version", version_);
  body.set("edition", "mayfly");
  if (std::string warning = warning_ ? warning_() : ""; !warning.empty())
    body.set("warning", std::move(warning));
  response.headers.add("Content-Type", "application/json");
  response.body = wire::to_json(body);
  return base::Task<http::Response>::ready(std::move(response));
}

}  // namespace mayfly::api
