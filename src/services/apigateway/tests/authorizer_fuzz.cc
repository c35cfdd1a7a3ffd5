// What authorizers answer, and tokens: bytes from user code and from strangers.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "services/apigateway/execute/decision.h"
#include "services/apigateway/execute/jwt.h"

using namespace mayfly::apigateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const AuthorizerReply reply : {AuthorizerReply::simple, AuthorizerReply::policy}) {
    const Decision decision =
        read_decision(text, reply, "arn:aws:execute-api:us-east-1:000000000000:a/b/GET/c");
    (void)decision.json(PayloadFormat::v1);
    (void)decision.json(PayloadFormat::v2);
  }
  if (const auto token = parse_jwt(text)) {
    (void)verify_signature(*token, token->header);
    (void)claims_as_text(token->claims);
    (void)scopes_of(token->claims);
  }
  return 0;
}
