"""HTTP APIs for tests: in front of a function in one line, gone after the test."""


class Api:
    def __init__(self, created, endpoint):
        self.id = created["ApiId"]
        self.url = created["ApiEndpoint"]  # by host, stage $default
        self.endpoint = endpoint

    def path_url(self, stage="$default"):
        """The same API by path, for where names below .localhost do not resolve."""
        return f"{self.endpoint}/_aws/execute-api/{self.id}/{stage}"


class Apis:
    def __init__(self, gateway, lambda_client, endpoint, unique_name):
        self.gateway = gateway
        self.lambda_client = lambda_client
        self.endpoint = endpoint
        self.unique_name = unique_name
        self.made = []

    def create(self, function, *route_keys, payload="2.0", stage="$default", permit=True, **options):
        """Routes to the function, deployed automatically to `stage`. Without route keys it is a quick create."""
        arn = self.lambda_client.get_function_configuration(FunctionName=function)["FunctionArn"]
        target = {} if route_keys else {"Target": arn}
        created = self.gateway.create_api(Name=self.unique_name("api"), ProtocolType="HTTP", **target, **options)
        api = Api(created, self.endpoint)
        self.made.append(api.id)
        if route_keys:
            integration = self.gateway.create_integration(
                ApiId=api.id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion=payload
            )["IntegrationId"]
            for key in route_keys:
                self.gateway.create_route(ApiId=api.id, RouteKey=key, Target=f"integrations/{integration}")
            self.gateway.create_stage(ApiId=api.id, StageName=stage, AutoDeploy=True)
        if permit:
            self.permit(api, arn)
        return api

    def permit(self, api, function_arn):
        _, _, _, region, account, *_ = function_arn.split(":")
        self.lambda_client.add_permission(
            FunctionName=function_arn, StatementId=f"api-{api.id}", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:{region}:{account}:{api.id}/*",
        )

    def delete_all(self):
        for api_id in self.made:
            try:
                self.gateway.delete_api(ApiId=api_id)
            except self.gateway.exceptions.NotFoundException:
                pass  # the test deleted it
