#include "wire/encode.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "wire/json.h"
#include "wire/timestamp.h"

namespace mayfly::wire {
namespace {

Document encode_timestamp(Timestamp time, TimestampFormat format) {
  switch (format) {
    case TimestampFormat::by_protocol:
    case TimestampFormat::epoch_seconds:
      return time;
    case TimestampFormat::iso8601:
      return format_iso8601(time);
    case TimestampFormat::http_date:
      return format_http_date(time);
  }
  return time;
}

}  // namespace

Document encode_body(const ShapeInfo& shape, void* object) {
  DocumentMap map;
  map.reserve(shape.fields.size());
  for (const FieldInfo& field : shape.fields) {
    if (field.spec.place != Place::body) continue;
    const TypeInfo* type = field.type;
    void* value = field.in(object);
    while (value != nullptr && type->kind == Kind::optional) {
      value = type->value(value);
      type = type->element;
    }
    if (value == nullptr) continue;
    if (type->kind == Kind::document && static_cast<Document*>(value)->is_null()) continue;
    map.emplace_back(field.spec.name, encode_value(*type, value, field.spec.timestamp));
  }
  return map;
}

Document encode_value(const TypeInfo& type, void* value, TimestampFormat format) {
  switch (type.kind) {
    case Kind::string:
      return std::move(*static_cast<std::string*>(value));
    case Kind::boolean:
      return *static_cast<bool*>(value);
    case Kind::int32:
      return static_cast<std::int64_t>(*static_cast<std::int32_t*>(value));
    case Kind::int64:
      return *static_cast<std::int64_t*>(value);
    case Kind::float64:
      return *static_cast<double*>(value);
    case Kind::blob:
      return std::move(*static_cast<Blob*>(value));
    case Kind::timestamp:
      return encode_timestamp(*static_cast<Timestamp*>(value), format);
    case Kind::document:
      return std::move(*static_cast<Document*>(value));
    case Kind::optional: {
      void* inner = type.value(value);
      return inner == nullptr ? Document() : encode_value(*type.element, inner, format);
    }
    case Kind::list: {
      struct State {
        const TypeInfo& element;
        TimestampFormat format;
        DocumentList list;
      } state{*type.element, format, {}};
      state.list.reserve(type.size(value));
      type.walk(value, &state, [](void* self, const std::string*, void* element) {
        auto& s = *static_cast<State*>(self);
        s.list.push_back(encode_value(s.element, element, s.format));
        return true;
      });
      return std::move(state.list);
    }
    case Kind::map: {
      struct State {
        const TypeInfo& element;
        TimestampFormat format;
        DocumentMap map;
      } state{*type.element, format, {}};
      state.map.reserve(type.size(value));
      type.walk(value, &state, [](void* self, const std::string* key, void* element) {
        auto& s = *static_cast<State*>(self);
        s.map.emplace_back(*key, encode_value(s.element, element, s.format));
        return true;
      });
      return std::move(state.map);
    }
    case Kind::structure:
      return encode_body(type.shape(), value);
  }
  return {};
}

std::optional<std::string> encode_text(const TypeInfo& type, const void* value,
                                       TimestampFormat format) {
  switch (type.kind) {
    case Kind::string:
      return *static_cast<const std::string*>(value);
    case Kind::boolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case Kind::int32:
      return std::to_string(*static_cast<const std::int32_t*>(value));
    case Kind::int64:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    case Kind::float64:
      return fmt::format("{}", *static_cast<const double*>(value));
    case Kind::blob:
      return base::to_base64(static_cast<const Blob*>(value)->bytes);
    case Kind::timestamp: {
      const Timestamp time = *static_cast<const Timestamp*>(value);
      if (format == TimestampFormat::iso8601) return format_iso8601(time);
      if (format == TimestampFormat::http_date) return format_http_date(time);
      return format_epoch(time);
    }
    case Kind::document:
      return to_json(*static_cast<const Document*>(value));
    case Kind::optional: {
      const void* inner = type.value(const_cast<void*>(value));
      return inner == nullptr ? std::nullopt : encode_text(*type.element, inner, format);
    }
    case Kind::list:
    case Kind::map:
    case Kind::structure:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace mayfly::wire
