// Arn: arn:partition:service:region:account:resource, and the account and region that a request
// acts in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::base {

struct Arn {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  // all that follows the fifth colon

  static std::optional<Arn> parse(std::string_view text);
  std::string str() const;
};

// Every stored thing belongs to one of these. Both parts are validated where they enter
// (identity/).
struct Scope {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  auto operator<=>(const Scope&) const = default;

  std::string arn(std::string_view service, std::string_view resource) const;
};

}  // namespace mayfly::base
