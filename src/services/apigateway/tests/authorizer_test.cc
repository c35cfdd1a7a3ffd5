// Authorizers: Lambda REQUEST authorizers through the whole way of a request, policies, tokens.
#include "services/apigateway/execute/authorizer.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "base/strings.h"
#include "http/server.h"
#include "services/apigateway/tests/world.h"

namespace mayfly::apigateway {
namespace {

constexpr std::string_view kAuthorizerArn = "arn:aws:lambda:us-east-1:000000000000:function:guard";

// An API with one route, GET /a, behind an authorizer. `settings` are further members of
// CreateAuthorizer.
std::string guarded_api(World& world, const std::string& settings,
                        const std::string& type = "CUSTOM", const std::string& format = "2.0") {
  const std::string id = world.make_api({"GET /a"}, format);
  const std::string api = "/v2/apis/" + id;
  auto authorizer =
      world.call("POST", api + "/authorizers", R"({"name":"guard",)" + settings + "}");
  EXPECT_EQ(authorizer.status, 201) << wire::to_json(authorizer.body);
  auto routes = world.call("GET", api + "/routes");
  const std::string route =
      *routes.body.find("items")->as_list()->front().find("routeId")->as_string();
  auto updated = world.call("PATCH", api + "/routes/" + route,
                            R"({"authorizationType":")" + type + R"(","authorizerId":")" +
                                authorizer.text("authorizerId") + "\"}");
  EXPECT_EQ(updated.status, 200) << wire::to_json(updated.body);
  EXPECT_EQ(world.call("DELETE", api + "/authorizers/" + authorizer.text("authorizerId")).status,
            409);
  return id;
}

std::string request_authorizer(const std::string& more) {
  return R"("authorizerType":"REQUEST","authorizerUri":")" + std::string(kAuthorizerArn) +
         R"(","authorizerPayloadFormatVersion":"2.0","identitySource":["$request.header.Authorization"])" +
         more;
}

// The authorizer answers `verdict`, the function 200.
void set_verdict(World& world, std::string verdict) {
  world.invoker.answer = [verdict](const ports::InvokeRequest& request) -> FakeInvoker::Answer {
    if (request.function == kAuthorizerArn) return FakeInvoker::result(verdict);
    return FakeInvoker::result(R"({"statusCode":200})");
  };
}

http::Response get(World& world, const std::string& id, std::string authorization) {
  http::Request request = world.to(id, "GET", "/a");
  if (!authorization.empty()) request.headers.add("Authorization", std::move(authorization));
  return world.send(std::move(request));
}

TEST(RequestAuthorizer, AllowsWithContext) {
  World world;
  const std::string id = guarded_api(world, request_authorizer(R"(,"enableSimpleResponses":true)"));
  set_verdict(world, R"({"isAuthorized":true,"context":{"user":"ada","level":3}})");
  EXPECT_EQ(get(world, id, "secret").status, 200);
  EXPECT_EQ(wire::to_json(*world.last_event().find("requestContext")->find("authorizer")),
            R"({"lambda":{"user":"ada","level":3}})");
  const auto question = wire::parse_json(world.invoker.calls[0].payload);
  EXPECT_EQ(*question->find("type")->as_string(), "REQUEST");
  EXPECT_EQ(wire::to_json(*question->find("identitySource")), R"(["secret"])");
  EXPECT_EQ(*question->find("routeArn")->as_string(),
            "arn:aws:execute-api:us-east-1:000000000000:" + id + "/$default/GET/a");
}

TEST(RequestAuthorizer, Refuses) {
  World world;
  const std::string id = guarded_api(world, request_authorizer(R"(,"enableSimpleResponses":true)"));
  set_verdict(world, R"({"isAuthorized":false})");
  EXPECT_EQ(get(world, id, "secret").status, 403);
  EXPECT_EQ(get(world, id, "secret").body, R"({"message":"Forbidden"})");
  const std::size_t asked = world.invoker.calls.size();
  EXPECT_EQ(get(world, id, "").status,
            401);  // nothing to identify the caller by: the function is not asked
  EXPECT_EQ(world.invoker.calls.size(), asked);
  set_verdict(world, R"({"yes":1})");
  EXPECT_EQ(get(world, id, "secret").status, 500);
  set_verdict(world, "nonsense");
  EXPECT_EQ(get(world, id, "secret").status, 500);
}

TEST(RequestAuthorizer, EvaluatesPolicies) {
  World world;
  const std::string id = guarded_api(world, request_authorizer(""));
  const auto policy = [](std::string effect, std::string resource) {
    return R"({"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":")" +
           effect + R"(","Action":"execute-api:Invoke","Resource":")" + resource + R"("}]}})";
  };
  set_verdict(world, policy("Allow", "arn:aws:execute-api:*:*:" + id + "/*/GET/*"));
  EXPECT_EQ(get(world, id, "x").status, 200);
  set_verdict(world, policy("Allow", "arn:aws:execute-api:*:*:" + id + "/*/POST/*"));
  EXPECT_EQ(get(world, id, "x").status, 403);
  set_verdict(world, policy("Deny", "*"));
  EXPECT_EQ(get(world, id, "x").status, 403);
}

TEST(RequestAuthorizer, CachesForItsTtl) {
  World world;
  const std::string id = guarded_api(
      world,
      request_authorizer(R"(,"enableSimpleResponses":true,"authorizerResultTtlInSeconds":60)"));
  set_verdict(world, R"({"isAuthorized":true})");
  const auto asked = [&] {
    return std::ranges::count(world.invoker.calls, kAuthorizerArn, &ports::InvokeRequest::function);
  };
  EXPECT_EQ(get(world, id, "a").status, 200);
  EXPECT_EQ(get(world, id, "a").status, 200);
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(get(world, id, "b").status, 200);
  EXPECT_EQ(asked(), 2);
  world.clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(get(world, id, "a").status, 200);
  EXPECT_EQ(asked(), 3);
}

TEST(RequestAuthorizer, FlattensContextForFormatOne) {
  World world;
  const std::string id =
      guarded_api(world, request_authorizer(R"(,"enableSimpleResponses":true)"), "CUSTOM", "1.0");
  set_verdict(world, R"({"isAuthorized":true,"context":{"user":"ada","level":3}})");
  EXPECT_EQ(get(world, id, "secret").status, 200);
  EXPECT_EQ(wire::to_json(*world.last_event().find("requestContext")->find("authorizer")),
            R"({"user":"ada","level":"3"})");
}

TEST(Pattern, AsIamHasIt) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*c?e", "abbbcde"));
  EXPECT_TRUE(matches_pattern("*b*", "abc"));
  EXPECT_FALSE(matches_pattern("a?", "a"));
  EXPECT_FALSE(matches_pattern("a", "A"));
  EXPECT_FALSE(matches_pattern("*********************b", std::string(10'000, 'a')));
}

// ---- tokens -------------------------------------------------------------------------------------

std::string base64url(std::string_view bytes) {
  std::string text = base::to_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// An issuer: a key pair, its OpenID configuration on a real server, and tokens.
class Issuer {
 public:
  explicit Issuer(http::Io& io)
      : key_(EVP_RSA_gen(2048)), server_(io, options(), [this](http::Request request) {
          return answer(std::move(request));
        }) {
    server_.start();
  }
  ~Issuer() {
    server_.stop(std::chrono::milliseconds(1000));
    EVP_PKEY_free(key_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  std::string token(std::string claims, std::string header = R"({"alg":"RS256","kid":"k1"})") {
    const std::string part = base64url(header) + "." + base64url(claims);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_), 1);
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                             reinterpret_cast<const unsigned char*>(part.data()), part.size()),
              1);
    EVP_MD_CTX_free(context);
    return part + "." + base64url(signature);
  }

 private:
  static http::ServerOptions options() {
    http::ServerOptions out;
    out.port = 0;
    return out;
  }
  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_, name, &value);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return base64url(bytes);
  }
  base::Task<http::Response> answer(http::Request request) {
    http::Response response;
    if (request.target == "/.well-known/openid-configuration") {
      response.body = R"({"jwks_uri":")" + url() + R"(/keys"})";
    } else {
      response.body = R"({"keys":[{"kty":"RSA","kid":"k1","n":")" + number(OSSL_PKEY_PARAM_RSA_N) +
                      R"(","e":")" + number(OSSL_PKEY_PARAM_RSA_E) + R"("}]})";
    }
    co_return response;
  }

  EVP_PKEY* key_;
  http::Server server_;
};

TEST(JwtAuthorizer, ChecksTokens) {
  World world;
  world.io.start();
  {
    Issuer issuer(world.io);
    const std::string id = guarded_api(
        world,
        R"("authorizerType":"JWT","identitySource":["$request.header.Authorization"],"jwtConfiguration":{"issuer":")" +
            issuer.url() + R"(","audience":["shop"]})",
        "JWT");
    const auto claims = [&](std::string more) {
      return R"({"iss":")" + issuer.url() + R"(","aud":"shop","exp":1750000100)" + more + "}";
    };
    const auto status = [&](std::string token) { return get(world, id, "Bearer " + token).status; };

    EXPECT_EQ(status(issuer.token(
                  claims(R"(,"sub":"ada","n":5,"groups":["a","b"],"scope":"read write")"))),
              200);
    EXPECT_EQ(wire::to_json(*world.last_event()
                                 .find("requestContext")
                                 ->find("authorizer")
                                 ->find("jwt")
                                 ->find("scopes")),
              R"(["read","write"])");
    const wire::Document jwt =
        *world.last_event().find("requestContext")->find("authorizer")->find("jwt");
    EXPECT_EQ(*jwt.find("claims")->find("groups")->as_string(), "[a b]");
    EXPECT_EQ(*jwt.find("claims")->find("n")->as_string(), "5");
    EXPECT_EQ(get(world, id, issuer.token(claims(""))).status, 200);  // without "Bearer", too

    EXPECT_EQ(status(issuer.token(claims(R"(,"nbf":1750000050)"))), 401);
    EXPECT_EQ(status(issuer.token(R"({"iss":"http://other","aud":"shop","exp":1750000100})")), 401);
    EXPECT_EQ(
        status(issuer.token(R"({"iss":")" + issuer.url() + R"(","aud":"else","exp":1750000100})")),
        401);
    EXPECT_EQ(status(issuer.token(R"({"iss":")" + issuer.url() + R"(","aud":"shop"})")), 401);
    EXPECT_EQ(status(issuer.token(claims(""), R"({"alg":"none","kid":"k1"})")), 401);
    EXPECT_EQ(status(issuer.token(claims(""), R"({"alg":"HS256","kid":"k1"})")), 401);
    EXPECT_EQ(status(issuer.token(claims(""), R"({"alg":"RS256","kid":"k2"})")), 401);
    std::string forged = issuer.token(claims(""));
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_EQ(status(forged), 401);
    EXPECT_EQ(status("not.a.token"), 401);
    EXPECT_EQ(get(world, id, "").status, 401);
    world.clock.advance(std::chrono::seconds(200));
    EXPECT_EQ(status(issuer.token(claims(""))), 401);  // expired
  }
  world.io.stop();
}

TEST(Jwt, WantsOneOfTheScopes) {
  const auto claims = wire::parse_json(R"({"scope":"read write","scp":["admin"]})");
  EXPECT_TRUE(has_scope(*claims, {}));
  EXPECT_TRUE(has_scope(*claims, {"write", "x"}));
  EXPECT_TRUE(has_scope(*claims, {"admin"}));
  EXPECT_FALSE(has_scope(*claims, {"rea"}));
}

}  // namespace
}  // namespace mayfly::apigateway
