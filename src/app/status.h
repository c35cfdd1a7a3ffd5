// The pages of the daemon about itself: GET /_mayfly/status (what it is, isolation, environments)
// and GET /_mayfly/usage (the meter's report; ?from= and ?to= as ISO 8601 or epoch milliseconds).
// `mayfly status` and `mayfly bill` show them.
//
// In the secured profile they answer callers on this machine only. Threads: any.
#pragma once

#include <functional>
#include <string>

#include "api/endpoint.h"

namespace mayfly::app {

enum class Callers { any, this_machine };

class PageEndpoint final : public api::HttpEndpoint {
 public:
  // `render` gets the raw query string and answers JSON.
  using Render = std::function<base::Task<http::Response>(std::string query)>;
  PageEndpoint(std::string path, Callers callers, Render render)
      : path_(std::move(path)), callers_(callers), render_(std::move(render)) {}

  bool matches(const http::Request& request) const override { return request.raw_path() == path_; }
  base::Task<http::Response> handle(http::Request request) override;

 private:
  std::string path_;
  Callers callers_;
  Render render_;
};

http::Response json_page(int status, std::string body);
// The value of `name` in a raw query string, percent-decoded; empty where it is not there.
std::string query_value(std::string_view query, std::string_view name);

}  // namespace mayfly::app
