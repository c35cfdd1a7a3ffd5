// Invocation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "services/lambda/shapes.h"

namespace mayfly::lambda {

inline constexpr std::string_view kInvocationTypeValues[] = {"Event", "RequestResponse", "DryRun"};
inline constexpr std::string_view kStreamingInvocationTypeValues[] = {"RequestResponse", "DryRun"};
inline constexpr std::string_view kLogTypeValues[] = {"None", "Tail"};
inline constexpr std::string_view kDurableExecutionNamePattern = "[a-zA-Z0-9-_]+";
inline constexpr std::string_view kTenantIdPattern = "[a-zA-Z0-9\\._:\\/=+\\-@ ]+";

struct InvocationRequest {
  std::string function_name;
  std::optional<std::string> invocation_type;
  std::optional<std::string> log_type;
  std::optional<std::string> client_context;
  std::optional<std::string> durable_execution_name;
  std::optional<wire::Blob> payload;
  std::optional<std::string> qualifier;
  std::optional<std::string> tenant_id;
  static constexpr auto shape() {
    using Self = InvocationRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("InvocationType", &Self::invocation_type)
                          .in(wire::Place::header, "X-Amz-Invocation-Type")
                          .one_of(kInvocationTypeValues),
                      wire::field("LogType", &Self::log_type)
                          .in(wire::Place::header, "X-Amz-Log-Type")
                          .one_of(kLogTypeValues),
                      wire::field("ClientContext", &Self::client_context)
                          .in(wire::Place::header, "X-Amz-Client-Context"),
                      wire::field("DurableExecutionName", &Self::durable_execution_name)
                          .in(wire::Place::header, "X-Amz-Durable-Execution-Name")
                          .length(1, 64)
                          .pattern(kDurableExecutionNamePattern),
                      wire::field("Payload", &Self::payload).in(wire::Place::payload),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
                      wire::field("TenantId", &Self::tenant_id)
                          .in(wire::Place::header, "X-Amz-Tenant-Id")
                          .length(1, 256)
                          .pattern(kTenantIdPattern)};
  }
};

struct InvokeWithResponseStreamRequest {
  std::string function_name;
  std::optional<std::string> invocation_type;
  std::optional<std::string> log_type;
  std::optional<std::string> client_context;
  std::optional<wire::Blob> payload;
  std::optional<std::string> qualifier;
  std::optional<std::string> tenant_id;
  static constexpr auto shape() {
    using Self = InvokeWithResponseStreamRequest;
    return std::tuple{wire::field("FunctionName", &Self::function_name)
                          .required()
                          .in(wire::Place::path)
                          .length(1, 256)
                          .pattern(kNamespacedFunctionNamePattern),
                      wire::field("InvocationType", &Self::invocation_type)
                          .in(wire::Place::header, "X-Amz-Invocation-Type")
                          .one_of(kStreamingInvocationTypeValues),
                      wire::field("LogType", &Self::log_type)
                          .in(wire::Place::header, "X-Amz-Log-Type")
                          .one_of(kLogTypeValues),
                      wire::field("ClientContext", &Self::client_context)
                          .in(wire::Place::header, "X-Amz-Client-Context"),
                      wire::field("Payload", &Self::payload).in(wire::Place::payload),
                      wire::field("Qualifier", &Self::qualifier)
                          .in(wire::Place::query)
                          .length(1, 128)
                          .pattern(kNumericLatestPublishedOrAliasQualifierPattern),
                      wire::field("TenantId", &Self::tenant_id)
                          .in(wire::Place::header, "X-Amz-Tenant-Id")
                          .length(1, 256)
                          .pattern(kTenantIdPattern)};
  }
};

struct InvocationResponse {
  std::optional<std::int32_t> status_code;
  std::optional<std::string> function_error;
  std::optional<std::string> log_result;
  std::optional<wire::Blob> payload;
  std::optional<std::string> executed_version;
  std::optional<std::string> content_type;  // not in the model, but on the wire
  static constexpr auto shape() {
    using Self = InvocationResponse;
    return std::tuple{
        wire::field("StatusCode", &Self::status_code).in(wire::Place::status_code),
        wire::field("FunctionError", &Self::function_error)
            .in(wire::Place::header, "X-Amz-Function-Error"),
        wire::field("LogResult", &Self::log_result).in(wire::Place::header, "X-Amz-Log-Result"),
        wire::field("Payload", &Self::payload).in(wire::Place::payload),
        wire::field("ExecutedVersion", &Self::executed_version)
            .in(wire::Place::header, "X-Amz-Executed-Version"),
        wire::field("ContentType", &Self::content_type).in(wire::Place::header, "Content-Type")};
  }
};

struct InvokeAsyncRequest {
  std::string function_name;
  wire::Blob invoke_args;
  static constexpr auto shape() {
    using Self = InvokeAsyncRequest;
    return std::tuple{
        wire::field("FunctionName", &Self::function_name)
            .required()
            .in(wire::Place::path)
            .length(1, 256)
            .pattern(kNamespacedFunctionNamePattern),
        wire::field("InvokeArgs", &Self::invoke_args).required().in(wire::Place::payload)};
  }
};

struct InvokeAsyncResponse {
  std::optional<std::int32_t> status;
  static constexpr auto shape() {
    using Self = InvokeAsyncResponse;
    return std::tuple{wire::field("Status", &Self::status).in(wire::Place::status_code)};
  }
};

}  // namespace mayfly::lambda
