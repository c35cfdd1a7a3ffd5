// What the API costs around an operation: request -> route -> struct -> handler that does nothing
// -> JSON -> response, for a PutItem of a small order, unsigned and signed with a known key; and
// the parts of it on their own.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>

#include "api/pipeline.h"
#include "base/spawn.h"
#include "identity/sigv4.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"

namespace mayfly {
namespace {

struct AttributeValue {
  std::optional<std::string> s, n;
  std::optional<bool> truth;
  std::optional<std::vector<AttributeValue>> list;
  std::optional<std::map<std::string, AttributeValue>> map;
  static constexpr auto shape() {
    using Self = AttributeValue;
    return std::tuple{wire::field("S", &Self::s), wire::field("N", &Self::n),
                      wire::field("BOOL", &Self::truth), wire::field("L", &Self::list),
                      wire::field("M", &Self::map)};
  }
};

constexpr std::string_view kReturnValues[] = {"NONE", "ALL_OLD"};

template <class Item>
struct PutItemRequest {
  std::string table_name;
  Item item;
  std::optional<std::string> condition_expression, return_values;
  std::optional<std::map<std::string, std::string>> names;
  static constexpr auto shape() {
    using Self = PutItemRequest;
    return std::tuple{wire::field("TableName", &Self::table_name)
                          .required()
                          .length(1, 1024)
                          .pattern("[a-zA-Z0-9_.-]+"),
                      wire::field("Item", &Self::item).required(),
                      wire::field("ConditionExpression", &Self::condition_expression),
                      wire::field("ReturnValues", &Self::return_values).one_of(kReturnValues),
                      wire::field("ExpressionAttributeNames", &Self::names)};
  }
};
using FreeRequest = PutItemRequest<wire::Document>;
using TypedRequest = PutItemRequest<std::map<std::string, AttributeValue>>;

struct ConsumedCapacity {
  std::string table_name;
  double capacity_units = 1;
  static constexpr auto shape() {
    using Self = ConsumedCapacity;
    return std::tuple{wire::field("TableName", &Self::table_name),
                      wire::field("CapacityUnits", &Self::capacity_units)};
  }
};
struct PutItemResponse {
  std::optional<wire::Document> attributes;
  std::optional<ConsumedCapacity> consumed;
  static constexpr auto shape() {
    using Self = PutItemResponse;
    return std::tuple{wire::field("Attributes", &Self::attributes),
                      wire::field("ConsumedCapacity", &Self::consumed)};
  }
};

struct Nothing {};

template <class Request>
base::Task<wire::Result<PutItemResponse>> put_item(Nothing&, const api::RequestContext&,
                                                   Request request) {
  PutItemResponse response;
  response.consumed = ConsumedCapacity{std::move(request.table_name), 1.0};
  co_return response;
}

constexpr auto kOperations =
    api::operations<Nothing>(api::operation<put_item<FreeRequest>>("PutItem"),
                             api::operation<put_item<TypedRequest>>("PutTyped"));
constexpr std::string_view kSigning[] = {"dynamodb"};

constexpr std::string_view kBody =
    R"json({"TableName": "Orders", "Item": {"order_id": {"S": "6f1c2f3e-6f4e-4d52-9a55-0a3a5d"}, )json"
    R"json("customer": {"S": "ann@example.com"}, "total": {"N": "129.95"}, "paid": {"BOOL": true}, )json"
    R"json("lines": {"L": [{"M": {"sku": {"S": "A-1001"}, "quantity": {"N": "2"}, )json"
    R"json("price": {"N": "19.99"}}}, {"M": {"sku": {"S": "B-2002"}, "quantity": {"N": "1"}, )json"
    R"json("price": {"N": "89.97"}}}]}, "note": {"S": "leave at the door\n"}}, )json"
    R"json("ConditionExpression": "attribute_not_exists(order_id)", "ReturnValues": "NONE"})json";

http::Request make_request(std::string_view operation) {
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.headers.add("Host", "localhost:4566");
  request.headers.add("User-Agent",
                      "Boto3/1.43.67 md/Botocore#1.43.67 ua/2.1 os/linux lang/python#3.11.7");
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  request.headers.add("X-Amz-Target", "DynamoDB_20120810." + std::string(operation));
  request.headers.add("Accept-Encoding", "identity");
  request.body = kBody;
  return request;
}

struct World {
  World() {
    identity::IssuedCredentials key;
    key.secret_key = "secret";
    source = std::make_unique<identity::StaticCredentials>(
        std::map<std::string, identity::IssuedCredentials>{{"AKIDEXAMPLE", key}});
    authenticator =
        std::make_unique<identity::Authenticator>(identity::AuthenticatorOptions{}, *source, clock);
    router = std::make_unique<api::Router>(
        std::vector{api::service(nothing,
                                 {.name = "dynamodb",
                                  .title = "DynamoDB",
                                  .signing_names = kSigning,
                                  .target_prefix = "DynamoDB_20120810",
                                  .facts = {.error_namespace = "com.amazonaws.dynamodb.v20120810#",
                                            .checksum = wire::BodyChecksum::crc32}},
                                 kOperations)},
        std::vector<api::HttpEndpoint*>{});
    pipeline = std::make_unique<api::Pipeline>(api::PipelineOptions{}, *router, *authenticator,
                                               clock, ids, metrics);
  }

  Nothing nothing;
  base::SystemClock clock;
  base::RandomIds ids;
  api::Metrics metrics;
  std::unique_ptr<identity::StaticCredentials> source;
  std::unique_ptr<identity::Authenticator> authenticator;
  std::unique_ptr<api::Router> router;
  std::unique_ptr<api::Pipeline> pipeline;
};

void send_all(benchmark::State& state, World& world, const http::Request& request) {
  int bad = 0;
  for (auto _ : state) {
    base::spawn(world.pipeline->handle(request),
                [&](http::Response response) { bad += response.status != 200; });
  }
  if (bad != 0) state.SkipWithError("an answer was no 200");
}

void whole_request(benchmark::State& state) {
  World world;
  send_all(state, world, make_request("PutItem"));
}
BENCHMARK(whole_request);

void whole_request_typed_item(benchmark::State& state) {
  World world;
  send_all(state, world, make_request("PutTyped"));
}
BENCHMARK(whole_request_typed_item);

void whole_request_known_key(benchmark::State& state) {
  World world;
  http::Request request = make_request("PutItem");
  identity::sign_request(request, {"AKIDEXAMPLE", "secret", ""}, "dynamodb", "us-east-1",
                         world.clock.now());
  send_all(state, world, request);
}
BENCHMARK(whole_request_known_key);

void copy_request(benchmark::State& state) {
  const http::Request request = make_request("PutItem");
  for (auto _ : state) benchmark::DoNotOptimize(http::Request(request));
}
BENCHMARK(copy_request);

void parse_json(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(wire::parse_json(kBody));
}
BENCHMARK(parse_json);

void write_json(benchmark::State& state) {
  const wire::Document document = *wire::parse_json(kBody);
  for (auto _ : state) benchmark::DoNotOptimize(wire::to_json(document));
}
BENCHMARK(write_json);

void parse_and_decode(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(wire::decode<FreeRequest>(*wire::parse_json(kBody)));
}
BENCHMARK(parse_and_decode);

void request_id(benchmark::State& state) {
  base::RandomIds ids;
  for (auto _ : state) benchmark::DoNotOptimize(ids.uuid());
}
BENCHMARK(request_id);

}  // namespace
}  // namespace mayfly

BENCHMARK_MAIN();
