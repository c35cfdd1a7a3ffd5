// CodeUrls: where GetFunction sends clients for the zip:
// /_mayfly/lambda/code/<sha256>?Expires=...&Signature=...
//
// Like AWS's presigned S3 URLs: good for ten minutes for whoever has it. The key is random, in the
// store, made at first need. Threads: any.
#pragma once

#include <mutex>
#include <string>

#include "api/endpoint.h"
#include "base/clock.h"
#include "base/ids.h"
#include "services/lambda/model/code_store.h"
#include "store/store.h"
#include "wire/error.h"

namespace mayfly::lambda {

class CodeUrls final : public api::HttpEndpoint {
 public:
  CodeUrls(store::Store& store, const base::Clock& clock, base::Ids& ids, CodeStore& code)
      : store_(store), clock_(clock), ids_(ids), code_(code) {}

  // `origin` is what the client called: "http://127.0.0.1:4566".
  base::Task<wire::Result<std::string>> url(std::string origin, std::string sha256);

  bool matches(const http::Request& request) const override;
  base::Task<http::Response> handle(http::Request request) override;
  bool serves_any_page() const override { return true; }

 private:
  base::Task<wire::Result<std::string>> secret();

  store::Store& store_;
  const base::Clock& clock_;
  base::Ids& ids_;
  CodeStore& code_;
  std::mutex mutex_;
  std::string secret_;
};

}  // namespace mayfly::lambda
