#include "base/strings.h"
#include "services/lambda/operations/operations.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxClientContext = 3'583;  // of the base64 text

wire::Result<ports::InvokeRequest> invoke_request(const Context& context,
                                                  InvocationRequest& request) {
  if (request.durable_execution_name)
    return wire::not_supported("Invoke with DurableExecutionName");
  if (request.tenant_id) return wire::not_supported("Invoke with TenantId");
  ports::InvokeRequest out;
  out.scope = context.scope;
  out.function = std::move(request.function_name);
  // An empty Qualifier does not get here; "resolve" checks both.
  out.qualifier = request.qualifier.value_or("");
  if (request.payload) out.payload = std::move(request.payload->bytes);
  if (request.client_context) {
    const std::optional<std::string> decoded = base::from_base64(*request.client_context);
    if (!decoded || !wire::check_json(*decoded) ||
        request.client_context->size() > kMaxClientContext) {
      return wire::fail(kInvalidRequestContent,
                        "Client context must be a valid Base64-encoded JSON object.");
    }
    out.client_context = *decoded;
  }
  out.trace_header = std::string(context.http.headers.get("X-Amzn-Trace-Id").value_or(""));
  return out;
}

}  // namespace

Answer<InvocationResponse> invoke(Lambda& lambda, const Context& context,
                                  InvocationRequest request) {
  const std::string type = request.invocation_type.value_or("RequestResponse");
  const bool tail = request.log_type == "Tail";
  auto call = invoke_request(context, request);
  if (!call) co_return std::unexpected(call.error());

  InvocationResponse response;
  if (type == "Event") {
    auto accepted = co_await lambda.invoker.accept(std::move(*call), context.request_id);
    if (!accepted) co_return std::unexpected(accepted.error());
    response.status_code = 202;
    co_return response;
  }
  if (type == "DryRun") {
    auto checked = co_await lambda.invoker.check(std::move(*call));
    if (!checked) co_return std::unexpected(checked.error());
    response.status_code = 204;
    co_return response;
  }
  auto result = co_await lambda.invoker.run(std::move(*call), context.request_id);
  if (!result) co_return std::unexpected(result.error());
  response.status_code = 200;
  response.function_error = std::move(result->function_error);
  response.executed_version = std::move(result->executed_version);
  if (tail) response.log_result = base::to_base64(result->log_tail);
  response.payload = wire::Blob{std::move(result->payload)};
  response.content_type = "application/json";
  co_return response;
}

Answer<InvokeAsyncResponse> invoke_async(Lambda& lambda, const Context& context,
                                         InvokeAsyncRequest request) {
  ports::InvokeRequest call;
  call.scope = context.scope;
  call.function = std::move(request.function_name);
  call.payload = std::move(request.invoke_args.bytes);
  auto accepted = co_await lambda.invoker.accept(std::move(call), context.request_id);
  if (!accepted) co_return std::unexpected(accepted.error());
  InvokeAsyncResponse response;
  response.status = 202;
  co_return response;
}

}  // namespace mayfly::lambda
