// CBOR <-> Document (RFC 8949), as Smithy's RPC v2 protocol uses it. libcbor reads the tokens; what
// is built of them is bounded here: every byte of a request body passes this file.
//
// Read: definite and indefinite lengths, half to double floats, tag 1 (epoch time) as Timestamp.
// Integers beyond 64 signed bits are refused. Other tags are passed over. Map keys are text.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "wire/document.h"

namespace mayfly::wire {

inline constexpr std::size_t kMaxCborDepth = 128;
inline constexpr std::size_t kMaxCborValues = 2'000'000;

struct CborError {
  std::string message;
  std::size_t offset = 0;
};

// Exactly one item.
std::expected<Document, CborError> parse_cbor(std::string_view bytes);
std::string to_cbor(const Document& document);

}  // namespace mayfly::wire
