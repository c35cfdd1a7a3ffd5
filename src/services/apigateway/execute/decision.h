// Decision: what an authorizer says of a request.
#pragma once

#include <string>

#include "services/apigateway/model/compiled.h"
#include "wire/document.h"

namespace mayfly::apigateway {

struct Decision {
  enum class Kind {
    allowed,
    unauthorized,  // 401: nothing that identifies the caller, or it is not valid
    forbidden,     // 403: known, and may not
    failed,        // 500: the authorizer itself failed
  };
  Kind kind = Kind::failed;
  wire::Document context;  // a map, for the integration
  std::string principal_id;
  enum class Source { none, function, jwt };
  Source source = Source::none;
  wire::Document scopes;  // of a token: a list, or null

  // The JSON of requestContext.authorizer; empty where there was no authorizer.
  std::string json(PayloadFormat format) const;
};

// The answer of a Lambda authorizer; `arn` is that of the request.
enum class AuthorizerReply { policy, simple };
Decision read_decision(std::string_view payload, AuthorizerReply reply, std::string_view arn);

// True where the IAM pattern (with * and ?) matches the whole text.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace mayfly::apigateway
