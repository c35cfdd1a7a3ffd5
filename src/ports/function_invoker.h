// FunctionInvoker: how another service (API Gateway, queues, streams, schedules) has a function
// run. services/lambda implements it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/arn.h"
#include "base/task.h"
#include "wire/error.h"

namespace mayfly::ports {

struct InvokeRequest {
  base::Scope scope;           // of the caller
  std::string function;        // name, partial ARN or ARN, with a qualifier or without
  std::string qualifier;       // empty: as in `function`, else $LATEST
  std::string payload;         // the event, JSON
  std::string client_context;  // JSON text, decoded
  std::string trace_header;    // X-Amzn-Trace-Id, may be empty
  std::string source_arn;      // on whose behalf: checked against the function's resource policy
  std::string source_service;  // "apigateway.amazonaws.com"; empty: an identity, not a service
};

struct InvokeResult {
  std::string request_id;
  std::string payload;  // result, or the error JSON where function_error is set
  std::optional<std::string> function_error;  // "Unhandled" ("Handled" is history)
  std::string executed_version;
  std::string log_tail;  // last 4 KB of the log, not encoded
};

class FunctionInvoker {
 public:
  virtual ~FunctionInvoker() = default;
  // Waits for the function's answer. An ApiError means that the function did not run (missing,
  // throttled, denied).
  virtual base::Task<wire::Result<InvokeResult>> invoke(InvokeRequest request) = 0;
  // Durably accepted when it returns; the result is the request id.
  virtual base::Task<wire::Result<std::string>> invoke_async(InvokeRequest request) = 0;
};

}  // namespace mayfly::ports
