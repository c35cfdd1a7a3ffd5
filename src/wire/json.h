// JSON <-> Document. The reader is simdjson behind limits; every byte of a request body passes
// here.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "wire/document.h"

namespace mayfly::wire {

inline constexpr int kMaxJsonDepth = 256;
// Values in one text: a Document is about twenty times as big as the shortest text that makes it.
inline constexpr std::size_t kMaxJsonValues = 4'000'000;

struct JsonError {
  std::string message;
  std::size_t offset = 0;
};

// Exactly one JSON value, surrounded by white space at most. Duplicate names: the last one wins.
// Integers beyond 64 bits become doubles.
std::expected<Document, JsonError> parse_json(std::string_view text);
// The same check without building anything, for payloads that are passed on as they are.
std::expected<void, JsonError> check_json(std::string_view text);

// Compact, UTF-8. Blobs as base64, timestamps as numbers (epoch seconds, at most three decimals).
void write_json(const Document& document, std::string& out);
std::string to_json(const Document& document);
// A JSON string literal with its quotes.
void write_json_string(std::string_view text, std::string& out);

}  // namespace mayfly::wire
