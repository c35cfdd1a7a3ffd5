// Decoding: Document -> struct, over the struct's table, with validation.
//
// Wrong types end it at once with a SerializationException; violated rules are collected and
// answered together. Unknown members are ignored and null counts as absent, as AWS does both.
// Strings are moved out of the Document.
#pragma once

#include <optional>
#include <string_view>

#include "wire/error.h"
#include "wire/shape.h"
#include "wire/validate.h"

namespace mayfly::wire {

// What the scalars of a Document are: values of their own type (JSON, CBOR), or text that is still
// to be read (paths, query strings, headers, forms, XML).
enum class Leaves { typed, text };

class Decoder {
 public:
  // One member, given or (null) not. Returns false after a wrong type; nothing may be decoded after
  // that.
  bool field(const FieldInfo& field, Document* document, void* object, const Path& parent,
             Leaves leaves);
  // All members from a map.
  bool structure(const ShapeInfo& shape, Document& document, void* object, const Path& path,
                 Leaves leaves);

  // What was wrong, if anything was.
  std::optional<ApiError> error() const;

 private:
  bool value(const TypeInfo& type, Document& document, void* target, const Path& path,
             Leaves leaves);
  bool scalar(const TypeInfo& type, Document& document, void* target);
  bool text_scalar(const TypeInfo& type, std::string& text, void* target, const Path& path);
  bool list(const TypeInfo& type, Document& document, void* target, const Path& path,
            Leaves leaves);
  bool map(const TypeInfo& type, Document& document, void* target, const Path& path, Leaves leaves);
  bool refuse(std::string message);

  Violations violations_;
  std::optional<ApiError> wrong_;
};

std::optional<ApiError> decode_document(const ShapeInfo& shape, Document document, void* object);

// A whole struct from a JSON-like document.
template <Structure T>
Result<T> decode(Document document) {
  T out{};
  if (auto error = decode_document(shape_of<T>(), std::move(document), &out)) {
    return std::unexpected(std::move(*error));
  }
  return out;
}

}  // namespace mayfly::wire
