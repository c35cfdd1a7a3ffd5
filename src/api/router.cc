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

Route refuse(const Service* service, const wire::ServiceFacts* facts, const wire::ErrorSpec& spec,
             std::string message) {
  Route route;
  route.service = service;
  route.facts = facts;
  route.error = wire::ApiError{&spec, std::move(message), {}, {}};
  return route;
}

Route unsupported(const Service& service, const wire::ServiceFacts& facts,
                  std::string_view operation) {
  Route route;
  route.service = &service;
  route.facts = &facts;
  route.error = wire::not_supported(fmt::format("{} of {}", operation, service.info.title)).error();
  return route;
}

bool signs_as(const Service& service, std::string_view name) {
  return std::ranges::find(service.info.signing_names, name) != service.info.signing_names.end();
}

const wire::ServiceFacts* json_of(const Service& service) {
  const wire::ServiceFacts* facts = service.speaks(Protocol::aws_json_1_0);
  return facts != nullptr ? facts : service.speaks(Protocol::aws_json_1_1);
}

// Names from the request go into messages, cut: they may be anything.
std::string_view shown(std::string_view text) { return text.substr(0, 128); }

// The operation of a service whose requests name theirs, or why there is none.
Route by_name(const Service& service, const wire::ServiceFacts& facts, std::string_view name) {
  const Operation* operation = service.find(name);
  if (operation == nullptr && service.knows(name)) return unsupported(service, facts, name);
  if (operation == nullptr) {
    return refuse(&service, &facts, wire::kUnknownOperation,
                  fmt::format("{} has no operation {}.", service.info.title, shown(name)));
  }
  Route route;
  route.service = &service;
  route.operation = operation;
  route.facts = &facts;
  return route;
}

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
    if (json_of(service) != nullptr) {
      const auto same = std::ranges::count_if(services_, [&](const Service& other) {
        return json_of(other) != nullptr && other.info.target_prefix == service.info.target_prefix;
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
  if (auto protocol = request.headers.get("smithy-protocol"))
    return by_rpc_path(request, *protocol);
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
    const wire::ServiceFacts* facts = json_of(service);
    if (facts != nullptr && service.info.target_prefix == prefix)
      return by_name(service, *facts, name);
  }
  return refuse(nullptr, nullptr, wire::kUnknownOperation,
                fmt::format("No service here has the target {}.", shown(target)));
}

// Smithy RPC v2: .../service/<Service>/operation/<Operation>; the service may be an absolute shape
// id.
Route Router::by_rpc_path(const http::Request& request, std::string_view protocol) const {
  if (protocol != "rpc-v2-cbor") {
    Route route;
    route.error = wire::not_supported(fmt::format("The protocol {}", shown(protocol))).error();
    return route;
  }
  const std::vector<std::string_view> path = base::split(request.raw_path(), '/');
  const std::size_t parts = path.size();
  if (request.method != "POST" || request.headers.has("x-amz-target") || parts < 4 ||
      path[parts - 4] != "service" || path[parts - 2] != "operation") {
    return refuse(nullptr, nullptr, wire::kUnknownOperation,
                  "A request of the protocol rpc-v2-cbor is a POST to "
                  "/service/{Service}/operation/{Operation}, without X-Amz-Target.");
  }
  std::string_view name = path[parts - 3];
  name.remove_prefix(std::min(name.size(), name.find_last_of(".#") + 1));
  for (const Service& service : services_) {
    const wire::ServiceFacts* facts = service.speaks(Protocol::rpc_v2_cbor);
    if (facts != nullptr && service.info.target_prefix == name)
      return by_name(service, *facts, path[parts - 1]);
  }
  return refuse(nullptr, nullptr, wire::kUnknownOperation,
                fmt::format("No service here speaks rpc-v2-cbor as {}.", shown(name)));
}

Route Router::by_signing_name(const http::Request& request, std::string_view signing_name) const {
  const Service* json = nullptr;
  bool rest = false;
  for (const Service& service : services_) {
    if (!signs_as(service, signing_name)) continue;
    if (const wire::ServiceFacts* facts = service.speaks(Protocol::query)) {
      const Action action = action_of(request);
      if (action.action.empty()) {
        return refuse(&service, facts, wire::kUnknownOperation,
                      "The request has no parameter Action.");
      }
      return by_action(request, &service, action.action, action.version);
    }
    rest = rest || service.speaks(Protocol::rest_json) != nullptr;
    if (json == nullptr && json_of(service) != nullptr) json = &service;
  }
  if (rest) return by_uri(request, signing_name);
  if (json != nullptr) {
    return refuse(json, json_of(*json), wire::kUnknownOperation,
                  "The request has no header X-Amz-Target.");
  }
  Route route;
  route.error = wire::not_supported(fmt::format("The service {}", shown(signing_name))).error();
  return route;
}

Route Router::by_action(const http::Request&, const Service* only, std::string_view action,
                        std::string_view version) const {
  const Service* candidate = only;
  for (const Service& service : services_) {
    const wire::ServiceFacts* facts = service.speaks(Protocol::query);
    if (facts == nullptr || (only != nullptr && &service != only)) continue;
    if (!version.empty() && version != service.info.api_version) continue;
    if (service.find(action) != nullptr || service.knows(action))
      return by_name(service, *facts, action);
    candidate = &service;
  }
  return refuse(candidate, candidate == nullptr ? nullptr : candidate->speaks(Protocol::query),
                wire::kUnknownOperation,
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
        if (entry.operation == nullptr)
          return unsupported(*rest.service, rest.service->info.facts, entry.name);
        Route route;
        route.service = rest.service;
        route.operation = entry.operation;
        route.facts = &rest.service->info.facts;
        route.labels = std::move(match.labels);
        return route;
      }
      case wire::RouteTable::Outcome::malformed:
        return refuse(rest.service, &rest.service->info.facts, kMalformedPath,
                      "The path has a broken percent escape.");
      case wire::RouteTable::Outcome::wrong_method:
        first = rest.service;
        break;
      case wire::RouteTable::Outcome::no_such_path:
        break;
    }
  }
  return refuse(
      first, first == nullptr ? nullptr : &first->info.facts, kUnknownPath,
      fmt::format("No operation is at {} {}.", shown(request.method), shown(request.raw_path())));
}

}  // namespace mayfly::api
