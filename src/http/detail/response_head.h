// Writes the status line and the headers of a response.
//
// Framing (Content-Length, Transfer-Encoding), Connection and Date are decided here, not by
// handlers. A header that would break out of its line (CR, LF, NUL, a name that is no token) is
// refused: it may come from a function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace mayfly::http::detail {

enum class Framing { length, chunked, until_close, none };
enum class Persistence { keep_alive, close };

struct ResponsePlan {
  Framing framing = Framing::length;
  Persistence persistence = Persistence::keep_alive;
  bool body_allowed = true;  // false: HEAD, 204, 304: nothing follows the head
};

ResponsePlan plan_response(const Response& response, std::string_view method, int version,
                           Persistence wanted);

// Appends to `out`; false, with `out` as it was, where a header cannot be sent.
[[nodiscard]] bool append_head(std::string& out, const Response& response, const ResponsePlan& plan,
                               int version, std::string_view date);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::int64_t epoch_seconds);

}  // namespace mayfly::http::detail
