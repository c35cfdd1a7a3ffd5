#include "api/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "wire/json.h"

namespace mayfly::api {
namespace {

using wire::Document;
using wire::Kind;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::string:
      return "string";
    case Kind::boolean:
      return "boolean";
    case Kind::int32:
      return "integer";
    case Kind::int64:
      return "long";
    case Kind::float64:
      return "double";
    case Kind::blob:
      return "blob";
    case Kind::timestamp:
      return "timestamp";
    case Kind::document:
      return "document";
    case Kind::optional:
      return "optional";
    case Kind::list:
      return "list";
    case Kind::map:
      return "map";
    case Kind::structure:
      return "structure";
  }
  return "";
}

std::string_view place_name(wire::Place place) {
  switch (place) {
    case wire::Place::body:
      return "body";
    case wire::Place::path:
      return "path";
    case wire::Place::query:
      return "query";
    case wire::Place::header:
      return "header";
    case wire::Place::prefix_headers:
      return "prefix_headers";
    case wire::Place::payload:
      return "payload";
    case wire::Place::status_code:
      return "status_code";
  }
  return "";
}

std::string_view protocol_name(wire::Protocol protocol) {
  switch (protocol) {
    case wire::Protocol::aws_json_1_0:
      return "json 1.0";
    case wire::Protocol::aws_json_1_1:
      return "json 1.1";
    case wire::Protocol::rest_json:
      return "rest-json";
    case wire::Protocol::query:
      return "query";
    case wire::Protocol::rpc_v2_cbor:
      return "rpc-v2-cbor";
  }
  return "";
}

Document describe_shape(const wire::ShapeInfo& shape, std::vector<const wire::ShapeInfo*>& within);

// The type with its elements; a structure that contains itself is described once.
Document describe_type(const wire::TypeInfo& type, std::vector<const wire::ShapeInfo*>& within) {
  if (type.kind == Kind::optional) return describe_type(*type.element, within);
  Document out = Document::map();
  out.set("type", kind_name(type.kind));
  if (type.kind == Kind::list || type.kind == Kind::map)
    out.set("of", describe_type(*type.element, within));
  if (type.kind == Kind::structure) {
    const wire::ShapeInfo& shape = type.shape();
    if (std::ranges::find(within, &shape) != within.end()) {
      out.set("recursive", true);
    } else {
      out.set("members", describe_shape(shape, within));
    }
  }
  return out;
}

Document describe_shape(const wire::ShapeInfo& shape, std::vector<const wire::ShapeInfo*>& within) {
  within.push_back(&shape);
  Document members = Document::map();
  for (const wire::FieldInfo& field : shape.fields) {
    Document member = describe_type(*field.type, within);
    member.set("required", field.spec.rules.required);
    if (field.spec.place != wire::Place::body) {
      member.set("place", place_name(field.spec.place));
      member.set("location", field.spec.location);
    }
    members.set(field.spec.name, std::move(member));
  }
  within.pop_back();
  return members;
}

Document describe_operation(const Operation& operation) {
  Document out = Document::map();
  out.set("name", operation.name);
  if (!operation.http.uri.empty()) {
    Document http = Document::map();
    http.set("method", operation.http.method);
    http.set("uri", operation.http.uri);
    http.set("status", operation.http.status);
    out.set("http", std::move(http));
  }
  std::vector<const wire::ShapeInfo*> within;
  out.set("input", describe_shape(operation.request(), within));
  out.set("output", describe_shape(operation.response(), within));
  Document errors = Document::list();
  for (const wire::ErrorSpec* spec : operation.errors) {
    Document error = Document::map();
    error.set("code", spec->code);
    error.set("status", spec->status);
    errors.push_back(std::move(error));
  }
  out.set("errors", std::move(errors));
  return out;
}

// Every shape that `type` contains, once.
void collect_shapes(const wire::TypeInfo& type, std::vector<const wire::ShapeInfo*>& shapes);

void collect_shapes(const wire::ShapeInfo& shape, std::vector<const wire::ShapeInfo*>& shapes) {
  if (std::ranges::find(shapes, &shape) != shapes.end()) return;
  shapes.push_back(&shape);
  for (const wire::FieldInfo& field : shape.fields) collect_shapes(*field.type, shapes);
}

void collect_shapes(const wire::TypeInfo& type, std::vector<const wire::ShapeInfo*>& shapes) {
  if (type.element != nullptr) collect_shapes(*type.element, shapes);
  if (type.shape != nullptr) collect_shapes(type.shape(), shapes);
}

void check_patterns(const wire::FieldInfo& field, std::vector<std::string>& faults) {
  for (const auto* pattern : {&field.pattern, &field.each_pattern, &field.key_pattern}) {
    if (*pattern == nullptr) continue;
    try {
      (*pattern)->compile();
    } catch (const std::logic_error& error) {
      faults.push_back(fmt::format("{}: {}", field.spec.name, error.what()));
    }
  }
}

void check_path(const Operation& operation, std::vector<std::string>& faults) {
  std::string_view uri = operation.http.uri;
  if (operation.http.method.empty() || !uri.starts_with('/')) {
    faults.push_back(fmt::format("{} has no HTTP binding", operation.name));
    return;
  }
  std::vector<std::string> labels;
  for (std::size_t open = uri.find('{'); open != std::string_view::npos;
       open = uri.find('{', open + 1)) {
    std::string_view label = uri.substr(open + 1, uri.find('}', open) - open - 1);
    if (label.ends_with('+')) label.remove_suffix(1);
    labels.emplace_back(label);
  }
  for (const wire::FieldInfo& field : operation.request().fields) {
    if (field.spec.place != wire::Place::path) continue;
    if (std::erase(labels, field.spec.location) == 0) {
      faults.push_back(fmt::format("{}: {} is in the path, but not in {}", operation.name,
                                   field.spec.name, uri));
    }
  }
  for (const std::string& label : labels) {
    faults.push_back(fmt::format("{}: no member takes {{{}}}", operation.name, label));
  }
}

std::vector<std::string_view> missing(const Service& service) {
  std::vector<std::string_view> out;
  for (const KnownOperation& known : service.info.known) {
    if (service.find(known.name) == nullptr) out.push_back(known.name);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

std::vector<std::string> table_faults(const Service& service) {
  std::vector<std::string> faults;
  if (service.speaks(wire::Protocol::query) != nullptr && service.info.api_version.empty()) {
    faults.push_back("a Query service needs its version");
  }
  std::vector<const wire::ShapeInfo*> shapes;
  for (const Operation& operation : service.operations) {
    if (service.info.facts.protocol == wire::Protocol::rest_json) check_path(operation, faults);
    collect_shapes(operation.request(), shapes);
    collect_shapes(operation.response(), shapes);
    if (!service.info.known.empty() && !service.knows(operation.name)) {
      faults.push_back(fmt::format("AWS has no operation {}", operation.name));
    }
  }
  for (const wire::ShapeInfo* shape : shapes) {
    for (const wire::FieldInfo& field : shape->fields) check_patterns(field, faults);
  }
  return faults;
}

std::string dump_api(std::span<const Service> services) {
  Document list = Document::list();
  for (const Service& service : services) {
    Document entry = Document::map();
    entry.set("name", service.info.name);
    entry.set("title", service.info.title);
    entry.set("model", service.info.model);
    entry.set("protocol", protocol_name(service.info.facts.protocol));
    Document signing = Document::list();
    for (std::string_view name : service.info.signing_names) signing.push_back(name);
    entry.set("signing_names", std::move(signing));
    if (!service.info.target_prefix.empty()) entry.set("target_prefix", service.info.target_prefix);
    if (!service.info.api_version.empty()) entry.set("api_version", service.info.api_version);
    Document operations = Document::list();
    for (const Operation& operation : service.operations)
      operations.push_back(describe_operation(operation));
    entry.set("operations", std::move(operations));
    Document unsupported = Document::list();
    for (std::string_view name : missing(service)) unsupported.push_back(name);
    entry.set("unsupported", std::move(unsupported));
    list.push_back(std::move(entry));
  }
  Document out = Document::map();
  out.set("services", std::move(list));
  return wire::to_json(out);
}

std::string compatibility_markdown(const Service& service) {
  std::vector<std::string_view> supported;
  for (const Operation& operation : service.operations) supported.push_back(operation.name);
  std::ranges::sort(supported);
  const std::vector<std::string_view> absent = missing(service);
  std::string out = fmt::format(
      "# {}\n\nWritten from the operation table (`mayfly --compatibility`); do not edit.\n\n"
      "{} of {} operations.\n\n## Supported\n\n",
      service.info.title, supported.size(), supported.size() + absent.size());
  for (std::string_view name : supported) out += fmt::format("- {}\n", name);
  if (!absent.empty()) {
    out +=
        "\n## Not supported yet\n\nAnswered with `NotSupportedException` (501), which names the "
        "operation.\n\n";
    for (std::string_view name : absent) out += fmt::format("- {}\n", name);
  }
  return out;
}

}  // namespace mayfly::api
