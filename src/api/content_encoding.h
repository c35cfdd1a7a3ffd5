// Bodies that a client compressed (Content-Encoding: gzip; SDKs do so for large PutMetricData
// requests). Runs behind authentication: the signature is over the compressed bytes.
#pragma once

#include <cstddef>
#include <optional>

#include "http/message.h"
#include "wire/error.h"

namespace mayfly::api {

inline constexpr std::size_t kMaxDecompressed = 16 * 1024 * 1024;

// True where the body has to be decompressed; an error for encodings other than gzip.
wire::Result<bool> is_compressed(const http::Request& request);
// Puts the plain bytes in place of the body.
std::optional<wire::ApiError> decompress(http::Request& request);

}  // namespace mayfly::api
