#include "services/apigateway/model/repository.h"

#include <fmt/format.h>

namespace mayfly::apigateway {

std::unexpected<wire::ApiError> not_found(std::string_view title, std::string_view id) {
  return wire::fail(kNotFound, fmt::format("Invalid {} identifier specified {}", title, id));
}

base::Task<wire::Result<Api>> require_api(store::Transaction& transaction, base::Scope scope,
                                          std::string api_id) {
  auto api = co_await find<Api>(transaction, keys::of_api<Api>(scope, api_id));
  if (!api) co_return std::unexpected(std::move(api).error());
  if (!*api) co_return not_found("API", scope.account + ":" + api_id);
  co_return std::move(**api);
}

}  // namespace mayfly::apigateway
