// What may stand in a header line (RFC 9110 §5), for the two places that write them.
#pragma once

#include <string_view>

namespace mayfly::http::detail {

bool is_token_char(char c);
bool is_token(std::string_view name);
bool is_field_value(std::string_view value);  // nothing that would end the line
// Content-Length, Transfer-Encoding, Connection, Keep-Alive: whoever writes the message decides
// them.
bool is_framing(std::string_view name);

}  // namespace mayfly::http::detail
