// The service behind the real pipeline, on a store in memory: requests go in as JSON and come out
// as JSON.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "api/pipeline.h"
#include "base/spawn.h"
#include "identity/authenticator.h"
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/tests/fake_scaling.h"
#include "store/memory/memory_store.h"
#include "wire/json.h"
#include "work/queue.h"
#include "work/tests/fake_alarm.h"

namespace mayfly::dynamodb {

struct Reply {
  int status = 0;
  wire::Document body;
  http::Headers headers;

  // "ValidationException: text", or "" for a success.
  std::string error() const {
    if (status == 200) return {};
    const wire::Document* type = body.find("__type");
    const wire::Document* text = body.find("message");
    if (text == nullptr) text = body.find("Message");
    std::string name = type == nullptr ? "?" : *type->as_string();
    name = name.substr(name.find('#') + 1);
    return name + ": " + (text == nullptr ? "?" : *text->as_string());
  }
  // A member as JSON, "" where it is absent.
  std::string json(std::string_view member) const {
    const wire::Document* found = body.find(member);
    return found == nullptr ? "" : wire::to_json(*found);
  }
};

class World {
 public:
  explicit World(Throughputs throughputs = Throughputs::unlimited)
      : service(store, clock, ids, scaling, throughputs) {
    handle_work(service, queue);
    EXPECT_TRUE(base::sync_wait(queue.start()).has_value());
  }
  ~World() { base::sync_wait(queue.stop()); }

  Reply send(std::string_view operation, std::string body) {
    return send_to("DynamoDB_20120810.", operation, std::move(body));
  }
  // To DynamoDB Streams.
  Reply stream(std::string_view operation, std::string body) {
    return send_to("DynamoDBStreams_20120810.", operation, std::move(body));
  }
  Reply send_to(std::string_view api, std::string_view operation, std::string body) {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.body = std::move(body);
    request.headers.add("Host", "localhost:4566");
    request.headers.add("X-Amz-Target", std::string(api) + std::string(operation));
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    http::Response response = base::sync_wait(pipeline.handle(std::move(request)));
    auto document = wire::parse_json(response.body);
    EXPECT_TRUE(document.has_value()) << response.body;
    return Reply{response.status, document ? std::move(*document) : wire::Document(),
                 response.headers};
  }
  // Sends what has to succeed.
  Reply must(std::string_view operation, std::string body) {
    Reply reply = send(operation, body);
    EXPECT_EQ(reply.error(), "") << operation << " " << body;
    return reply;
  }
  std::string error(std::string_view operation, std::string body) {
    return send(operation, std::move(body)).error();
  }

  // A table "T" with key id (S), or id and sk of the given type.
  void make_table(std::string_view sort_type = {}, std::string_view more = {}) {
    std::string body = R"({"TableName":"T-1","BillingMode":"PAY_PER_REQUEST",)";
    if (more.find("AttributeDefinitions") == std::string_view::npos) {
      body += R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"})";
      if (!sort_type.empty()) {
        body += R"(,{"AttributeName":"sk","AttributeType":")" + std::string(sort_type) + "\"}";
      }
      body += "],";
    }
    body += R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"})";
    if (!sort_type.empty()) body += R"(,{"AttributeName":"sk","KeyType":"RANGE"})";
    body += "]" + std::string(more) + "}";
    must("CreateTable", body);
  }
  void put(std::string_view item) {
    must("PutItem", R"({"TableName":"T-1","Item":)" + std::string(item) + "}");
  }
  std::string get(std::string_view key) {
    return must("GetItem", R"({"TableName":"T-1","Key":)" + std::string(key) + "}").json("Item");
  }

  base::FakeClock clock;
  base::SequentialIds ids;
  store::MemoryStore store;
  work::FakeAlarm alarm{clock};
  work::WorkQueue queue{store, clock, ids, alarm};
  FakeScaling scaling;
  Dynamodb service;

 private:
  api::Metrics metrics_;
  identity::StaticCredentials credentials_{{}};
  identity::Authenticator authenticator_{
      {.profile = identity::Profile::development, .default_scope = {}}, credentials_, clock};
  api::Router router_{{make_service(service), make_streams_service(service)}, {}};

 public:
  api::Pipeline pipeline{{}, router_, authenticator_, clock, ids, metrics_};
};

}  // namespace mayfly::dynamodb
