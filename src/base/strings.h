// Text helpers that more than one folder needs: hex, base64, percent encoding, case, numbers,
// hashes. Decoders return nullopt on malformed input and never throw.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::base {

std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);

std::string to_base64(std::string_view bytes);
// Standard alphabet with padding, as AWS accepts it; no white space.
std::optional<std::string> from_base64(std::string_view text);

enum class Slash { encode, keep };
// RFC 3986: everything but A-Z a-z 0-9 - . _ ~ becomes %XX, upper case.
std::string percent_encode(std::string_view text, Slash slash);
enum class Plus { literal, space };
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::literal);

std::string to_lower(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::optional<std::int64_t> parse_int(std::string_view text);  // the whole text, decimal

// True where the text is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

std::string sha256(std::string_view bytes);                            // 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 raw bytes
std::uint32_t crc32(std::string_view bytes);  // IEEE, as DynamoDB's X-Amz-Crc32

}  // namespace mayfly::base
