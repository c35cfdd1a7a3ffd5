#include "api/web_pages.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "http/authority.h"

namespace mayfly::api {
namespace {

// Of "scheme://host:port"; empty where there is none, as in "null".
std::string_view authority_of(std::string_view origin) {
  const std::size_t mark = origin.find("://");
  return mark == std::string_view::npos ? std::string_view() : origin.substr(mark + 3);
}

std::optional<boost::asio::ip::address> as_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error) return std::nullopt;
  return address;
}

bool is_below(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.' &&
         base::equals_ignore_case(host.substr(host.size() - domain.size()), domain);
}

bool is_this_machine(std::string_view host) {
  if (host == "127.0.0.1") return true;  // nearly always
  if (base::equals_ignore_case(host, "localhost") || is_below(host, "localhost")) return true;
  const auto address = as_address(host);
  return address && address->is_loopback();
}

// Domains in which no stranger can make a name mean 127.0.0.1: AWS's own, by which clients are led
// here on purpose, one that this ecosystem's configurations use for this machine, and those that
// public DNS does not have.
constexpr std::array<std::string_view, 12> kSafeDomains = {
    "amazonaws.com", "amazonaws.com.cn",
    "api.aws",       "localhost.localstack.cloud",
    "internal",      "local",
    "lan",           "home.arpa",
    "test",          "intranet",
    "private",       "localdomain"};

}  // namespace

bool WebPages::trusts_origin(std::string_view origin, std::string_view host) const {
  const std::string_view page = authority_of(origin);
  if (!page.empty() && is_this_machine(http::host_of(page))) return true;
  // A page of this very endpoint, which has a name that no stranger can have given it.
  if (!page.empty() && base::equals_ignore_case(page, host)) return true;
  return std::ranges::any_of(origins_, [&](const std::string& trusted) {
    return trusted == "*" || base::equals_ignore_case(trusted, origin);
  });
}

bool WebPages::knows_host(std::string_view host) const {
  if (host.find('.') == std::string_view::npos || is_this_machine(host) || as_address(host)) {
    return true;
  }
  return std::ranges::any_of(kSafeDomains,
                             [&](std::string_view domain) {
                               return base::equals_ignore_case(host, domain) ||
                                      is_below(host, domain);
                             }) ||
         std::ranges::any_of(origins_, [&](const std::string& trusted) {
           return trusted == "*" ||
                  base::equals_ignore_case(http::host_of(authority_of(trusted)), host);
         });
}

std::optional<wire::ApiError> WebPages::refuse(const http::Request& request) const {
  const std::string_view authority = request.headers.get("host").value_or("");
  const std::string_view host = http::host_of(authority);
  const auto refused = [](std::string message) {
    return wire::ApiError{&wire::kAccessDenied, std::move(message), {}, {}};
  };
  if (!knows_host(host)) {
    return refused(fmt::format(
        "This endpoint is not known as {0}, and a web page could have sent this request under a "
        "name of its own. Where the name is yours, start with --allow-origin http://{1}.",
        host, authority));
  }
  if (const auto origin = request.headers.get("origin")) {
    if (trusts_origin(*origin, authority)) return std::nullopt;
    return refused(fmt::format(
        "A web page of {0} sent this request, and only pages of this machine are trusted here. "
        "Where the page is yours, start with --allow-origin {0}.",
        *origin));
  }
  if (request.headers.get("sec-fetch-site") == "cross-site") {
    return refused(
        "A web page of another site sent this request, and only pages of this machine are trusted "
        "here. Where the page is yours, start with --allow-origin and its origin.");
  }
  return std::nullopt;
}

// The names and the 172,800 seconds are what DynamoDB and other services answer.
http::Response answer_preflight(const http::Request& request) {
  http::Response response;
  let_page_read(request, response.headers);
  const auto echo = [&](std::string_view asked, std::string name) {
    if (const auto value = request.headers.get(asked)) {
      response.headers.add(std::move(name), std::string(*value));
    }
  };
  echo("access-control-request-headers", "access-control-allow-headers");
  echo("access-control-request-method", "access-control-allow-methods");
  response.headers.add("access-control-max-age", "172800");
  return response;
}

void let_page_read(const http::Request& request, http::Headers& answer) {
  if (!request.headers.has("origin")) return;
  // Lambda exposes its own besides those of all services.
  std::string exposed = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";
  for (const auto& [name, value] : answer) {
    if (base::equals_ignore_case(std::string_view(name).substr(0, 6), "x-amz-") &&
        name != "x-amz-crc32") {
      exposed += "," + name;
    }
  }
  answer.add("access-control-allow-origin", "*");
  answer.add("access-control-expose-headers", std::move(exposed));
}

}  // namespace mayfly::api
