// Document: a value of any protocol (JSON, CBOR, XML, Query), between its bytes and the typed
// request: the narrow waist.
//
// A value type; copying copies all of it. Maps keep the order of insertion, and lookup is linear
// for small maps, so it is meant for messages, not for data structures. Integers and doubles are
// kept apart as they came. Accessors with `as_` return null/nullopt where the kind differs; nothing
// throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mayfly::wire {

class Document;
using DocumentList = std::vector<Document>;
using DocumentMap = std::vector<std::pair<std::string, Document>>;

// Raw bytes: base64 in JSON, a byte string in CBOR.
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

// Seconds since the epoch, with fractions; each protocol and shape chooses its text form.
struct Timestamp {
  double epoch_seconds = 0;
  bool operator==(const Timestamp&) const = default;
};

class Document {
 public:
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Blob,
                             Timestamp, DocumentList, DocumentMap>;

  // Not defaulted, and no member initializer: std::pair asks for the default constructor while the
  // class is still incomplete, and would remember that there is none.
  Document() : value_(nullptr) {}
  Document(std::nullptr_t) : value_(nullptr) {}
  Document(bool value) : value_(value) {}
  Document(int value) : value_(static_cast<std::int64_t>(value)) {}
  Document(std::int64_t value) : value_(value) {}
  Document(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
  Document(double value) : value_(value) {}
  Document(const char* text) : value_(std::string(text)) {}
  Document(std::string_view text) : value_(std::string(text)) {}
  Document(std::string text) : value_(std::move(text)) {}
  Document(Blob blob) : value_(std::move(blob)) {}
  Document(Timestamp time) : value_(time) {}
  Document(DocumentList list) : value_(std::move(list)) {}
  Document(DocumentMap map) : value_(std::move(map)) {}

  static Document map() { return Document(DocumentMap{}); }
  static Document list() { return Document(DocumentList{}); }

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_map() const { return std::holds_alternative<DocumentMap>(value_); }
  bool is_list() const { return std::holds_alternative<DocumentList>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }

  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const DocumentMap* as_map() const { return std::get_if<DocumentMap>(&value_); }
  const DocumentList* as_list() const { return std::get_if<DocumentList>(&value_); }
  const Blob* as_blob() const { return std::get_if<Blob>(&value_); }
  DocumentMap* as_map() { return std::get_if<DocumentMap>(&value_); }
  DocumentList* as_list() { return std::get_if<DocumentList>(&value_); }
  std::string* as_string() { return std::get_if<std::string>(&value_); }
  Blob* as_blob() { return std::get_if<Blob>(&value_); }
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;  // a double without a fraction counts
  std::optional<double> as_double() const;     // an integer counts

  // Member of a map; null where this is no map or has no such member.
  const Document* find(std::string_view name) const;
  // Sets or replaces a member; makes an empty map of a null document first.
  Document& set(std::string_view name, Document value);
  void push_back(Document value);  // makes a list of a null document first

  const Value& value() const { return value_; }
  Value& value() { return value_; }
  bool operator==(const Document&) const = default;

 private:
  Value value_;
};

}  // namespace mayfly::wire
