#include "http/detail/syntax.h"

#include <algorithm>

#include "base/strings.h"

namespace mayfly::http::detail {

bool is_token_char(char c) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         kMarks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, is_token_char);
}

bool is_field_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_framing(std::string_view name) {
  switch (name.size()) {
    case 10:
      return base::equals_ignore_case(name, "connection") ||
             base::equals_ignore_case(name, "keep-alive");
    case 14:
      return base::equals_ignore_case(name, "content-length");
    case 17:
      return base::equals_ignore_case(name, "transfer-encoding");
    default:
      return false;
  }
}

}  // namespace mayfly::http::detail
