#include "api/pipeline.h"

#include <fmt/format.h>

#include <exception>

#include "api/content_encoding.h"
#include "base/log.h"

namespace mayfly::api {
namespace {

// How errors look that belong to no service: as the protocol that the request seems to speak.
constexpr wire::ServiceFacts kSomeRest{.protocol = wire::Protocol::rest_json};
constexpr wire::ServiceFacts kSomeJson{.protocol = wire::Protocol::aws_json_1_0};
constexpr wire::ServiceFacts kSomeCbor{.protocol = wire::Protocol::rpc_v2_cbor};
constexpr wire::ServiceFacts kSomeQuery{.protocol = wire::Protocol::query};

const wire::ServiceFacts& facts_of(const Route& route, const http::Request& request) {
  if (route.facts != nullptr) return *route.facts;
  if (request.headers.has("smithy-protocol")) return kSomeCbor;
  if (request.headers.has("x-amz-target")) return kSomeJson;
  const auto type = request.headers.get("content-type");
  return type && type->starts_with("application/x-www-form-urlencoded") ? kSomeQuery : kSomeRest;
}

std::string what(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

http::Response finish(http::Response response, const std::string& request_id) {
  if (!response.headers.has("x-amzn-RequestId"))
    response.headers.add("x-amzn-RequestId", request_id);
  return response;
}

// In the secured profile a key's signature is good for the service that it names, and no other.
std::optional<wire::ApiError> check_service(const Service& service,
                                            const identity::Identity& identity) {
  for (std::string_view name : service.info.signing_names) {
    if (name == identity.signing_name) return std::nullopt;
  }
  return wire::ApiError{
      &wire::kInvalidSignature,
      fmt::format(
          "Credential should be scoped to correct service: '{}'.",
          service.info.signing_names.empty() ? service.info.name : service.info.signing_names[0]),
      {},
      {}};
}

}  // namespace

// A place among the operations under way, given back when it goes.
class Pipeline::Admission {
 public:
  Admission(std::atomic<std::size_t>& under_way, std::size_t limit) : under_way_(under_way) {
    admitted_ = under_way_.fetch_add(1, std::memory_order_relaxed) < limit;
  }
  ~Admission() { under_way_.fetch_sub(1, std::memory_order_relaxed); }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  bool admitted() const { return admitted_; }

 private:
  std::atomic<std::size_t>& under_way_;
  bool admitted_;
};

Pipeline::Pipeline(PipelineOptions options, const Router& router,
                   identity::Authenticator& authenticator, const base::Clock& clock, base::Ids& ids,
                   Metrics& metrics)
    : options_(std::move(options)),
      pages_(options_.trusted_origins),
      router_(router),
      authenticator_(authenticator),
      clock_(clock),
      ids_(ids),
      metrics_(metrics) {
  for (const Service& service : router_.services()) {
    auto& counters = counters_.emplace_back();
    for (const Operation& operation : service.operations) {
      counters.push_back(&metrics_.counters(service.info.name, operation.name));
    }
  }
}

OperationCounters& Pipeline::counters_of(const Service& service, const Operation& operation) const {
  const auto service_index = static_cast<std::size_t>(&service - router_.services().data());
  const auto operation_index = static_cast<std::size_t>(&operation - service.operations.data());
  return *counters_[service_index][operation_index];
}

base::Task<http::Response> Pipeline::handle(http::Request request) {
  std::string request_id = ids_.uuid();
  auto signature = identity::parse_signature(request);
  const std::string_view signing_name =
      signature && *signature ? std::string_view((*signature)->scope.service) : std::string_view();
  Route route = router_.route(request, signing_name);
  std::optional<wire::ApiError> refused;
  if (route.endpoint != nullptr ? !route.endpoint->serves_any_page()
                                : options_.profile == identity::Profile::development) {
    refused = pages_.refuse(request);
  }
  if (!refused && route.endpoint != nullptr) {
    HttpEndpoint& endpoint = *route.endpoint;
    co_return co_await serve_endpoint(endpoint, std::move(request), std::move(request_id));
  }
  if (!refused && http::is_preflight(request)) {
    co_return finish(answer_preflight(request), request_id);
  }
  if (!signature) route.error = std::move(signature).error();
  if (refused) route.error = refused;
  http::Response response;
  if (route.error) {
    const wire::Output output{facts_of(route, request), {}, request_id};
    response = finish(wire::encode_error(output, *route.error), request_id);
  } else {
    response = co_await call(request, std::move(route), std::move(*signature), request_id);
  }
  if (!refused) let_page_read(request, response.headers);
  co_return response;
}

base::Task<http::Response> Pipeline::serve_endpoint(HttpEndpoint& endpoint, http::Request request,
                                                    std::string request_id) {
  std::exception_ptr exception;
  try {
    co_return co_await endpoint.handle(std::move(request));
  } catch (...) {
    exception = std::current_exception();
  }
  metrics_.exceptions.fetch_add(1, std::memory_order_relaxed);
  base::log_error("request {}: endpoint failed: {}", request_id, what(exception));
  const wire::Output output{kSomeRest, {}, request_id};
  wire::ApiError error{&wire::kInternalFailure, "Internal server error", {}, {}};
  co_return finish(wire::encode_error(output, error), request_id);
}

base::Task<http::Response> Pipeline::call(http::Request& request, Route route,
                                          std::optional<identity::Signature> signature,
                                          std::string request_id) {
  const Service& service = *route.service;
  const Operation& operation = *route.operation;
  const base::MonotonicTime start = clock_.monotonic();
  OperationCounters& counters = counters_of(service, operation);
  const wire::Output output{*route.facts, operation.name, request_id, operation.http.status};

  auto answer = [&](http::Response response) {
    counters.record(response.status, clock_.monotonic() - start);
    return finish(std::move(response), request_id);
  };

  Admission admission(under_way_, options_.max_concurrent);
  if (!admission.admitted()) {
    metrics_.shed.fetch_add(1, std::memory_order_relaxed);
    wire::ApiError error{
        &wire::kServiceUnavailable, "Too many requests are under way; try again.", {}, {}};
    co_return answer(wire::encode_error(output, error));
  }

  auto identity = co_await authenticator_.authenticate(request, std::move(signature));
  if (!identity) co_return answer(wire::encode_error(output, identity.error()));
  if (options_.profile == identity::Profile::secured) {
    if (auto error = check_service(service, *identity))
      co_return answer(wire::encode_error(output, *error));
  }
  const auto compressed = is_compressed(request);
  if (!compressed) co_return answer(wire::encode_error(output, compressed.error()));
  if (*compressed) {
    if (auto error = decompress(request)) co_return answer(wire::encode_error(output, *error));
  }
  const bool wrong_signature = identity->state == identity::SignatureState::wrong;

  RequestContext context{std::move(identity->scope), std::move(identity->principal), request_id,
                         clock_.now(), request};
  Exchange exchange(wire::Input{request, std::move(route.labels)}, output);
  wire::Result<http::Response> result = co_await dispatch(service, operation, context, exchange);
  http::Response response =
      result ? std::move(*result) : wire::encode_error(output, result.error());
  if (wrong_signature) response.headers.add("x-mayfly-signature", "wrong");
  co_return answer(std::move(response));
}

base::Task<wire::Result<http::Response>> Pipeline::dispatch(const Service& service,
                                                            const Operation& operation,
                                                            const RequestContext& context,
                                                            Exchange& exchange) {
  std::exception_ptr exception;
  try {
    co_return co_await operation.invoke(service.instance, context, exchange);
  } catch (...) {
    exception = std::current_exception();
  }
  metrics_.exceptions.fetch_add(1, std::memory_order_relaxed);
  base::log_error("request {}: {} {} failed: {}", context.request_id, service.info.name,
                  operation.name, what(exception));
  co_return wire::fail(wire::kInternalFailure,
                       "The request processing has failed because of an unknown error.");
}

}  // namespace mayfly::api
