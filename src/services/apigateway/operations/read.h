// The get and list operations, which are alike for every kind of resource.
#pragma once

#include <memory>
#include <string>

#include "services/apigateway/apigateway.h"
#include "services/apigateway/model/repository.h"

namespace mayfly::apigateway {

template <class T>
base::Task<wire::Result<T>> read_one(ApiGateway& gateway, base::Scope scope, std::string api_id,
                                     std::string id) {
  const std::unique_ptr<store::Transaction> transaction = gateway.store().begin();
  co_return co_await require<T>(*transaction, scope, api_id, id);
}

template <class T>
base::Task<wire::Result<Page<T>>> read_page(ApiGateway& gateway, base::Scope scope,
                                            ListRequest request) {
  const std::unique_ptr<store::Transaction> transaction = gateway.store().begin();
  auto api = co_await require_api(*transaction, scope, request.api_id);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await find_page<T>(*transaction, keys::of_api<T>(scope, request.api_id),
                                  std::move(request.max_results), std::move(request.next_token));
}

}  // namespace mayfly::apigateway
