// Text from the outside, made safe to put into JSON.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::gateway {

// Well-formed UTF-8 comes back as it is; other bytes are taken for Latin-1, as old HTTP clients
// mean them.
std::string to_text(std::string_view bytes);
// Percent escapes resolved; a broken escape stays as it is. The result is well-formed UTF-8.
std::string decode_path(std::string_view text);
// The same, with '+' as a space: for query strings.
std::string decode_query(std::string_view text);

}  // namespace mayfly::gateway
