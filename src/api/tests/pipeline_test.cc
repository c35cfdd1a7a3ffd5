#include "api/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "api/content_encoding.h"
#include "api/health.h"
#include "api/tests/toy_service.h"
#include "base/strings.h"
#include "wire/cbor.h"
#include "wire/json.h"

namespace mayfly::api {
namespace {

using testing::HasSubstr;
using toy::cbor_request;
using toy::form_request;
using toy::header;
using toy::json_request;
using toy::make_request;
using toy::World;

// ---- aws-json
// ----------------------------------------------------------------------------------------

TEST(AwsJson, AnswersAnOperation) {
  World world;
  auto response = world.send(json_request(
      "PutThing",
      R"({"Name":"ball","Colour":"red","Size":3,"Tags":[{"Key":"k","Value":"v"}],"Labels":{"a":"b"},"At":1.5})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.body,
      R"({"Echo":"ball/red/3","Tags":[{"Key":"k","Value":"v"}],"Labels":{"a":"b"},"At":1.5,)"
      R"("Account":"000000000000","Region":"us-east-1","Arn":"arn:aws:iam::000000000000:root"})");
  EXPECT_EQ(header(response, "content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(header(response, "x-amz-crc32"), std::to_string(base::crc32(response.body)));
  EXPECT_EQ(header(response, "x-amzn-requestid").size(), 36u);
}

TEST(AwsJson, RendersErrors) {
  World world;
  auto response = world.send(json_request("DeleteThing", R"({"Name":"gone"})"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body,
            R"({"__type":"com.toy#ThingNotFoundException","Message":"No thing <gone>"})");
  EXPECT_EQ(header(response, "x-amzn-query-error"), "Toy.ThingNotFound;Sender");
  EXPECT_EQ(header(response, "x-amz-crc32"), std::to_string(base::crc32(response.body)));
}

TEST(AwsJson, AnEmptyBodyIsAnEmptyRequest) {
  World world;
  auto response = world.send(json_request("PutThing", ""));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body,
              HasSubstr("1 validation error detected: Value null at 'name' failed to satisfy "
                        "constraint: Member must not be null"));
}

TEST(AwsJson, MalformedBodies) {
  World world;
  for (std::string body :
       {"{", "[]", "{}x", "\"x\"", "{\"Name\":1}", "\xff", "{\"Name\":\"\xff\"}", "nul"}) {
    auto response = world.send(json_request("PutThing", body));
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(response.body, HasSubstr("com.amazon.coral.service#SerializationException"))
        << body;
  }
}

TEST(AwsJson, UnknownAndUnsupportedOperations) {
  World world;
  auto unknown = world.send(json_request("FlyThing", "{}"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(
      unknown.body,
      R"({"__type":"com.amazon.coral.service#UnknownOperationException","message":"Toy has no operation FlyThing."})");
  auto unsupported = world.send(json_request("PaintThing", "{}"));
  EXPECT_EQ(unsupported.status, 501);
  EXPECT_EQ(unsupported.body, R"({"__type":"com.toy#NotSupportedException",)"
                              R"("message":"PaintThing of Toy is not supported by Mayfly yet."})");
  auto nowhere = world.send(make_request("POST", "/", "{}", {{"X-Amz-Target", "Nobody.Thing"}}));
  EXPECT_EQ(nowhere.status, 400);
  EXPECT_THAT(nowhere.body, HasSubstr("UnknownOperationException"));
  EXPECT_EQ(world.send(make_request("POST", "/", "{}", {{"X-Amz-Target", ""}})).status, 400);
  EXPECT_EQ(world.send(make_request("POST", "/", "{}", {{"X-Amz-Target", "."}})).status, 400);
}

// ---- rest-json
// ---------------------------------------------------------------------------------------

TEST(RestJson, MembersFromEveryPlace) {
  World world;
  auto response = world.send(make_request(
      "POST", "/2020-01-01/things/a%2Fb%3Ac/fetch?MaxItems=7&Verbose=true&tagKeys=x&tagKeys=y%20z",
      "\0raw\xff", {{"x-toy-mode", "fast"}, {"X-Toy-Meta-One", "1"}}));
  EXPECT_EQ(response.status, 203);
  EXPECT_EQ(header(response, "x-toy-summary"), "a/b:c|7|verbose|fast|x|y z|One=1");
  EXPECT_EQ(header(response, "x-toy-extra"), "<none>");
  EXPECT_EQ(header(response, "content-type"), "application/octet-stream");
  EXPECT_EQ(world.send(make_request("POST", "/2020-01-01/things/b/fetch/", "body")).body, "body");
  EXPECT_EQ(world.send(make_request("POST", "/2020-01-01/things/b/fetch")).body, "nothing");
}

TEST(RestJson, BodyMembersAndStatus) {
  World world;
  auto response =
      world.send(make_request("POST", "/2020-01-01/things", R"({"Name":"n","Tag":{"Key":"k"}})"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"Name":"n","Tag":{"Key":"k","Value":""}})");
  auto removed = world.send(make_request("DELETE", "/2020-01-01/things/x"));
  EXPECT_EQ(removed.status, 204);
  EXPECT_EQ(removed.body, "");
}

TEST(RestJson, GreedyLabelsAndLiteralQueries) {
  World world;
  EXPECT_EQ(world.send(make_request("GET", "/2020-01-01/proxy/a/b%2Fc/end")).body,
            R"({"Proxy":"a/b/c"})");
  auto raw = world.send(make_request("GET", "/2020-01-01/things?Raw=YES"));
  EXPECT_EQ(raw.status, 299);
  EXPECT_EQ(raw.body, "raw");
  EXPECT_EQ(world.send(make_request("GET", "/2020-01-01/things?Raw=NO")).status, 404);
}

TEST(RestJson, RendersErrors) {
  World world;
  auto response = world.send(make_request("DELETE", "/2020-01-01/things/missing"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header(response, "x-amzn-errortype"), "ThingNotFoundException");
  EXPECT_EQ(response.body, R"({"Type":"User","Message":"missing"})");
  auto invalid = world.send(make_request("POST", "/2020-01-01/things/a/fetch?MaxItems=51"));
  EXPECT_EQ(invalid.status, 400);
  EXPECT_EQ(header(invalid, "x-amzn-errortype"), "ValidationException");
  EXPECT_EQ(
      invalid.body,
      R"({"message":"1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: )"
      R"(Member must have value less than or equal to 50"})");
  auto unsupported = world.send(make_request("PUT", "/2020-01-01/things/a/bend", "{}"));
  EXPECT_EQ(unsupported.status, 501);
  EXPECT_THAT(unsupported.body, HasSubstr("BendThing of Toy REST is not supported by Mayfly yet."));
}

TEST(RestJson, MalformedRequests) {
  World world;
  auto status = [&](std::string method, std::string target, std::string body = {}) {
    return world.send(make_request(std::move(method), std::move(target), std::move(body))).status;
  };
  EXPECT_EQ(status("POST", "/2020-01-01/things/a%zz/fetch"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things/a%ff/fetch"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things/a/fetch?MaxItems=x"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things/a/fetch?MaxItems=99999999999"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things/a/fetch?Verbose=maybe"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things/a/fetch?x=%"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things//fetch"), 404);
  EXPECT_EQ(status("POST", "/2020-01-01/things", "[]"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things", "{"), 400);
  EXPECT_EQ(status("POST", "/2020-01-01/things", "7"), 400);
  EXPECT_EQ(status("GET", "/nowhere"), 404);
  EXPECT_EQ(status("GET", ""), 404);
  EXPECT_EQ(status("GET", "//"), 404);
  EXPECT_EQ(status("BREW", "/2020-01-01/things/a/fetch"), 404);
}

// ---- query
// -------------------------------------------------------------------------------------------

constexpr std::string_view kPut = "Action=PutThing&Version=2011-06-15&Name=ball";

TEST(Query, ListsMapsAndStructures) {
  World world;
  auto response = world.send(form_request(std::string(kPut) +
                                          "&Colour=a%20%3Cb%3E+c&Size=4&Tags.member.2.Key=second&"
                                          "Tags.member.1.Key=first&Tags.member.1.Value=%26"
                                          "&Labels.entry.1.key=k&Labels.entry.1.value=v&Flat.1=x&"
                                          "Flat.2=y&At=2026-01-31T12%3A34%3A56Z"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "content-type"), "text/xml");
  EXPECT_EQ(
      response.body,
      "<PutThingResponse xmlns=\"https://toy/doc/\"><PutThingResult><Echo>ball/a &lt;b&gt; "
      "c/4</Echo>"
      "<Tags><member><Key>first</Key><Value>&amp;</Value></member><member><Key>second</"
      "Key><Value></Value></member>"
      "</Tags><Labels><entry><key>k</key><value>v</value></entry></Labels><Flat>x</Flat><Flat>y</"
      "Flat>"
      "<At>2026-01-31T12:34:56Z</At><Account>000000000000</Account><Region>us-east-1</Region>"
      "<Arn>arn:aws:iam::000000000000:root</Arn></PutThingResult><ResponseMetadata><RequestId>" +
          header(response, "x-amzn-requestid") +
          "</RequestId></ResponseMetadata></PutThingResponse>");
}

TEST(Query, ReadsTheQueryStringToo) {
  World world;
  auto response = world.send(make_request("GET", "/?" + std::string(kPut)));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("<Echo>ball//0</Echo>"));
}

TEST(Query, RendersErrors) {
  World world;
  auto response = world.send(form_request("Action=DeleteThing&Version=2011-06-15&Name=gone"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body,
            "<ErrorResponse "
            "xmlns=\"https://toy/doc/\"><Error><Type>Sender</Type><Code>Toy.ThingNotFound</Code>"
            "<Message>No thing &lt;gone&gt;</Message></Error><RequestId>" +
                header(response, "x-amzn-requestid") + "</RequestId></ErrorResponse>");
  EXPECT_THAT(world.send(form_request("Action=PutThing&Version=2011-06-15")).body,
              HasSubstr("<Code>ValidationError</Code>"));
  auto unknown = world.send(form_request("Action=FlyThing&Version=2011-06-15"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, HasSubstr("<Code>InvalidAction</Code>"));
  EXPECT_EQ(world.send(form_request("Action=PaintThing&Version=2011-06-15")).status, 501);
  EXPECT_EQ(world.send(form_request("Action=PutThing&Version=1999-01-01&Name=a")).status, 400);
}

TEST(Query, MalformedForms) {
  World world;
  EXPECT_EQ(world.send(form_request(std::string(kPut) + "&x=%zz")).status, 400);
  EXPECT_EQ(world.send(form_request(std::string(kPut) + "&Size=many")).status, 400);
  EXPECT_EQ(world.send(form_request(std::string(kPut) + "&Name.member.1=x")).status, 200);
  EXPECT_EQ(world.send(form_request(std::string(kPut) + "&Tags.member.x.Key=x")).status, 200);
  std::string deep = std::string(kPut) + "&a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  EXPECT_EQ(world.send(form_request(deep + "=1")).status, 400);
  std::string many(kPut);
  for (int i = 0; i < 30'000; ++i) many += "&a=b";
  EXPECT_EQ(world.send(form_request(many)).status, 400);
}

// ---- routing, limits, failures
// -----------------------------------------------------------------------

std::string authorization(std::string_view key, std::string_view service) {
  return "AWS4-HMAC-SHA256 Credential=" + std::string(key) + "/20250615/eu-west-1/" +
         std::string(service) + "/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
}

TEST(Routing, TheSigningNameChoosesTheService) {
  World world;
  auto with = [&](http::Request request, std::string_view service) {
    request.headers.add("Authorization", authorization("AKIAEXAMPLE", service));
    return world.send(std::move(request));
  };
  EXPECT_EQ(with(make_request("POST", "/2020-01-01/things", R"({"Name":"n"})"), "toyrest").status,
            201);
  EXPECT_EQ(with(form_request(std::string(kPut)), "toyquery").status, 200);
  EXPECT_EQ(with(make_request("GET", "/x"), "toyrest").status, 404);
  EXPECT_EQ(with(make_request("POST", "/", "{}"), "toy").status, 400);
  auto missing_action = with(form_request("a=b"), "toyquery");
  EXPECT_EQ(missing_action.status, 400);
  EXPECT_THAT(missing_action.body, HasSubstr("InvalidAction"));
  auto other = with(make_request("GET", "/bucket"), "s3");
  EXPECT_EQ(other.status, 501);
  EXPECT_THAT(other.body, HasSubstr("The service s3 is not supported by Mayfly yet."));
}

TEST(Routing, OtherSmithyProtocolsAreRefusedByName) {
  World world;
  auto request = cbor_request("PutThing", "\xa0");
  request.headers.set("Smithy-Protocol", "rpc-v2-json");
  auto response = world.send(std::move(request));
  EXPECT_EQ(response.status, 501);
  EXPECT_THAT(response.body, HasSubstr("rpc-v2-json"));
}

TEST(Routing, DevelopmentTakesAccountAndRegionFromTheSignature) {
  World world;
  auto request = json_request("PutThing", R"({"Name":"ball"})");
  request.headers.add("Authorization", authorization("123456789012", "toy"));
  EXPECT_THAT(
      world.send(std::move(request)).body,
      HasSubstr(
          R"("Account":"123456789012","Region":"eu-west-1","Arn":"arn:aws:iam::123456789012:root")"));
  auto bad_region = json_request("PutThing", R"({"Name":"ball"})");
  bad_region.headers.add("Authorization",
                         "AWS4-HMAC-SHA256 Credential=a/20250615/../toy/aws4_request, "
                         "SignedHeaders=host, Signature=0");
  EXPECT_EQ(world.send(std::move(bad_region)).status, 403);
}

TEST(Routing, UnreadableAuthorizationIsAnswered) {
  World world;
  for (std::string value : {"AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a",
                            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
                            "AWS4-HMAC-SHA256 Credential=/20250615/r/s/aws4_request"}) {
    auto request = json_request("PutThing", R"({"Name":"ball"})");
    request.headers.add("Authorization", value);
    auto response = world.send(std::move(request));
    EXPECT_EQ(response.status, 403) << value;
    EXPECT_THAT(response.body, HasSubstr("com.amazon.coral.service#IncompleteSignatureException"))
        << value;
  }
}

TEST(Pipeline, ExceptionsBecomeInternalErrors) {
  World world;
  auto response = world.send(json_request("BreakThing", ""));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("com.amazon.coral.service#InternalFailure"));
  EXPECT_THAT(response.body, testing::Not(HasSubstr("toy broke")));
  EXPECT_EQ(world.metrics.exceptions.load(), 1u);
}

TEST(Pipeline, ShedsLoadBeyondItsLimit) {
  World world({.max_concurrent = 1});
  std::optional<http::Response> first;
  base::spawn(world.pipeline.handle(json_request("SlowThing", "")),
              [&](http::Response response) { first = std::move(response); });
  EXPECT_FALSE(first);
  auto second = world.send(json_request("PutThing", R"({"Name":"ball"})"));
  EXPECT_EQ(second.status, 503);
  EXPECT_THAT(second.body, HasSubstr("com.amazon.coral.service#ServiceUnavailable"));
  EXPECT_EQ(world.metrics.shed.load(), 1u);
  world.shelf.gate.set(true);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(world.send(json_request("PutThing", R"({"Name":"ball"})")).status, 200);
}

TEST(Pipeline, CountsPerOperation) {
  World world;
  world.send(json_request("PutThing", R"({"Name":"ball"})"));
  world.send(json_request("PutThing", "{"));
  world.send(json_request("BreakThing", ""));
  auto& put = world.metrics.counters("toy", "PutThing");
  EXPECT_EQ(put.requests.load(), 2u);
  EXPECT_EQ(put.client_errors.load(), 1u);
  EXPECT_EQ(world.metrics.counters("toy", "BreakThing").server_errors.load(), 1u);
  EXPECT_THAT(world.metrics.prometheus(),
              HasSubstr("mayfly_requests_total{service=\"toy\",operation=\"PutThing\"} 2"));
}

TEST(Pipeline, EndpointsComeFirst) {
  Metrics metrics;
  HealthEndpoint health({"toy", "lambda"}, "1.2.3", metrics);
  World world({}, {}, {&health});
  auto response = world.send(make_request("GET", "/_localstack/health"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.body,
      R"({"services":{"toy":"running","lambda":"running"},"version":"1.2.3","edition":"mayfly"})");
  EXPECT_EQ(world.send(make_request("GET", "/_mayfly/health?x")).status, 200);
  EXPECT_EQ(world.send(make_request("POST", "/_mayfly/health")).status, 405);
  EXPECT_THAT(world.send(make_request("GET", "/_mayfly/metrics")).body,
              HasSubstr("mayfly_shed_total 0"));
}

TEST(Pipeline, OtherEncodingsAreRefusedByName) {
  World world;
  auto request = json_request("PutThing", "\x0b");
  request.headers.add("Content-Encoding", "br");
  auto response = world.send(std::move(request));
  EXPECT_EQ(response.status, 501);
  EXPECT_THAT(response.body, HasSubstr("A body with Content-Encoding br"));
}

std::string gzip(std::string_view plain) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

http::Response send_gzip(World& world, std::string body) {
  auto request = json_request("PutThing", std::move(body));
  request.headers.add("Content-Encoding", "gzip");
  return world.send(std::move(request));
}

TEST(Pipeline, GzipBodiesAreRead) {
  World world;
  const std::string plain = R"({"Name": "n", "Padding": ")" + std::string(100'000, 'x') + "\"}";
  EXPECT_EQ(send_gzip(world, gzip(plain)).body, world.send(json_request("PutThing", plain)).body);
}

TEST(Pipeline, DamagedAndBoundlessGzipBodiesAreRefused) {
  World world;
  const std::string good = gzip(R"({"Name": "n"})");
  EXPECT_EQ(send_gzip(world, good.substr(0, good.size() - 3)).status, 400);
  EXPECT_EQ(send_gzip(world, good + "x").status, 400);
  EXPECT_EQ(send_gzip(world, "\x1f\x8b").status, 400);
  EXPECT_EQ(send_gzip(world, "").status, 400);
  EXPECT_EQ(send_gzip(world, gzip(std::string(kMaxDecompressed + 1, ' '))).status, 413);
}

TEST(Cbor, AnOperationIsNamedByItsPath) {
  World world;
  wire::Document body = wire::Document::map();
  body.set("Name", "n");
  auto response = world.send(cbor_request("PutThing", wire::to_cbor(body)));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("smithy-protocol"), "rpc-v2-cbor");
  EXPECT_EQ(response.headers.get("content-type"), "application/cbor");
  auto same = wire::parse_json(world.send(json_request("PutThing", wire::to_json(body))).body);
  EXPECT_EQ(*wire::parse_cbor(response.body), *same);
}

TEST(Cbor, ErrorsAreMapsWithATypeAndAMessage) {
  World world;
  for (auto [operation, body, status] : {std::tuple{"NoSuchThing", std::string("\xa0"), 400},
                                         {"PutThing", std::string("\xff"), 400}}) {
    auto response = world.send(cbor_request(operation, body));
    EXPECT_EQ(response.status, status);
    auto error = wire::parse_cbor(response.body);
    ASSERT_TRUE(error) << response.body;
    EXPECT_NE(error->find("__type"), nullptr);
    EXPECT_NE(error->find("message"), nullptr);
  }
}

TEST(Cbor, ATargetBesideTheProtocolIsRefused) {
  World world;
  auto request = cbor_request("PutThing", "\xa0");
  request.headers.add("X-Amz-Target", "Toy_20200101.PutThing");
  EXPECT_EQ(world.send(std::move(request)).status, 400);
}

TEST(Router, ContradictionsAreFound) {
  toy::Shelf shelf;
  auto services = toy::services(shelf);
  services.push_back(services[0]);
  EXPECT_THROW(Router(services, {}), std::logic_error);
}

}  // namespace
}  // namespace mayfly::api
