// The handlers of the operations table, one .cc for each kind of resource.
#pragma once

#include "services/apigateway/apigateway.h"
#include "services/apigateway/shapes.h"

namespace mayfly::apigateway {

template <class T>
using Answer = base::Task<wire::Result<T>>;
using Context = api::RequestContext;
using wire::Empty;

Answer<Api> create_api(ApiGateway&, const Context&, CreateApiRequest);
Answer<Api> get_api(ApiGateway&, const Context&, ApiRequest);
Answer<Page<Api>> get_apis(ApiGateway&, const Context&, GetApisRequest);
Answer<Api> update_api(ApiGateway&, const Context&, UpdateApiRequest);
Answer<Empty> delete_api(ApiGateway&, const Context&, ApiRequest);
Answer<Empty> delete_cors_configuration(ApiGateway&, const Context&, ApiRequest);

Answer<Route> create_route(ApiGateway&, const Context&, CreateRouteRequest);
Answer<Route> get_route(ApiGateway&, const Context&, RouteRequest);
Answer<Page<Route>> get_routes(ApiGateway&, const Context&, ListRequest);
Answer<Route> update_route(ApiGateway&, const Context&, UpdateRouteRequest);
Answer<Empty> delete_route(ApiGateway&, const Context&, RouteRequest);

Answer<Integration> create_integration(ApiGateway&, const Context&, CreateIntegrationRequest);
Answer<Integration> get_integration(ApiGateway&, const Context&, IntegrationRequest);
Answer<Page<Integration>> get_integrations(ApiGateway&, const Context&, ListRequest);
Answer<Integration> update_integration(ApiGateway&, const Context&, UpdateIntegrationRequest);
Answer<Empty> delete_integration(ApiGateway&, const Context&, IntegrationRequest);

Answer<Authorizer> create_authorizer(ApiGateway&, const Context&, CreateAuthorizerRequest);
Answer<Authorizer> get_authorizer(ApiGateway&, const Context&, AuthorizerRequest);
Answer<Page<Authorizer>> get_authorizers(ApiGateway&, const Context&, ListRequest);
Answer<Authorizer> update_authorizer(ApiGateway&, const Context&, UpdateAuthorizerRequest);
Answer<Empty> delete_authorizer(ApiGateway&, const Context&, AuthorizerRequest);

Answer<Stage> create_stage(ApiGateway&, const Context&, CreateStageRequest);
Answer<Stage> get_stage(ApiGateway&, const Context&, StageRequest);
Answer<Page<Stage>> get_stages(ApiGateway&, const Context&, ListRequest);
Answer<Stage> update_stage(ApiGateway&, const Context&, UpdateStageRequest);
Answer<Empty> delete_stage(ApiGateway&, const Context&, StageRequest);

Answer<Deployment> create_deployment(ApiGateway&, const Context&, CreateDeploymentRequest);
Answer<Deployment> get_deployment(ApiGateway&, const Context&, DeploymentRequest);
Answer<Page<Deployment>> get_deployments(ApiGateway&, const Context&, ListRequest);
Answer<Deployment> update_deployment(ApiGateway&, const Context&, UpdateDeploymentRequest);
Answer<Empty> delete_deployment(ApiGateway&, const Context&, DeploymentRequest);

Answer<GetTagsResponse> get_tags(ApiGateway&, const Context&, GetTagsRequest);
Answer<Empty> tag_resource(ApiGateway&, const Context&, TagResourceRequest);
Answer<Empty> untag_resource(ApiGateway&, const Context&, UntagResourceRequest);

}  // namespace mayfly::apigateway
