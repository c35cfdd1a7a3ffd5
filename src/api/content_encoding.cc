#include "api/content_encoding.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "base/strings.h"

namespace mayfly::api {
namespace {

wire::ApiError broken(std::string_view why) {
  return {&wire::kSerialization, fmt::format("The gzip body cannot be read: {}", why), {}, {}};
}

}  // namespace

wire::Result<bool> is_compressed(const http::Request& request) {
  const auto encoding = request.headers.get("content-encoding");
  if (!encoding || encoding->empty() || base::equals_ignore_case(*encoding, "identity"))
    return false;
  if (base::equals_ignore_case(*encoding, "gzip")) return true;
  return wire::not_supported(
      fmt::format("A body with Content-Encoding {}", encoding->substr(0, 64)));
}

std::optional<wire::ApiError> decompress(http::Request& request) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (::inflateInit2(&stream, kGzipWindow) != Z_OK) return broken("out of memory");
  stream.next_in = reinterpret_cast<Bytef*>(request.body.data());
  stream.avail_in = static_cast<uInt>(request.body.size());
  std::string plain;
  int status = Z_OK;
  while (status == Z_OK && plain.size() < kMaxDecompressed) {
    const std::size_t had = plain.size();
    plain.resize(std::min(kMaxDecompressed, std::max<std::size_t>(4096, had * 2)));
    stream.next_out = reinterpret_cast<Bytef*>(plain.data() + had);
    stream.avail_out = static_cast<uInt>(plain.size() - had);
    status = ::inflate(&stream, Z_NO_FLUSH);
    plain.resize(plain.size() - stream.avail_out);
    if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_out > 0)) break;
  }
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
  ::inflateEnd(&stream);
  if (whole) {
    request.body = std::move(plain);
    return std::nullopt;
  }
  if (plain.size() >= kMaxDecompressed)
    return wire::ApiError{
        &wire::kRequestTooLarge, "The body is too large once it is decompressed.", {}, {}};
  return broken(status == Z_STREAM_END ? "something follows it" : "it is damaged or cut off");
}

}  // namespace mayfly::api
