#include "cli/api_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/spawn.h"
#include "base/strings.h"
#include "cli/table.h"
#include "http/client.h"
#include "http/io.h"
#include "identity/sigv4.h"
#include "wire/json.h"

namespace mayfly::cli {
namespace {

// The code without its namespace ("com.amazon#Code") and without what may follow it
// ("Code:http://...").
std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  const std::size_t hash = code.rfind('#');
  return std::string(hash == std::string_view::npos ? code : code.substr(hash + 1));
}

std::string authority_of(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  std::string_view rest = scheme == std::string_view::npos ? endpoint : endpoint.substr(scheme + 3);
  return std::string(rest.substr(0, rest.find('/')));
}

}  // namespace

struct ApiClient::Impl {
  Impl(Target given, const base::Clock& given_clock, std::chrono::milliseconds timeout)
      : target(std::move(given)), clock(given_clock), client(io, {.total_timeout = timeout}) {
    io.start();
    // A daemon in development believes any key, but the region comes with the signature.
    if (target.access_key.empty()) target.access_key = target.secret_key = "test";
  }

  Target target;
  const base::Clock& clock;
  http::Io io{1};
  http::Client client;
};

ApiClient::ApiClient(Target target, const base::Clock& clock, std::chrono::milliseconds timeout)
    : impl_(std::make_unique<Impl>(std::move(target), clock, timeout)) {}

ApiClient::~ApiClient() = default;

Answer<http::Response> ApiClient::send(std::string_view service, http::Request request) {
  const Target& target = impl_->target;
  request.headers.set("Host", authority_of(target.endpoint));
  const identity::Credentials credentials{target.access_key, target.secret_key,
                                          target.session_token};
  identity::sign_request(request, credentials, service, target.region, impl_->clock.now());
  auto response = base::sync_wait(impl_->client.send(target.endpoint, std::move(request)));
  if (response) return std::move(*response);
  if (response.error().starts_with("connection refused")) {
    return std::unexpected(Problem{
        fmt::format("Nothing answers at {}. Is `mayfly serve` running? (--endpoint says where.)",
                    target.endpoint),
        ""});
  }
  return std::unexpected(
      Problem{fmt::format("{} gave no answer: {}", target.endpoint, response.error()), ""});
}

Answer<http::Response> ApiClient::own(std::string_view method, std::string_view target,
                                      std::string body) {
  http::Request request;
  request.method = method;
  request.target = target;
  if (!body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = std::move(body);
  auto response = send("mayfly", std::move(request));
  if (response && response->status / 100 != 2) return std::unexpected(problem_of(*response));
  return response;
}

Answer<wire::Document> ApiClient::get(std::string_view target) { return own_json("GET", target); }

Answer<wire::Document> ApiClient::own_json(std::string_view method, std::string_view target,
                                           std::string body) {
  auto response = own(method, target, std::move(body));
  if (!response) return std::unexpected(response.error());
  auto document = wire::parse_json(response->body);
  if (document) return std::move(*document);
  return std::unexpected(
      Problem{fmt::format("What answers at {} is not Mayfly: its answer to {} is not JSON.",
                          impl_->target.endpoint, target),
              ""});
}

Answer<wire::Document> ApiClient::call(std::string_view service, std::string_view operation,
                                       const wire::Document& input) {
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target", std::string(operation));
  request.body = wire::to_json(input);
  auto response = send(service, std::move(request));
  if (!response) return std::unexpected(response.error());
  if (response->status != 200) return std::unexpected(problem_of(*response));
  auto document = wire::parse_json(response->body);
  if (document) return std::move(*document);
  return std::unexpected(Problem{fmt::format("The answer to {} is not JSON.", operation), ""});
}

Problem ApiClient::problem_of(const http::Response& response) const {
  Problem problem;
  std::string message;
  if (const auto header = response.headers.get("x-amzn-ErrorType"))
    problem.code = bare_code(*header);
  if (const auto document = wire::parse_json(response.body)) {
    if (problem.code.empty()) problem.code = bare_code(text_at(*document, "__type"));
    message = text_at(*document, "message");
    if (message.empty()) message = text_at(*document, "Message");
  }
  if (problem.code.empty()) {
    problem.text =
        fmt::format("{} answered {} {}", impl_->target.endpoint, response.status,
                    printable(base::trim(std::string_view(response.body).substr(0, 300))));
  } else {
    problem.text = fmt::format("{}: {}", problem.code, printable(message));
  }
  if (response.status == 403) {
    problem.text +=
        "\nThe daemon wants a key that it knows: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  }
  return problem;
}

std::string text_at(const wire::Document& document, std::string_view name) {
  const auto* member = document.find(name);
  const auto* text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? std::string() : *text;
}

}  // namespace mayfly::cli
