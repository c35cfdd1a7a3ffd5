// The HTTP API of snapshots and branches, below /_mayfly/ (docs/formats/backup.md).
//
// A copy holds everything, secrets too, so every request has to be signed ("mayfly" as the service)
// by the account or one of its users; a role's session, which is what a function has, is refused.
// The signature is judged as for any service: any key in the development profile, known ones in the
// secured. Being signed also keeps web pages out, whose requests cannot carry such headers.
// Threads: any.
#pragma once

#include <string>

#include "admin/branches.h"
#include "admin/snapshots.h"
#include "api/endpoint.h"
#include "identity/authenticator.h"

namespace mayfly::admin {

class Endpoint final : public api::HttpEndpoint {
 public:
  // All outlive it.
  Endpoint(Snapshots& snapshots, Branches& branches, identity::Authenticator& authenticator,
           base::Ids& ids)
      : snapshots_(snapshots), branches_(branches), authenticator_(authenticator), ids_(ids) {}

  bool matches(const http::Request& request) const override;
  base::Task<http::Response> handle(http::Request request) override;

 private:
  base::Task<wire::Result<http::Response>> answer(const http::Request& request);
  base::Task<wire::Result<void>> authorize(const http::Request& request);
  base::Task<wire::Result<http::Response>> on_snapshots(const http::Request& request,
                                                        std::string id, std::string what);
  base::Task<wire::Result<http::Response>> on_branches(const http::Request& request,
                                                       std::string name);

  Snapshots& snapshots_;
  Branches& branches_;
  identity::Authenticator& authenticator_;
  base::Ids& ids_;
};

}  // namespace mayfly::admin
