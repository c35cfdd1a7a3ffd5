// FunctionUrls: the data plane of function URLs.
//
//   by host   {id}.lambda-url.{region}.anything/path
//   by path   /_aws/lambda-url/{id}/path        for where names below localhost do not resolve
//
//   CORS preflight -> who may (AuthType) -> the function -> CORS headers
//
// Events are of payload format 2.0, with $default as route and stage. BUFFERED reads the result as
// API Gateway does. RESPONSE_STREAM passes the function's bytes on as they are written, the first
// before the handler ends; a runtime that names the HTTP integration type writes status and headers
// before them (gateway/reply.h). Threads: any.
#pragma once

#include <memory>
#include <string>

#include "api/endpoint.h"
#include "gateway/inbound.h"
#include "identity/authenticator.h"
#include "services/lambda/lambda.h"
#include "services/lambda/model/row_cache.h"

namespace mayfly::lambda {

class FunctionUrls final : public api::HttpEndpoint {
 public:
  // Both outlive it.
  FunctionUrls(Lambda& lambda, identity::Authenticator& authenticator)
      : lambda_(lambda), authenticator_(authenticator) {}

  bool matches(const http::Request& request) const override;
  base::Task<http::Response> handle(http::Request request) override;
  bool serves_any_page() const override { return true; }

 private:
  struct Door {
    base::Scope scope;
    Target target;
    std::shared_ptr<const UrlRow> url;
    std::shared_ptr<const PolicyRow> policy;  // null: none
  };
  // Who called; its account is empty where nobody had to sign.
  struct Caller {
    identity::Principal principal;
    bool signed_in = false;
  };

  base::Task<wire::Result<std::optional<Door>>> find(std::string id);
  base::Task<http::Response> answer(const Door& door, http::Request& request,
                                    std::string_view raw_path);
  // Of one request, for its metrics.
  void tell(const Door& door, base::WallTime came, int status);
  base::Task<std::optional<Caller>> admit(const Door& door, const http::Request& request);
  base::Task<http::Response> serve(const Door& door, http::Request& request, std::string path);
  base::Task<http::Response> invoke(const Door& door, ports::InvokeRequest call,
                                    std::string request_id);
  base::Task<http::Response> stream(ports::InvokeRequest call, std::string request_id);

  Lambda& lambda_;
  identity::Authenticator& authenticator_;
  RowCache<UrlOwnerRow> owners_;
  RowCache<UrlRow> urls_;
  RowCache<PolicyRow> policies_;
};

}  // namespace mayfly::lambda
