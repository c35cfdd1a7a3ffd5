// CreateAuthorizer, GetAuthorizer, GetAuthorizers, UpdateAuthorizer, DeleteAuthorizer
#include <fmt/format.h>

#include <algorithm>

#include "services/apigateway/operations/checks.h"
#include "services/apigateway/operations/operations.h"
#include "services/apigateway/operations/read.h"

namespace mayfly::apigateway {
namespace {

constexpr std::size_t kIdLength = 6;

base::Task<wire::Result<Authorizer>> store_authorizer(store::Transaction& transaction,
                                                      Change change, Authorizer authorizer) {
  auto others = co_await find_all<Authorizer>(
      transaction, keys::of_api<Authorizer>(change.scope, change.api_id));
  if (!others) co_return std::unexpected(std::move(others).error());
  const bool taken = std::ranges::any_of(*others, [&](const Authorizer& other) {
    return other.name == authorizer.name && other.authorizer_id != authorizer.authorizer_id;
  });
  if (taken) {
    co_return wire::fail(kBadRequest, "Authorizer name must be unique within this API");
  }
  put(transaction, keys::one<Authorizer>(change.scope, change.api_id, authorizer.authorizer_id),
      authorizer);
  auto deployed = co_await deploy_automatically(transaction, change);
  if (!deployed) co_return std::unexpected(std::move(deployed).error());
  co_return authorizer;
}

}  // namespace

Answer<Authorizer> create_authorizer(ApiGateway& gateway, const Context& context,
                                     CreateAuthorizerRequest request) {
  if (auto checked = check_authorizer(request); !checked) {
    co_return std::unexpected(checked.error());
  }
  Authorizer authorizer;
  authorizer.authorizer_id = gateway.ids().text(kIdLength, base::kLowerAlphanumeric);
  merge<AuthorizerProperties>(authorizer, request);
  co_return co_await gateway.change(
      context, request.api_id,
      [authorizer](store::Transaction& transaction, Change change) -> Answer<Authorizer> {
        auto api = co_await require_api(transaction, change.scope, change.api_id);
        if (!api) co_return std::unexpected(std::move(api).error());
        co_return co_await store_authorizer(transaction, change, authorizer);
      });
}

Answer<Authorizer> get_authorizer(ApiGateway& gateway, const Context& context,
                                  AuthorizerRequest request) {
  return read_one<Authorizer>(gateway, context.scope, std::move(request.api_id),
                              std::move(request.authorizer_id));
}

Answer<Page<Authorizer>> get_authorizers(ApiGateway& gateway, const Context& context,
                                         ListRequest request) {
  return read_page<Authorizer>(gateway, context.scope, std::move(request));
}

Answer<Authorizer> update_authorizer(ApiGateway& gateway, const Context& context,
                                     UpdateAuthorizerRequest request) {
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Authorizer> {
        auto authorizer = co_await require<Authorizer>(transaction, change.scope, change.api_id,
                                                       request.authorizer_id);
        if (!authorizer) co_return authorizer;
        if (request.authorizer_type && request.authorizer_type != authorizer->authorizer_type) {
          co_return wire::fail(kBadRequest, "The type of an authorizer cannot be changed");
        }
        merge<AuthorizerProperties>(*authorizer, request);
        if (auto checked = check_authorizer(*authorizer); !checked) {
          co_return std::unexpected(checked.error());
        }
        co_return co_await store_authorizer(transaction, change, std::move(*authorizer));
      });
}

Answer<Empty> delete_authorizer(ApiGateway& gateway, const Context& context,
                                AuthorizerRequest request) {
  co_return co_await gateway.change(
      context, request.api_id,
      [request](store::Transaction& transaction, Change change) -> Answer<Empty> {
        auto authorizer = co_await require<Authorizer>(transaction, change.scope, change.api_id,
                                                       request.authorizer_id);
        if (!authorizer) co_return std::unexpected(std::move(authorizer).error());
        auto routes =
            co_await find_all<Route>(transaction, keys::of_api<Route>(change.scope, change.api_id));
        if (!routes) co_return std::unexpected(std::move(routes).error());
        const auto user = std::ranges::find(*routes, Maybe<std::string>(request.authorizer_id),
                                            &Route::authorizer_id);
        if (user != routes->end()) {
          // Without its authorizer the route would stand open.
          co_return wire::fail(kConflict,
                               fmt::format("Cannot delete Authorizer {}: Route {} uses it",
                                           request.authorizer_id, user->route_id));
        }
        transaction.erase(
            keys::one<Authorizer>(change.scope, change.api_id, request.authorizer_id));
        auto deployed = co_await deploy_automatically(transaction, change);
        if (!deployed) co_return std::unexpected(std::move(deployed).error());
        co_return Empty{};
      });
}

}  // namespace mayfly::apigateway
