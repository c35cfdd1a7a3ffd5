// A small service over every protocol, for the tests of the pipeline: a shelf of named things.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/metrics.h"
#include "api/pipeline.h"
#include "api/service.h"
#include "base/spawn.h"

namespace mayfly::toy {

inline constexpr wire::ErrorSpec kThingNotFound{"ThingNotFoundException", 404, wire::Fault::client,
                                                "Toy.ThingNotFound", wire::MessageMember::Message};

struct Shelf {
  std::map<std::string, std::string> things;
  base::OneShot<bool> gate;  // what slow_thing waits for
};

struct Tag {
  std::string key, value;
  static constexpr auto shape() {
    return std::tuple{wire::field("Key", &Tag::key).required(), wire::field("Value", &Tag::value)};
  }
};

struct PutThingRequest {
  std::string name;
  std::string colour;
  std::optional<std::int32_t> size;
  std::vector<Tag> tags;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::vector<std::string>> flat;
  std::optional<wire::Timestamp> at;
  static constexpr auto shape() {
    using Self = PutThingRequest;
    return std::tuple{wire::field("Name", &Self::name).required().length(1, 10).pattern("[a-z]+"),
                      wire::field("Colour", &Self::colour),
                      wire::field("Size", &Self::size).range(1, 100),
                      wire::field("Tags", &Self::tags),
                      wire::field("Labels", &Self::labels),
                      wire::field("Flat", &Self::flat).flattened(),
                      wire::field("At", &Self::at)};
  }
};

struct PutThingResponse {
  std::string echo;
  std::optional<std::string> nothing;
  std::vector<Tag> tags;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::vector<std::string>> flat;
  std::optional<wire::Timestamp> at;
  std::string account, region, arn;
  static constexpr auto shape() {
    using Self = PutThingResponse;
    return std::tuple{wire::field("Echo", &Self::echo),
                      wire::field("Nothing", &Self::nothing),
                      wire::field("Tags", &Self::tags),
                      wire::field("Labels", &Self::labels),
                      wire::field("Flat", &Self::flat).flattened(),
                      wire::field("At", &Self::at),
                      wire::field("Account", &Self::account),
                      wire::field("Region", &Self::region),
                      wire::field("Arn", &Self::arn)};
  }
};

inline base::Task<wire::Result<PutThingResponse>> put_thing(Shelf& shelf,
                                                            const api::RequestContext& context,
                                                            PutThingRequest request) {
  shelf.things[request.name] = request.colour;
  PutThingResponse response;
  response.echo =
      request.name + "/" + request.colour + "/" + std::to_string(request.size.value_or(0));
  response.tags = std::move(request.tags);
  response.labels = std::move(request.labels);
  response.flat = std::move(request.flat);
  response.at = request.at;
  response.account = context.scope.account;
  response.region = context.scope.region;
  response.arn = context.principal.arn;
  co_return response;
}

struct ThingRequest {
  std::string name;
  static constexpr auto shape() {
    return std::tuple{wire::field("Name", &ThingRequest::name).required()};
  }
};

inline base::Task<wire::Result<void>> delete_thing(Shelf& shelf, const api::RequestContext&,
                                                   ThingRequest request) {
  if (shelf.things.erase(request.name) == 0) {
    co_return wire::fail(kThingNotFound, "No thing <" + request.name + ">");
  }
  co_return wire::Result<void>{};
}

inline base::Task<wire::Result<void>> break_thing(Shelf&, const api::RequestContext&, wire::Empty) {
  throw std::runtime_error("the toy broke");
  co_return wire::Result<void>{};
}

inline base::Task<wire::Result<void>> slow_thing(Shelf& shelf, const api::RequestContext&,
                                                 wire::Empty) {
  co_await shelf.gate.wait();
  co_return wire::Result<void>{};
}

inline constexpr auto kJsonOperations = api::operations<Shelf>(
    api::operation<put_thing>("PutThing"),
    api::operation<delete_thing, kThingNotFound>("DeleteThing"),
    api::operation<break_thing>("BreakThing"), api::operation<slow_thing>("SlowThing"));

// REST: the same shelf, with members in every place.
struct FetchThingRequest {
  std::string name;
  std::optional<std::int32_t> max_items;
  std::optional<bool> verbose;
  std::optional<std::vector<std::string>> keys;
  std::optional<std::string> mode;
  std::optional<std::map<std::string, std::string>> meta;
  std::optional<wire::Blob> payload;
  static constexpr auto shape() {
    using Self = FetchThingRequest;
    return std::tuple{
        wire::field("Name", &Self::name).required().in(wire::Place::path).length(1, 40),
        wire::field("MaxItems", &Self::max_items).in(wire::Place::query).range(1, 50),
        wire::field("Verbose", &Self::verbose).in(wire::Place::query),
        wire::field("Keys", &Self::keys).in(wire::Place::query, "tagKeys"),
        wire::field("Mode", &Self::mode).in(wire::Place::header, "X-Toy-Mode"),
        wire::field("Meta", &Self::meta).in(wire::Place::prefix_headers, "x-toy-meta-"),
        wire::field("Payload", &Self::payload).in(wire::Place::payload)};
  }
};

struct FetchThingResponse {
  std::int32_t status = 200;
  std::string summary;
  std::optional<std::string> extra;
  wire::Blob payload;
  static constexpr auto shape() {
    using Self = FetchThingResponse;
    return std::tuple{
        wire::field("Status", &Self::status).in(wire::Place::status_code),
        wire::field("Summary", &Self::summary).in(wire::Place::header, "X-Toy-Summary"),
        wire::field("Extra", &Self::extra).in(wire::Place::header, "X-Toy-Extra"),
        wire::field("Payload", &Self::payload).in(wire::Place::payload)};
  }
};

inline base::Task<wire::Result<FetchThingResponse>> fetch_thing(Shelf&, const api::RequestContext&,
                                                                FetchThingRequest request) {
  FetchThingResponse response;
  response.status = 203;
  response.summary = request.name + "|" + std::to_string(request.max_items.value_or(-1)) + "|" +
                     (request.verbose.value_or(false) ? "verbose" : "terse") + "|" +
                     request.mode.value_or("-");
  for (const std::string& key : request.keys.value_or(std::vector<std::string>{}))
    response.summary += "|" + key;
  if (request.meta) {
    for (const auto& [key, value] : *request.meta) response.summary += "|" + key + "=" + value;
  }
  response.payload = request.payload.value_or(wire::Blob{"nothing"});
  co_return response;
}

struct CreateThingRequest {
  std::string name;
  std::optional<Tag> tag;
  static constexpr auto shape() {
    using Self = CreateThingRequest;
    return std::tuple{wire::field("Name", &Self::name).required(), wire::field("Tag", &Self::tag)};
  }
};
inline base::Task<wire::Result<CreateThingRequest>> create_thing(Shelf&, const api::RequestContext&,
                                                                 CreateThingRequest request) {
  co_return request;
}

struct ProxyRequest {
  std::string proxy;
  static constexpr auto shape() {
    return std::tuple{wire::field("Proxy", &ProxyRequest::proxy).required().in(wire::Place::path)};
  }
};
struct ProxyResponse {
  std::string proxy;
  static constexpr auto shape() { return std::tuple{wire::field("Proxy", &ProxyResponse::proxy)}; }
};
inline base::Task<wire::Result<ProxyResponse>> proxy_thing(Shelf&, const api::RequestContext&,
                                                           ProxyRequest request) {
  co_return ProxyResponse{std::move(request.proxy)};
}

struct RemoveRequest {
  std::string name;
  static constexpr auto shape() {
    return std::tuple{wire::field("Name", &RemoveRequest::name).required().in(wire::Place::path)};
  }
};
inline base::Task<wire::Result<void>> remove_thing(Shelf&, const api::RequestContext&,
                                                   RemoveRequest request) {
  if (request.name == "missing") co_return wire::fail(kThingNotFound, "missing");
  co_return wire::Result<void>{};
}

inline base::Task<wire::Result<http::Response>> raw_thing(Shelf&, const api::RequestContext&,
                                                          wire::Empty) {
  http::Response response;
  response.status = 299;
  response.body = "raw";
  co_return response;
}

inline constexpr auto kRestOperations = api::operations<Shelf>(
    api::operation<fetch_thing>("FetchThing", {"POST", "/2020-01-01/things/{Name}/fetch", 200}),
    api::operation<create_thing>("CreateThing", {"POST", "/2020-01-01/things", 201}),
    api::operation<remove_thing, kThingNotFound>("RemoveThing",
                                                 {"DELETE", "/2020-01-01/things/{Name}", 204}),
    api::operation<proxy_thing>("ProxyThing", {"GET", "/2020-01-01/proxy/{Proxy+}/end", 200}),
    api::operation<raw_thing>("RawThing", {"GET", "/2020-01-01/things?Raw=YES", 200}));

inline constexpr api::KnownOperation kJsonKnown[] = {{"PutThing"}, {"PaintThing"}};
inline constexpr api::KnownOperation kRestKnown[] = {
    {"CreateThing", "POST", "/2020-01-01/things"},
    {"BendThing", "PUT", "/2020-01-01/things/{Name}/bend"}};
inline constexpr std::string_view kJsonSigning[] = {"toy"};
inline constexpr std::string_view kRestSigning[] = {"toyrest"};
inline constexpr std::string_view kQuerySigning[] = {"toyquery"};

inline constexpr wire::ServiceFacts kAlso[] = {
    {.protocol = wire::Protocol::rpc_v2_cbor, .query_error = wire::QueryErrorHeader::send}};

inline std::vector<api::Service> services(Shelf& shelf) {
  return {api::service(shelf,
                       {.name = "toy",
                        .title = "Toy",
                        .signing_names = kJsonSigning,
                        .target_prefix = "Toy_20200101",
                        .model = "toy",
                        .facts = {.protocol = wire::Protocol::aws_json_1_0,
                                  .error_namespace = "com.toy#",
                                  .checksum = wire::BodyChecksum::crc32,
                                  .query_error = wire::QueryErrorHeader::send},
                        .also = kAlso,
                        .known = kJsonKnown},
                       kJsonOperations),
          api::service(shelf,
                       {.name = "toyrest",
                        .title = "Toy REST",
                        .signing_names = kRestSigning,
                        .model = "toyrest",
                        .facts = {.protocol = wire::Protocol::rest_json,
                                  .error_type = wire::ErrorTypeMember::send},
                        .known = kRestKnown},
                       kRestOperations),
          api::service(
              shelf,
              {.name = "toyquery",
               .title = "Toy Query",
               .signing_names = kQuerySigning,
               .api_version = "2011-06-15",
               .model = "toyquery",
               .facts = {.protocol = wire::Protocol::query, .xml_namespace = "https://toy/doc/"},
               .known = kJsonKnown},
              kJsonOperations)};
}

// Everything around it, with fake time and ids.
struct World {
  explicit World(api::PipelineOptions options = {},
                 std::map<std::string, identity::IssuedCredentials> keys = {},
                 std::vector<api::HttpEndpoint*> endpoints = {})
      : source(std::move(keys)),
        authenticator({.profile = options.profile, .default_scope = {}}, source, clock),
        router(services(shelf), std::move(endpoints)),
        pipeline(options, router, authenticator, clock, ids, metrics) {}

  http::Response send(http::Request request) {
    return base::sync_wait(pipeline.handle(std::move(request)));
  }

  Shelf shelf;
  base::FakeClock clock;
  base::SequentialIds ids;
  api::Metrics metrics;
  identity::StaticCredentials source;
  identity::Authenticator authenticator;
  api::Router router;
  api::Pipeline pipeline;
};

inline http::Request make_request(std::string method, std::string target, std::string body = {},
                                  std::vector<std::pair<std::string, std::string>> headers = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  request.headers.add("Host", "localhost:4566");
  for (auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

inline http::Request json_request(std::string_view operation, std::string body) {
  return make_request("POST", "/", std::move(body),
                      {{"X-Amz-Target", "Toy_20200101." + std::string(operation)},
                       {"Content-Type", "application/x-amz-json-1.0"}});
}

inline http::Request cbor_request(std::string_view operation, std::string body) {
  return make_request("POST", "/service/Toy_20200101/operation/" + std::string(operation),
                      std::move(body),
                      {{"Smithy-Protocol", "rpc-v2-cbor"}, {"Content-Type", "application/cbor"}});
}

inline http::Request form_request(std::string body) {
  return make_request("POST", "/", std::move(body),
                      {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}});
}

inline std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.get(name).value_or("<none>"));
}

}  // namespace mayfly::toy
