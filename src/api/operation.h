// Operations: the table in which a service declares its API.
//
//   constexpr auto kOperations = api::operations<Lambda>(
//       api::operation<get_function, kResourceNotFound>("GetFunction", {"GET",
//       "/2015-03-31/functions/{FunctionName}", 200}),
//       ...);
//
// A handler is a free function
//   base::Task<wire::Result<Response>> handler(Service&, const api::RequestContext&, Request)
// where Request and Response have a shape() (wire/shape.h). Response may also be void (no members)
// or http::Response (the handler writes the answer itself, for streams). The errors in the angle
// brackets are those of the AWS model that the operation can answer; they are documentation and are
// tested against what the model lists. Service, request and response are deduced; the rest of
// Mayfly sees one type-erased function.
#pragma once

#include <array>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"
#include "http/message.h"
#include "identity/principal.h"
#include "wire/codec.h"
#include "wire/error.h"
#include "wire/shape.h"

namespace mayfly::api {

// What a handler knows about its request beside the struct. Outlives the handler's coroutine.
struct RequestContext {
  base::Scope scope;  // account and region that the request acts in
  identity::Principal principal;
  std::string request_id;
  base::WallTime received;
  const http::Request& http;  // the body may have been moved into the request struct
};

// Of REST protocols: "/2015-03-31/functions/{FunctionName}", greedy labels as {Proxy+}, literal
// query as "?List=ALL".
struct HttpBinding {
  std::string_view method = {};
  std::string_view uri = {};
  int status = 200;
};

// The way between the bytes and the handler's structs; made by the pipeline for each request.
class Exchange {
 public:
  Exchange(wire::Input input, wire::Output output) : input_(std::move(input)), output_(output) {}
  std::optional<wire::ApiError> decode(const wire::ShapeInfo& shape, void* request) {
    auto error = wire::decode_request(output_.facts.protocol, input_, shape, request);
    if (error && error->spec == &wire::kValidation && output_.facts.validation != nullptr) {
      error->spec = output_.facts.validation;
    }
    return error;
  }
  http::Response encode(const wire::ShapeInfo& shape, void* response) const {
    return wire::encode_response(output_, shape, response);
  }

 private:
  wire::Input input_;
  wire::Output output_;
};

struct Operation {
  std::string_view name;
  HttpBinding http;
  const wire::ShapeInfo& (*request)() = nullptr;
  const wire::ShapeInfo& (*response)() = nullptr;
  base::Task<wire::Result<http::Response>> (*invoke)(void* service, const RequestContext& context,
                                                     Exchange& exchange) = nullptr;
  std::span<const wire::ErrorSpec* const> errors;
};

namespace detail {

template <class F>
struct HandlerTraits;
template <class S, class Rq, class Rs>
struct HandlerTraits<base::Task<wire::Result<Rs>> (*)(S&, const RequestContext&, Rq)> {
  using Service = std::remove_const_t<S>;
  using Request = Rq;
  using Response = Rs;
};

template <class Response>
inline constexpr bool kHasShape =
    !std::is_void_v<Response> && !std::is_same_v<Response, http::Response>;

template <auto Handler>
base::Task<wire::Result<http::Response>> invoke(void* service, const RequestContext& context,
                                                Exchange& exchange) {
  using Traits = HandlerTraits<decltype(Handler)>;
  using Response = typename Traits::Response;
  typename Traits::Request request{};
  if (auto error = exchange.decode(wire::shape_of<typename Traits::Request>(), &request)) {
    co_return std::unexpected(std::move(*error));
  }
  wire::Result<Response> result = co_await Handler(*static_cast<typename Traits::Service*>(service),
                                                   context, std::move(request));
  if (!result) co_return std::unexpected(std::move(result).error());
  if constexpr (std::is_void_v<Response>) {
    wire::Empty empty;
    co_return exchange.encode(wire::shape_of<wire::Empty>(), &empty);
  } else if constexpr (kHasShape<Response>) {
    co_return exchange.encode(wire::shape_of<Response>(), &*result);
  } else {
    co_return std::move(*result);
  }
}

template <const wire::ErrorSpec&... Errors>
inline constexpr std::array<const wire::ErrorSpec*, sizeof...(Errors)> kErrors{&Errors...};

// An operation that still knows its service's type, so that a table takes no other service's
// operations.
template <class Service>
struct OperationOf {
  Operation operation;
};

}  // namespace detail

template <auto Handler, const wire::ErrorSpec&... Errors>
constexpr auto operation(std::string_view name, HttpBinding http = {}) {
  using Traits = detail::HandlerTraits<decltype(Handler)>;
  using Response = typename Traits::Response;
  Operation out;
  out.name = name;
  out.http = http;
  out.request = &wire::shape_of<typename Traits::Request>;
  if constexpr (detail::kHasShape<Response>) {
    out.response = &wire::shape_of<Response>;
  } else {
    out.response = &wire::shape_of<wire::Empty>;
  }
  out.invoke = &detail::invoke<Handler>;
  out.errors = detail::kErrors<Errors...>;
  return detail::OperationOf<typename Traits::Service>{out};
}

template <class Service, std::size_t N>
struct OperationTable {
  std::array<Operation, N> entries;
};

constexpr bool names_unique(std::span<const Operation> operations) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (std::size_t k = i + 1; k < operations.size(); ++k) {
      if (operations[i].name == operations[k].name) return false;
    }
  }
  return true;
}

// Does not compile where a name is there twice or an operation belongs to another service.
template <class Service, class... Operations>
consteval auto operations(Operations... entries) {
  static_assert((std::is_same_v<Operations, detail::OperationOf<Service>> && ...),
                "an operation's handler takes another service");
  OperationTable<Service, sizeof...(Operations)> table{{entries.operation...}};
  if (!names_unique(table.entries)) throw std::logic_error("two operations have the same name");
  return table;
}

}  // namespace mayfly::api
