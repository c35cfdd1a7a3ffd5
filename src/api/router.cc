#include "api/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/strings.h"

namespace mayfly::api {
namespace {

using wire::Protocol;

// REST answers an unknown path with 404, the others with 400.
constexpr wire::ErrorSpec kUnknownPath{"UnknownOperationException", 404};
constexpr wire::ErrorSpec kMalformedPath{"BadRequestException", 400};

Route refuse(const Service* service, const wire::ErrorSpec& spec, std::string message) {
  Route route;
  route.service = service;
  route.error = wire::ApiError{&spec, std::move(message), {}, {}};
  return route;
}

Route unsupported(const Service& service, std::string_view operation) {
  Route route;
  route.service = &service;
  route.error = wire::not_supported(fmt::format("{} of {}", operation, service.info.title)).error();
  return route;
}

bool signs_as(const Service& service, std::string_view name) {
  return std::ranges::find(service.info.signing_names, name) != service.info.signing_names.end();
}

bool is_json(const Service& service) {
  return service.info.facts.protocol == Protocol::aws_json_1_0 ||
         service.info.facts.protocol == Protocol::aws_json_1_1;
}

// Names from the request go into messages, cut: they may be anything.
std::string_view shown(std::string_view text) { return text.substr(0, 128); }

struct Action {
  std::string action, version;
};

// Query parameters sit in a form, or in the query string of a GET.
Action action_of(const http::Request& request) {
  Action out;
  auto take = [&](std::string_view text) {
    // Cheap test first: bodies of other protocols come here too when a request is unsigned. What
    // else is in the form is the codec's to judge.
    if (!text.contains("Action=")) return;
    for (std::string_view pair : base::split(text, '&')) {
      std::string* target = pair.starts_with("Action=")    ? &out.action
                            : pair.starts_with("Version=") ? &out.version
                                                           : nullptr;
      if (target == nullptr) continue;
      auto value = base::percent_decode(pair.substr(pair.find('=') + 1), base::Plus::space);
      if (value) *target = std::move(*value);
    }
  };
  take(request.raw_query());
  auto type = request.headers.get("content-type");
  if (type && base::to_lower(*type).starts_with("application/x-www-form-urlencoded"))
    take(request.body);
  return out;
}

}  // namespace

Router::Router(std::vector<Service> services, std::vector<HttpEndpoint*> endpoints)
    : services_(std::move(services)), endpoints_(std::move(endpoints)) {
  for (const Service& service : services_) {
    if (is_json(service)) {
      const auto same = std::ranges::count_if(services_, [&](const Service& other) {
        return is_json(other) && other.info.target_prefix == service.info.target_prefix;
      });
      if (same != 1)
        throw std::logic_error(
            fmt::format("target prefix {} is there twice", service.info.target_prefix));
    }
    if (service.info.facts.protocol != Protocol::rest_json) continue;
    RestService& rest = rest_.emplace_back();
    rest.service = &service;
    for (const Operation& operation : service.operations) {
      rest.table.add(operation.http.method, operation.http.uri, rest.entries.size());
      rest.entries.push_back({&operation, operation.name});
    }
    for (const KnownOperation& known : service.info.known) {
      if (service.find(known.name) != nullptr || known.uri.empty()) continue;
      rest.table.add(known.method, known.uri, rest.entries.size());
      rest.entries.push_back({nullptr, known.name});
    }
  }
}

Route Router::route(const http::Request& request, std::string_view signing_name) const {
  for (HttpEndpoint* endpoint : endpoints_) {
    if (endpoint->matches(request)) {
      Route route;
      route.endpoint = endpoint;
      return route;
    }
  }
  if (request.headers.has("smithy-protocol")) {
    Route route;
    route.error = wire::not_supported(fmt::format("The protocol {}",
                                                  shown(*request.headers.get("smithy-protocol"))))
                      .error();
    return route;
  }
  if (auto target = request.headers.get("x-amz-target")) return by_target(*target);
  if (!signing_name.empty()) return by_signing_name(request, signing_name);
  const Action action = action_of(request);
  if (!action.action.empty()) return by_action(request, nullptr, action.action, action.version);
  return by_uri(request, {});
}

Route Router::by_target(std::string_view target) const {
  const std::size_t dot = target.rfind('.');
  const std::string_view prefix = target.substr(0, dot == std::string_view::npos ? 0 : dot);
  const std::string_view name = dot == std::string_view::npos ? target : target.substr(dot + 1);
  for (const Service& service : services_) {
    if (!is_json(service) || service.info.target_prefix != prefix) continue;
    if (const Operation* operation = service.find(name)) {
      Route route;
      route.service = &service;
      route.operation = operation;
      return route;
    }
    if (service.knows(name)) return unsupported(service, name);
    return refuse(&service, wire::kUnknownOperation,
                  fmt::format("{} has no operation {}.", service.info.title, shown(name)));
  }
  return refuse(nullptr, wire::kUnknownOperation,
                fmt::format("No service here has the target {}.", shown(target)));
}

Route Router::by_signing_name(const http::Request& request, std::string_view signing_name) const {
  const Service* json = nullptr;
  bool rest = false;
  for (const Service& service : services_) {
    if (!signs_as(service, signing_name)) continue;
    if (service.info.facts.protocol == Protocol::query) {
      const Action action = action_of(request);
      if (action.action.empty()) {
        return refuse(&service, wire::kUnknownOperation, "The request has no parameter Action.");
      }
      return by_action(request, &service, action.action, action.version);
    }
    rest = rest || service.info.facts.protocol == Protocol::rest_json;
    if (is_json(service)) json = &service;
  }
  if (rest) return by_uri(request, signing_name);
  if (json != nullptr) {
    return refuse(json, wire::kUnknownOperation, "The request has no header X-Amz-Target.");
  }
  Route route;
  route.error = wire::not_supported(fmt::format("The service {}", shown(signing_name))).error();
  return route;
}

Route Router::by_action(const http::Request&, const Service* only, std::string_view action,
                        std::string_view version) const {
  const Service* candidate = only;
  for (const Service& service : services_) {
    if (service.info.facts.protocol != Protocol::query || (only != nullptr && &service != only))
      continue;
    if (!version.empty() && version != service.info.api_version) continue;
    if (const Operation* operation = service.find(action)) {
      Route route;
      route.service = &service;
      route.operation = operation;
      return route;
    }
    if (service.knows(action)) return unsupported(service, action);
    candidate = &service;
  }
  return refuse(candidate, wire::kUnknownOperation,
                fmt::format("Could not find operation {} for version {}", shown(action),
                            version.empty() ? "NO_VERSION_SPECIFIED" : shown(version)));
}

Route Router::by_uri(const http::Request& request, std::string_view signing_name) const {
  const Service* first = nullptr;
  for (const RestService& rest : rest_) {
    if (!signing_name.empty() && !signs_as(*rest.service, signing_name)) continue;
    if (first == nullptr && !signing_name.empty()) first = rest.service;
    auto match = rest.table.match(request.method, request.raw_path(), request.raw_query());
    switch (match.outcome) {
      case wire::RouteTable::Outcome::found: {
        const RestService::Entry& entry = rest.entries[match.id];
        if (entry.operation == nullptr) return unsupported(*rest.service, entry.name);
        Route route;
        route.service = rest.service;
        route.operation = entry.operation;
        route.labels = std::move(match.labels);
        return route;
      }
      case wire::RouteTable::Outcome::malformed:
        return refuse(rest.service, kMalformedPath, "The path has a broken percent escape.");
      case wire::RouteTable::Outcome::wrong_method:
        first = rest.service;
        break;
      case wire::RouteTable::Outcome::no_such_path:
        break;
    }
  }
  return refuse(
      first, kUnknownPath,
      fmt::format("No operation is at {} {}.", shown(request.method), shown(request.raw_path())));
}

}  // namespace mayfly::api
