// Loads a running Mayfly over HTTP: what a user of the whole platform gets. bench/run.py starts the
// daemon, deploys the functions and tables, calls this for each row and prints the table.
//
//   platform_bench HOST PORT SCENARIO CONNECTIONS SECONDS [ARGUMENT [KEYS [MAX_REQUESTS]]]
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

std::string item_of(std::uint64_t n) {
  return fmt::format(
      R"({{"id":{{"S":"{}"}},"customer":{{"S":"customer-{}"}},"total":{{"N":"{}.50"}},"note":{{"S":"{:0100}"}}}})",
      key_of(n), n % 100, n % 1000, n);
}

std::string small_item(std::uint64_t n) {
  return fmt::format(R"({{"id":{{"S":"{}"}},"n":{{"N":"{}"}}}})", key_of(n), n);
}

// `count` times what `part` makes, for consecutive numbers, with commas between.
template <class Part>
std::string list_of(std::uint64_t first, std::uint64_t count, Part part) {
  std::string out;
  for (std::uint64_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + part(first + i);
  return out;
}

constexpr std::uint64_t kBatch = 25;       // BatchWriteItem, as many as it takes
constexpr std::uint64_t kTransaction = 4;  // items of a transaction
// Far apart, so that neighbours in time are not neighbours in the table.
std::uint64_t scattered(std::uint64_t n, std::uint64_t keys) { return n * 7919 % keys; }

// Operations that change one item, or several.
MakeRequest write_scenario(const std::string& name, const std::string& table, std::uint64_t keys) {
  if (name == "put") {
    return dynamodb("PutItem", [table, keys](std::uint64_t n) {
      return fmt::format(R"({{"TableName":"{}","Item":{}}})", table, item_of(scattered(n, keys)));
    });
  }
  if (name == "putsmall") {
    return dynamodb("PutItem", [table, keys](std::uint64_t n) {
      return fmt::format(R"({{"TableName":"{}","Item":{}}})", table,
                         small_item(scattered(n, keys)));
    });
  }
  if (name == "update" || name == "hot") {
    const bool hot = name == "hot";
    return dynamodb("UpdateItem", [table, keys, hot](std::uint64_t n) {
      return fmt::format(
          R"({{"TableName":"{}","Key":{{"id":{{"S":"{}"}}}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}}}})",
          table, hot ? "hot" : key_of(scattered(n, keys)));
    });
  }
  if (name == "delete") {
    return dynamodb("DeleteItem", [table, keys](std::uint64_t n) {
      return fmt::format(R"({{"TableName":"{}","Key":{{"id":{{"S":"{}"}}}}}})", table,
                         key_of(scattered(n, keys)));
    });
  }
  if (name == "batchwrite" || name == "load") {
    const bool load = name == "load";
    return dynamodb("BatchWriteItem", [table, keys, load](std::uint64_t n) {
      const std::uint64_t first = load ? n * kBatch : scattered(n, keys / kBatch) * kBatch;
      return fmt::format(R"({{"RequestItems":{{"{}":[{}]}}}})", table,
                         list_of(first, kBatch, [load](std::uint64_t k) {
                           return R"({"PutRequest":{"Item":)" +
                                  (load ? small_item(k) : item_of(k)) + "}}";
                         }));
    });
  }
  if (name == "transactwrite") {
    return dynamodb("TransactWriteItems", [table, keys](std::uint64_t n) {
      const std::uint64_t first = scattered(n, keys / kTransaction) * kTransaction;
      return fmt::format(
          R"({{"TransactItems":[{}]}})", list_of(first, kTransaction, [&](std::uint64_t k) {
            return fmt::format(R"({{"Put":{{"TableName":"{}","Item":{}}}}})", table, item_of(k));
          }));
    });
  }
  return {};
}

MakeRequest read_scenario(const std::string& name, const std::string& table, std::uint64_t keys) {
  if (name == "getitem") {
    return dynamodb("GetItem", [table, keys](std::uint64_t n) {
      return fmt::format(R"({{"TableName":"{}","Key":{{"id":{{"S":"{}"}}}}}})", table,
                         key_of(scattered(n, keys)));
    });
  }
  if (name == "query") {
    return dynamodb("Query", [table](std::uint64_t n) {
      return fmt::format(
          R"({{"TableName":"{}","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{{":p":{{"S":"p{}"}}}}}})",
          table, n % 10);
    });
  }
  if (name == "scan") {
    return dynamodb("Scan", [table](std::uint64_t) {
      return fmt::format(R"({{"TableName":"{}","Limit":100}})", table);
    });
  }
  if (name == "batchget") {
    return dynamodb("BatchGetItem", [table, keys](std::uint64_t n) {
      return fmt::format(R"({{"RequestItems":{{"{}":{{"Keys":[{}]}}}}}})", table,
                         list_of(scattered(n, keys / kBatch) * kBatch, kBatch, [](std::uint64_t k) {
                           return R"({"id":{"S":")" + key_of(k) + R"("}})";
                         }));
    });
  }
  if (name == "transactget") {
    return dynamodb("TransactGetItems", [table, keys](std::uint64_t n) {
      return fmt::format(
          R"({{"TransactItems":[{}]}})",
          list_of(
              scattered(n, keys / kTransaction) * kTransaction, kTransaction, [&](std::uint64_t k) {
                return fmt::format(R"({{"Get":{{"TableName":"{}","Key":{{"id":{{"S":"{}"}}}}}}}})",
                                   table, key_of(k));
              }));
    });
  }
  return {};
}

MakeRequest scenario(const std::string& name, const std::string& argument, std::uint64_t keys) {
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
  MakeRequest write = write_scenario(name, argument, keys);
  return write ? write : read_scenario(name, argument, keys);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    fmt::print(stderr, "usage: platform_bench HOST PORT SCENARIO CONNECTIONS SECONDS [ARGUMENT]\n");
    return 2;
  }
  const auto number = [&](int at, std::uint64_t fallback) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : fallback;
  };
  MakeRequest make_request = scenario(argv[3], argc > 6 ? argv[6] : "", number(7, 10'000));
  if (!make_request) {
    fmt::print(stderr, "platform_bench: no scenario '{}'\n", argv[3]);
    return 2;
  }
  mayfly::bench::LoadOptions options{.host = argv[1],
                                     .port = static_cast<std::uint16_t>(std::atoi(argv[2])),
                                     .connections = std::atoi(argv[4]),
                                     .seconds = std::atof(argv[5]),
                                     .max_requests = number(8, 0)};
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
