// PublicHost: names below the host at which clients reach the daemon: "{id}.execute-api.localhost".
#pragma once

#include <string>
#include <string_view>

namespace mayfly::gateway {

class PublicHost {
 public:
  // "http://127.0.0.1:4566". An address of this machine is called localhost, so that names can be
  // put below it.
  explicit PublicHost(std::string_view endpoint);

  std::string domain(std::string_view below) const;  // "{below}.localhost"
  std::string url(std::string_view below) const;     // "http://{below}.localhost:4566"

 private:
  std::string scheme_, host_, port_;
};

}  // namespace mayfly::gateway
