#include "services/apigateway/model/address.h"

#include "gateway/text.h"

namespace mayfly::apigateway {
namespace {

constexpr std::string_view kPathPrefix = "/_aws/execute-api/";
constexpr std::string_view kHostMark = ".execute-api.";

}  // namespace

std::optional<std::string_view> api_of_host(std::string_view host) {
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  if (!host.substr(dot).starts_with(kHostMark)) return std::nullopt;
  return host.substr(0, dot);
}

std::optional<Address> parse_address(const http::Request& request) {
  const std::string_view path = request.raw_path();
  if (path.starts_with(kPathPrefix)) {
    const std::string_view rest = path.substr(kPathPrefix.size());
    const std::size_t stage_at = rest.find('/');
    if (stage_at == std::string_view::npos) return Address{rest, std::nullopt, "/"};
    const std::string_view api_id = rest.substr(0, stage_at);
    const std::size_t path_at = rest.find('/', stage_at + 1);
    const std::size_t stage_end = path_at == std::string_view::npos ? rest.size() : path_at;
    std::string stage = gateway::decode_path(rest.substr(stage_at + 1, stage_end - stage_at - 1));
    return Address{api_id, std::move(stage),
                   path_at == std::string_view::npos ? "/" : rest.substr(path_at)};
  }
  const std::optional<std::string_view> host = request.headers.get("host");
  if (!host) return std::nullopt;
  const std::optional<std::string_view> api_id = api_of_host(*host);
  if (!api_id) return std::nullopt;
  return Address{*api_id, std::nullopt, path.empty() ? "/" : path};
}

}  // namespace mayfly::apigateway
