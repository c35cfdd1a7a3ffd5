#include "services/apigateway/model/integration_uri.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/arn.h"
#include "base/strings.h"

namespace mayfly::apigateway {

std::expected<std::string, std::string> parse_function_uri(std::string_view uri) {
  constexpr std::string_view kPath = "path/2015-03-31/functions/";
  constexpr std::string_view kEnd = "/invocations";
  const auto wrong = [&] {
    return std::unexpected(
        fmt::format("'{}' is not the ARN of a function, nor that of its invocations", uri));
  };
  std::string text(uri);
  std::optional<base::Arn> arn = base::Arn::parse(text);
  if (!arn) return wrong();
  if (arn->service == "apigateway" && arn->account == "lambda" &&
      arn->resource.starts_with(kPath) && arn->resource.ends_with(kEnd) &&
      arn->resource.size() > kPath.size() + kEnd.size()) {
    text = arn->resource.substr(kPath.size(), arn->resource.size() - kPath.size() - kEnd.size());
    arn = base::Arn::parse(text);
    if (!arn) return wrong();
  }
  if (arn->service != "lambda" || !arn->resource.starts_with("function:")) return wrong();
  return text;
}

std::expected<HttpUri, std::string> parse_http_uri(std::string_view uri) {
  const bool known = uri.starts_with("http://") || uri.starts_with("https://");
  const std::size_t host = uri.find("://") + 3;
  const std::size_t end = known ? std::min(uri.find_first_of("/?", host), uri.size()) : 0;
  if (!known || end == host) {
    return std::unexpected(fmt::format("'{}' is not an HTTP address", uri));
  }
  if (std::ranges::any_of(
          uri, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; })) {
    return std::unexpected("An HTTP address has no spaces or control characters");
  }
  std::string target(uri.substr(end));
  if (!target.starts_with('/')) target.insert(0, "/");
  return HttpUri{std::string(uri.substr(0, end)), std::move(target)};
}

std::string fill_target(std::string_view target,
                        const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out;
  while (!target.empty()) {
    const std::size_t open = target.find('{');
    const std::size_t close = open == std::string_view::npos ? open : target.find('}', open);
    if (close == std::string_view::npos) break;
    out += target.substr(0, open);
    std::string_view name = target.substr(open + 1, close - open - 1);
    if (name.ends_with('+')) name.remove_suffix(1);
    const auto found =
        std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
    if (found != parameters.end()) {
      out += base::percent_encode(found->second, base::Slash::keep);
    } else {
      out += target.substr(open, close + 1 - open);
    }
    target.remove_prefix(close + 1);
  }
  out += target;
  return out;
}

std::string fill_stage_variables(std::string_view text,
                                 const std::map<std::string, std::string>& variables) {
  constexpr std::string_view kOpen = "${stageVariables.";
  std::string out;
  for (;;) {
    const std::size_t open = text.find(kOpen);
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    const std::size_t name_at = open + kOpen.size();
    const auto found = variables.find(std::string(text.substr(name_at, close - name_at)));
    if (found != variables.end()) out += found->second;
    text.remove_prefix(close + 1);
  }
  out += text;
  return out;
}

}  // namespace mayfly::apigateway
