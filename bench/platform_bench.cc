// Loads a running Mayfly over HTTP: what a user of the whole platform gets. bench/run.py starts the
// daemon, deploys the functions and tables, calls this for each row and prints the table.
//
//   platform_bench HOST PORT SCENARIO CONNECTIONS SECONDS [ARGUMENT]
// prints one line of JSON:
// {"requests":..,"failures":..,"rate":..,"p50_ms":..,"p99_ms":..,"first_failure":".."}
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <string>

#include "load.h"

namespace {

using mayfly::bench::http_request;
using mayfly::bench::MakeRequest;

std::string signed_as(std::string_view service) {
  // The development profile accepts any credentials; the scope names account, region and service.
  return fmt::format(
      "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature={:064}\r\nX-Amz-Date: 20260101T000000Z\r\n",
      service, 0);
}

MakeRequest dynamodb(std::string operation, auto body) {
  return [headers = signed_as("dynamodb") +
                    "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810." +
                    operation + "\r\n",
          body](std::uint64_t n) { return http_request("POST", "/", headers, body(n)); };
}

std::string key_of(std::uint64_t n) { return fmt::format("key-{:010}", n); }

MakeRequest scenario(const std::string& name, const std::string& argument) {
  if (name == "get") {  // a path on any HTTP server: the floor
    std::string request = http_request("GET", argument.empty() ? "/" : argument, "", "");
    return [request](std::uint64_t) { return request; };
  }
  if (name == "post") {
    std::string request =
        http_request("POST", argument, "Content-Type: application/json\r\n", R"({"n":1})");
    return [request](std::uint64_t) { return request; };
  }
  if (name == "invoke") {
    std::string request = http_request("POST", "/2015-03-31/functions/" + argument + "/invocations",
                                       signed_as("lambda"), R"({"n":1})");
    return [request](std::uint64_t) { return request; };
  }
  if (name == "order") {
    return [argument](std::uint64_t n) {
      return http_request(
          "POST", argument, "Content-Type: application/json\r\n",
          fmt::format(
              R"({{"customer":"c{}@example.com","items":[{{"sku":"beans-250","quantity":2}}]}})",
              n));
    };
  }
  const std::string table = argument;
  if (name == "put") {
    return dynamodb("PutItem", [table](std::uint64_t n) {
      return fmt::format(
          R"({{"TableName":"{}","Item":{{"id":{{"S":"{}"}},"customer":{{"S":"customer-{}"}},"total":{{"N":"{}.50"}},"note":{{"S":"{:0100}"}}}}}})",
          table, key_of(n), n % 100, n % 1000, n);
    });
  }
  if (name == "getitem") {
    return dynamodb("GetItem", [table](std::uint64_t n) {
      return fmt::format(R"({{"TableName":"{}","Key":{{"id":{{"S":"{}"}}}}}})", table,
                         key_of(n % 10'000));
    });
  }
  if (name == "update") {
    return dynamodb("UpdateItem", [table](std::uint64_t n) {
      return fmt::format(
          R"({{"TableName":"{}","Key":{{"id":{{"S":"{}"}}}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}}}})",
          table, key_of(n % 10'000));
    });
  }
  if (name == "query") {
    return dynamodb("Query", [table](std::uint64_t n) {
      return fmt::format(
          R"({{"TableName":"{}","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{{":p":{{"S":"p{}"}}}}}})",
          table, n % 10);
    });
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    fmt::print(stderr, "usage: platform_bench HOST PORT SCENARIO CONNECTIONS SECONDS [ARGUMENT]\n");
    return 2;
  }
  MakeRequest make_request = scenario(argv[3], argc > 6 ? argv[6] : "");
  if (!make_request) {
    fmt::print(stderr, "platform_bench: no scenario '{}'\n", argv[3]);
    return 2;
  }
  mayfly::bench::LoadOptions options{.host = argv[1],
                                     .port = static_cast<std::uint16_t>(std::atoi(argv[2])),
                                     .connections = std::atoi(argv[4]),
                                     .seconds = std::atof(argv[5])};
  auto result = mayfly::bench::run_load(options, make_request);
  std::string failure;
  for (char c : result.first_failure) {
    failure += (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 32) ? ' ' : c;
  }
  fmt::print(
      R"({{"requests":{},"failures":{},"rate":{:.0f},"p50_ms":{:.4f},"p99_ms":{:.4f},"first_failure":"{}"}})"
      "\n",
      result.requests, result.failures, result.rate(), result.percentile(0.5),
      result.percentile(0.99), failure);
  return 0;
}
