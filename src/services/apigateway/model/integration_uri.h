// What an integration's URI means: a function, or an HTTP address.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly::apigateway {

// The function's ARN (with its qualifier, if it has one) of
//   arn:aws:lambda:region:account:function:name[:qualifier]
//   arn:aws:apigateway:region:lambda:path/2015-03-31/functions/{that ARN}/invocations
std::expected<std::string, std::string> parse_function_uri(std::string_view uri);

struct HttpUri {
  std::string origin;  // "http://host:port"
  std::string target;  // from the path on, at least "/"; {variables} of the route may stand in it
};
std::expected<HttpUri, std::string> parse_http_uri(std::string_view uri);

// {name} and {name+} replaced by the route's path variables, percent-encoded; what has no value
// stays.
std::string fill_target(std::string_view target,
                        const std::vector<std::pair<std::string, std::string>>& parameters);

// ${stageVariables.name} replaced; a variable that the stage does not have is empty, as AWS has it.
std::string fill_stage_variables(std::string_view text,
                                 const std::map<std::string, std::string>& variables);

}  // namespace mayfly::apigateway
