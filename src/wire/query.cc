// AWS Query (STS, IAM): a form in, XML out. Lists are Name.member.N, maps Name.entry.N.key and
// .value, structures Name.Member; flattened ones leave out "member" or "entry".
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "wire/codec.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"
#include "wire/timestamp.h"

namespace mayfly::wire {
namespace {

constexpr std::size_t kMaxPairs = 20'000;
constexpr std::size_t kMaxFormDepth = 32;

// The names of a form as a tree: "a.member.1.b" is a path.
struct Node {
  std::optional<std::string> value;
  std::map<std::string, Node, std::less<>> children;
};

bool insert(Node& root, std::string_view name, std::string value) {
  Node* node = &root;
  std::size_t depth = 0;
  for (std::string_view step : base::split(name, '.')) {
    if (++depth > kMaxFormDepth) return false;
    auto found = node->children.find(step);
    if (found == node->children.end())
      found = node->children.emplace(std::string(step), Node{}).first;
    node = &found->second;
  }
  node->value = std::move(value);
  return true;
}

enum class Flattened { no, yes };

Document to_document(const TypeInfo& type, Node& node, Flattened flattened);

// The children with numeric names, in the order of their numbers; gaps are closed.
std::vector<Node*> numbered(Node& node) {
  std::vector<std::pair<std::int64_t, Node*>> found;
  for (auto& [name, child] : node.children) {
    if (auto number = base::parse_int(name)) found.emplace_back(*number, &child);
  }
  std::ranges::sort(found, {}, &std::pair<std::int64_t, Node*>::first);
  std::vector<Node*> out;
  out.reserve(found.size());
  for (auto& [number, child] : found) out.push_back(child);
  return out;
}

// "Tags=" is an empty list; a missing level is none.
Document list_of(const TypeInfo& type, Node& node, Flattened flattened) {
  Node* entries = &node;
  if (flattened == Flattened::no) {
    auto member = node.children.find("member");
    if (member == node.children.end()) return node.value ? Document::list() : Document();
    entries = &member->second;
  }
  Document list = Document::list();
  for (Node* entry : numbered(*entries))
    list.push_back(to_document(*type.element, *entry, Flattened::no));
  return list;
}

Document map_of(const TypeInfo& type, Node& node, Flattened flattened) {
  Node* entries = &node;
  if (flattened == Flattened::no) {
    auto entry = node.children.find("entry");
    if (entry == node.children.end()) return node.value ? Document::map() : Document();
    entries = &entry->second;
  }
  DocumentMap map;
  for (Node* entry : numbered(*entries)) {
    auto key = entry->children.find("key");
    auto value = entry->children.find("value");
    if (key == entry->children.end() || !key->second.value || value == entry->children.end())
      continue;
    map.emplace_back(*key->second.value, to_document(*type.element, value->second, Flattened::no));
  }
  return map;
}

Document to_document(const TypeInfo& type, Node& node, Flattened flattened) {
  switch (type.kind) {
    case Kind::optional:
      return to_document(*type.element, node, flattened);
    case Kind::list:
      return list_of(type, node, flattened);
    case Kind::map:
      return map_of(type, node, flattened);
    case Kind::structure: {
      DocumentMap map;
      for (const FieldInfo& field : type.shape().fields) {
        auto child = node.children.find(field.spec.name);
        if (child == node.children.end()) continue;
        map.emplace_back(field.spec.name,
                         to_document(*field.type, child->second,
                                     field.spec.flattened ? Flattened::yes : Flattened::no));
      }
      return map;
    }
    default:
      return node.value ? Document(std::move(*node.value)) : Document();
  }
}

// ---- XML
// ----------------------------------------------------------------------------------------------

void write_xml_text(std::string_view text, std::string& out) {
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        // XML 1.0 cannot say other control characters, not even escaped.
        if (static_cast<std::uint8_t>(c) >= 0x20 || c == '\n' || c == '\t') {
          out += c;
        } else {
          out += "\xef\xbf\xbd";
        }
    }
  }
}

void open(std::string_view name, std::string& out) {
  out += '<';
  out += name;
  out += '>';
}
void close(std::string_view name, std::string& out) {
  out += "</";
  out += name;
  out += '>';
}
void write_xml_element(std::string_view name, std::string_view text, std::string& out) {
  open(name, out);
  write_xml_text(text, out);
  close(name, out);
}

void write_xml_value(const TypeInfo& type, void* value, std::string_view name,
                     const FieldSpec& spec, std::string& out);

void write_xml_members(const ShapeInfo& shape, void* object, std::string& out) {
  for (const FieldInfo& field : shape.fields) {
    write_xml_value(*field.type, field.in(object), field.spec.name, field.spec, out);
  }
}

void write_xml_entries(const TypeInfo& type, void* value, std::string_view entry_name,
                       std::string& out) {
  static constexpr FieldSpec kNoSpec{};
  struct State {
    const TypeInfo& element;
    std::string_view entry_name;
    std::string& out;
  } state{*type.element, entry_name, out};
  type.walk(value, &state, [](void* self, const std::string* key, void* element) {
    auto& s = *static_cast<State*>(self);
    if (key == nullptr) {
      write_xml_value(s.element, element, s.entry_name, kNoSpec, s.out);
    } else {
      open(s.entry_name, s.out);
      write_xml_element("key", *key, s.out);
      write_xml_value(s.element, element, "value", kNoSpec, s.out);
      close(s.entry_name, s.out);
    }
    return true;
  });
}

void write_xml_value(const TypeInfo& type, void* value, std::string_view name,
                     const FieldSpec& spec, std::string& out) {
  switch (type.kind) {
    case Kind::optional:
      if (void* inner = type.value(value)) write_xml_value(*type.element, inner, name, spec, out);
      return;
    case Kind::structure:
      open(name, out);
      write_xml_members(type.shape(), value, out);
      close(name, out);
      return;
    case Kind::list:
    case Kind::map:
      if (spec.flattened) {
        write_xml_entries(type, value, name, out);
        return;
      }
      open(name, out);
      write_xml_entries(type, value, type.kind == Kind::list ? "member" : "entry", out);
      close(name, out);
      return;
    default: {
      TimestampFormat format = spec.timestamp;
      if (format == TimestampFormat::by_protocol) format = TimestampFormat::iso8601;
      write_xml_element(name, encode_text(type, value, format).value_or(""), out);
    }
  }
}

http::Response respond(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/xml");
  response.body = std::move(body);
  return response;
}

ApiError malformed(std::string message) {
  return ApiError{&kSerialization, std::move(message), {}, {}};
}

}  // namespace

std::optional<ApiError> decode_query(Input& input, const ShapeInfo& shape, void* object) {
  // Parameters are in the body of a POST and in the query string of a GET; a client may use both.
  Node root;
  std::size_t count = 0;
  for (std::string_view text : {input.http.raw_query(), std::string_view(input.http.body)}) {
    auto pairs = parse_form(text);
    if (!pairs) return malformed("The form has a broken percent escape.");
    for (auto& [name, value] : *pairs) {
      if (++count > kMaxPairs) return malformed("The form has too many parameters.");
      if (!insert(root, name, std::move(value)))
        return malformed("A parameter's name is nested too deeply.");
    }
  }
  DocumentMap members;
  for (const FieldInfo& field : shape.fields) {
    auto child = root.children.find(field.spec.name);
    if (child == root.children.end()) continue;
    members.emplace_back(field.spec.name,
                         to_document(*field.type, child->second,
                                     field.spec.flattened ? Flattened::yes : Flattened::no));
  }
  Document document(std::move(members));
  Decoder decoder;
  const Path path;
  decoder.structure(shape, document, object, path, Leaves::text);
  return decoder.error();
}

http::Response encode_query(const Output& output, const ShapeInfo& shape, void* object) {
  std::string body =
      fmt::format("<{}Response xmlns=\"{}\">", output.operation, output.facts.xml_namespace);
  if (!shape.fields.empty()) {
    const std::string result = fmt::format("{}Result", output.operation);
    open(result, body);
    write_xml_members(shape, object, body);
    close(result, body);
  }
  open("ResponseMetadata", body);
  write_xml_element("RequestId", output.request_id, body);
  close("ResponseMetadata", body);
  close(fmt::format("{}Response", output.operation), body);
  return respond(200, std::move(body));
}

http::Response encode_query_error(const Output& output, const ApiError& error) {
  std::string body = fmt::format("<ErrorResponse xmlns=\"{}\"><Error>", output.facts.xml_namespace);
  write_xml_element("Type", error.spec->fault == Fault::client ? "Sender" : "Receiver", body);
  write_xml_element(
      "Code", error.spec->query_code.empty() ? error.spec->code : error.spec->query_code, body);
  write_xml_element("Message", error.message, body);
  close("Error", body);
  write_xml_element("RequestId", output.request_id, body);
  close("ErrorResponse", body);
  return respond(error.spec->status, std::move(body));
}

}  // namespace mayfly::wire
