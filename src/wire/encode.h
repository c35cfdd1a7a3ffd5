// Encoding: struct -> Document, over the struct's table. Strings are moved out of the struct.
#pragma once

#include "wire/document.h"
#include "wire/shape.h"

namespace mayfly::wire {

// The members of Place::body; unset optionals are left out. `object` is left moved-from.
Document encode_body(const ShapeInfo& shape, void* object);
// Any value. Timestamps become text where `format` says so, else stay Timestamps.
Document encode_value(const TypeInfo& type, void* value, TimestampFormat format);
// A scalar as text, for headers; nullopt for what is unset or no scalar.
std::optional<std::string> encode_text(const TypeInfo& type, const void* value,
                                       TimestampFormat format);

// A whole struct as a JSON-like document.
template <Structure T>
Document encode(T object) {
  return encode_body(shape_of<T>(), &object);
}

}  // namespace mayfly::wire
