// What a function's result means as an HTTP response.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace mayfly::gateway {

enum class PayloadFormat { v1, v2 };

// nullopt: the result has not the form that the payload format asks for, which clients see as a
// 500.
std::optional<http::Response> read_reply(std::string payload, PayloadFormat format);

// The head of a streamed response, as awslambda.HttpResponseStream.from() and its like write it
// before the body: status, headers and cookies. kPreludeEnd follows it in the stream.
inline constexpr std::string_view kPreludeEnd{"\0\0\0\0\0\0\0\0", 8};
inline constexpr std::size_t kMaxPrelude = 16 * 1024;
std::optional<http::Response> read_prelude(std::string_view json);

// {"message": ...} with the status: the gateway's own answers.
http::Response gateway_answer(int status, std::string_view message);

}  // namespace mayfly::gateway
