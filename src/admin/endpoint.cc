#include "admin/endpoint.h"

#include <fmt/format.h>

#include "admin/errors.h"
#include "base/strings.h"
#include "identity/sigv4.h"
#include "wire/codec.h"
#include "wire/json.h"
#include "wire/uri.h"

namespace mayfly::admin {
namespace {

constexpr std::string_view kSnapshots = "/_mayfly/snapshots";
constexpr std::string_view kBranches = "/_mayfly/branches";
constexpr std::string_view kSigningName = "mayfly";
constexpr wire::ServiceFacts kFacts{.protocol = wire::Protocol::rest_json};

bool is_below(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

http::Response json(int status, const wire::Document& document) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = wire::to_json(document);
  return response;
}

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

std::unexpected<wire::ApiError> no_such_request(const http::Request& request) {
  return wire::fail(wire::kUnknownOperation,
                    fmt::format("{} {} is nothing that can be asked for.",
                                request.method.substr(0, 16), request.raw_path().substr(0, 100)));
}

std::string parameter(const http::Request& request, std::string_view name) {
  if (auto pairs = wire::parse_form(request.raw_query())) {
    for (auto& [key, value] : *pairs) {
      if (key == name) return std::move(value);
    }
  }
  return {};
}

double milliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

wire::Document document_of(const Branch& branch) {
  wire::Document out = wire::Document::map();
  out.set("name", branch.name);
  out.set("endpoint", branch.endpoint);
  out.set("state", branch.alive ? "running" : "ended");
  out.set("created", base::iso8601_ms(branch.created));
  out.set("copied_ms", milliseconds(branch.copied));
  out.set("ready_ms", milliseconds(branch.ready));
  return out;
}

wire::Document document_of(const Snapshot& snapshot) {
  wire::Document files = wire::Document::list();
  for (const SnapshotFile& file : snapshot.files) {
    wire::Document entry = wire::Document::map();
    entry.set("path", file.path);
    entry.set("size", file.size);
    files.push_back(std::move(entry));
  }
  wire::Document out = wire::Document::map();
  out.set("id", snapshot.id);
  out.set("made", base::iso8601_ms(snapshot.made));
  out.set("files", std::move(files));
  return out;
}

}  // namespace

bool Endpoint::matches(const http::Request& request) const {
  const std::string_view path = request.raw_path();
  return is_below(path, kSnapshots) || is_below(path, kBranches);
}

base::Task<http::Response> Endpoint::handle(http::Request request) {
  const std::string request_id = ids_.uuid();
  auto response = co_await answer(request);
  if (response) co_return std::move(*response);
  const wire::Output output{kFacts, {}, request_id};
  co_return wire::encode_error(output, response.error());
}

base::Task<wire::Result<void>> Endpoint::authorize(const http::Request& request) {
  auto signature = identity::parse_signature(request);
  if (!signature) co_return std::unexpected(std::move(signature).error());
  if (!*signature) {
    co_return wire::fail(wire::kMissingAuthenticationToken,
                         "This request has to be signed; the mayfly command does it.");
  }
  if ((*signature)->scope.service != kSigningName) {
    co_return wire::fail(wire::kInvalidSignature,
                         "Credential should be scoped to correct service: 'mayfly'.");
  }
  auto identity = co_await authenticator_.authenticate(request, std::move(*signature));
  if (!identity) co_return std::unexpected(std::move(identity).error());
  using Kind = identity::PrincipalKind;
  if (identity->principal.kind != Kind::root && identity->principal.kind != Kind::user) {
    co_return wire::fail(wire::kAccessDenied,
                         fmt::format("{} may not copy the installation: only the account and its "
                                     "users may.",
                                     identity->principal.arn));
  }
  co_return wire::Result<void>{};
}

base::Task<wire::Result<http::Response>> Endpoint::answer(const http::Request& request) {
  if (auto allowed = co_await authorize(request); !allowed)
    co_return std::unexpected(std::move(allowed).error());
  const std::string_view path = request.raw_path();
  const bool snapshots = is_below(path, kSnapshots);
  std::string_view rest = path.substr(snapshots ? kSnapshots.size() : kBranches.size());
  if (!rest.empty()) rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  std::string first(rest.substr(0, slash));
  std::string second(slash == std::string_view::npos ? "" : rest.substr(slash + 1));
  if (snapshots) co_return co_await on_snapshots(request, std::move(first), std::move(second));
  if (!second.empty()) co_return no_such_request(request);
  co_return co_await on_branches(request, std::move(first));
}

base::Task<wire::Result<http::Response>> Endpoint::on_snapshots(const http::Request& request,
                                                                std::string id, std::string what) {
  if (request.method == "POST" && id.empty()) {
    auto snapshot = co_await snapshots_.make();
    if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
    co_return json(201, document_of(*snapshot));
  }
  if (request.method == "DELETE" && !id.empty() && what.empty()) {
    auto dropped = co_await snapshots_.drop(std::move(id));
    if (!dropped) co_return std::unexpected(std::move(dropped).error());
    co_return no_content();
  }
  if (request.method == "GET" && what == "content") {
    const auto offset = base::parse_int(parameter(request, "offset"));
    if (!offset || *offset < 0) co_return wire::fail(wire::kValidation, "offset is a number.");
    auto part = co_await snapshots_.read(std::move(id), parameter(request, "path"),
                                         static_cast<std::uint64_t>(*offset));
    if (!part) co_return std::unexpected(std::move(part).error());
    http::Response response;
    response.headers.add("Content-Type", "application/octet-stream");
    response.body = std::move(*part);
    co_return response;
  }
  if (request.method == "GET" && what == "digest") {
    auto digest = co_await snapshots_.digest(std::move(id), parameter(request, "path"));
    if (!digest) co_return std::unexpected(std::move(digest).error());
    wire::Document out = wire::Document::map();
    out.set("sha256", std::move(*digest));
    co_return json(200, out);
  }
  co_return no_such_request(request);
}

base::Task<wire::Result<http::Response>> Endpoint::on_branches(const http::Request& request,
                                                               std::string name) {
  if (request.method == "GET" && name.empty()) {
    wire::Document list = wire::Document::list();
    for (const Branch& branch : co_await branches_.list()) list.push_back(document_of(branch));
    wire::Document out = wire::Document::map();
    out.set("branches", std::move(list));
    co_return json(200, out);
  }
  if (request.method == "POST" && name.empty()) {
    if (!request.body.empty()) {
      const auto body = wire::parse_json(request.body);
      const wire::Document* given = body ? body->find("name") : nullptr;
      if (!body || (given != nullptr && !given->is_string())) {
        co_return wire::fail(wire::kValidation, R"(The body is {"name": "..."}, or empty.)");
      }
      if (given != nullptr) name = *given->as_string();
    }
    auto branch = co_await branches_.create(std::move(name));
    if (!branch) co_return std::unexpected(std::move(branch).error());
    co_return json(201, document_of(*branch));
  }
  if (request.method == "DELETE" && !name.empty()) {
    auto removed = co_await branches_.remove(std::move(name));
    if (!removed) co_return std::unexpected(std::move(removed).error());
    co_return no_content();
  }
  co_return no_such_request(request);
}

}  // namespace mayfly::admin
