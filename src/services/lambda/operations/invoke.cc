#include <utility>

#include "base/strings.h"
#include "services/lambda/model/streamed_run.h"
#include "services/lambda/operations/operations.h"
#include "wire/event_stream.h"
#include "wire/json.h"

namespace mayfly::lambda {

namespace {

constexpr std::size_t kMaxClientContext = 3'583;  // of the base64 text

// Of Invoke and InvokeWithResponseStream, whose members have the same names.
template <class Request>
wire::Result<ports::InvokeRequest> invoke_request(const Context& context, Request& request) {
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

enum class LogTail { none, wanted };

// The function's chunks as events, each sent when it is written.
class EventBody final : public http::BodyStream {
 public:
  EventBody(std::unique_ptr<StreamedRun> run, LogTail tail) : run_(std::move(run)), tail_(tail) {}

  base::Task<std::optional<std::string>> next() override {
    if (run_ == nullptr) co_return std::nullopt;
    if (auto chunk = co_await run_->next())
      co_return wire::event_message("PayloadChunk", "application/octet-stream", *chunk);
    std::string last = complete(co_await run_->outcome());
    run_.reset();
    co_return last;
  }

 private:
  std::string complete(const engine::Outcome& outcome) const {
    wire::Document members = wire::Document::map();
    if (outcome.function_error) {
      members.set("ErrorCode", *outcome.function_error);
      members.set("ErrorDetails", outcome.payload);
    }
    if (tail_ == LogTail::wanted) members.set("LogResult", base::to_base64(outcome.log_tail));
    return wire::event_message("InvokeComplete", "application/json", wire::to_json(members));
  }

  std::unique_ptr<StreamedRun> run_;  // null: all is said
  LogTail tail_;
};

}  // namespace

Answer<InvocationResponse> invoke(Lambda& lambda, const Context& context,
                                  InvocationRequest request) {
  if (request.durable_execution_name)
    co_return wire::not_supported("Invoke with DurableExecutionName");
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

Answer<http::Response> invoke_with_response_stream(Lambda& lambda, const Context& context,
                                                   InvokeWithResponseStreamRequest request) {
  const LogTail tail = request.log_type == "Tail" ? LogTail::wanted : LogTail::none;
  auto call = invoke_request(context, request);
  if (!call) co_return std::unexpected(call.error());
  http::Response response;
  if (request.invocation_type == "DryRun") {
    auto checked = co_await lambda.invoker.check(std::move(*call));
    if (!checked) co_return std::unexpected(checked.error());
    response.status = 204;
    co_return response;
  }
  auto run = co_await lambda.invoker.stream(std::move(*call), context.request_id);
  if (!run) co_return std::unexpected(run.error());
  response.headers.add("Content-Type", std::string(wire::kEventStreamType));
  response.headers.add("X-Amz-Executed-Version", (*run)->executed_version());
  response.stream = std::make_unique<EventBody>(std::move(*run), tail);
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
