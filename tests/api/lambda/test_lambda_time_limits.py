"""How long a function may run: AWS's limit by default, another one or none where the operator says so."""

import pytest
from botocore.exceptions import ClientError

from harness.clients import make_client
from harness.functions import Functions

ROLE = "arn:aws:iam::000000000000:role/limits"
HANDLER = "def lambda_handler(event, context):\n    return context.get_remaining_time_in_millis()\n"


@pytest.mark.parametrize("options, most", [((), 900), (("--max-timeout", "3600"), 3600), (("--max-timeout", "0"), 90 * 24 * 3600)])
def test_the_limit_is_the_operators(start_daemon, unique_name, options, most):
    daemon = start_daemon(*options)
    functions = Functions(make_client("lambda", daemon.endpoint), ROLE, unique_name)
    left = functions.invoke(functions.deploy(HANDLER, Timeout=most)).payload
    assert most * 1000 - 10_000 < left <= most * 1000
    if "0" not in options:
        with pytest.raises(ClientError, match=f"Member must have value less than or equal to {most}"):
            functions.deploy(HANDLER, Timeout=most + 1)
    gateway = make_client("apigatewayv2", daemon.endpoint)
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    uri = f"arn:aws:lambda:us-east-1:000000000000:function:{functions.names[0]}"
    made = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion="2.0")
    assert made.get("TimeoutInMillis") == (None if options else 30_000)
