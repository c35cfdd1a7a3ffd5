// Service: an AWS API as the router knows it: how requests for it look, and its operations.
//
//   api::Service make_service(Lambda& lambda) {
//     return api::service(lambda, {.name = "lambda", .signing_names = kSigningNames, ...},
//     kOperations);
//   }
#pragma once

#include <span>
#include <string_view>

#include "api/operation.h"

namespace mayfly::api {

// An operation that AWS has. Those that are not in the service's table answer "not supported" by
// name. tools/known_operations writes these lists from the AWS models.
struct KnownOperation {
  std::string_view name;
  std::string_view method = {};  // REST only
  std::string_view uri = {};
};

// All views and spans have static storage.
struct ServiceInfo {
  std::string_view name;   // "lambda": of the folder, in health and metrics
  std::string_view title;  // "AWS Lambda", in docs
  std::span<const std::string_view> signing_names =
      {};                               // of the credential scope; the first is the service's own
  std::string_view target_prefix = {};  // JSON: "DynamoDB_20120810"
  std::string_view api_version = {};    // Query: "2011-06-15"
  std::string_view model = {};          // botocore's name of the model: "dynamodb", "apigatewayv2"
  wire::ServiceFacts facts = {};
  // Further protocols that clients of the service speak (CloudWatch: CBOR, JSON and Query).
  std::span<const wire::ServiceFacts> also = {};
  std::span<const KnownOperation> known = {};
};

struct Service {
  ServiceInfo info;
  void* instance = nullptr;
  std::span<const Operation> operations;

  const Operation* find(std::string_view operation) const {
    for (const Operation& entry : operations) {
      if (entry.name == operation) return &entry;
    }
    return nullptr;
  }
  // The facts for a protocol; null where the service does not speak it.
  const wire::ServiceFacts* speaks(wire::Protocol protocol) const {
    if (info.facts.protocol == protocol) return &info.facts;
    for (const wire::ServiceFacts& facts : info.also) {
      if (facts.protocol == protocol) return &facts;
    }
    return nullptr;
  }
  bool knows(std::string_view operation) const {
    for (const KnownOperation& entry : info.known) {
      if (entry.name == operation) return true;
    }
    return false;
  }
};

// `instance` and `table` outlive the Service.
template <class S, std::size_t N>
Service service(S& instance, ServiceInfo info, const OperationTable<S, N>& table) {
  return Service{info, &instance, table.entries};
}

}  // namespace mayfly::api
