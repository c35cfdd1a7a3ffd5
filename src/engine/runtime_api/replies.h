// What the Runtime API and the Extensions API answer with: JSON, errors as {errorMessage,
// errorType}.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace mayfly::engine {

http::Response json_response(int status, std::string body);
http::Response refuse(int status, std::string_view type, std::string_view message);
http::Response accepted();  // 202 {"status":"OK"}

}  // namespace mayfly::engine
