#include "gateway/text.h"

#include <optional>

#include "base/strings.h"

namespace mayfly::gateway {
namespace {

std::string decode(std::string_view text, base::Plus plus) {
  const bool plain = text.find('%') == std::string_view::npos &&
                     (plus == base::Plus::literal || text.find('+') == std::string_view::npos);
  if (plain) return to_text(text);
  std::optional<std::string> decoded = base::percent_decode(text, plus);
  return to_text(decoded ? *decoded : text);
}

}  // namespace

std::string to_text(std::string_view bytes) {
  if (base::is_utf8(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text.push_back(c);
    } else {
      text.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      text.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return text;
}

std::string decode_path(std::string_view text) { return decode(text, base::Plus::literal); }
std::string decode_query(std::string_view text) { return decode(text, base::Plus::space); }

}  // namespace mayfly::gateway
