// What a function's result means as an HTTP response.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "services/apigateway/model/compiled.h"

namespace mayfly::apigateway {

// nullopt: the result has not the form that the payload format asks for, which clients see as a
// 500.
std::optional<http::Response> read_reply(std::string payload, PayloadFormat format);

// {"message": ...} with the status: the gateway's own answers.
http::Response gateway_answer(int status, std::string_view message);

}  // namespace mayfly::apigateway
