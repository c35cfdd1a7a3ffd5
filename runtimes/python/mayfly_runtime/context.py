"""The context object that a handler gets."""
import json
import logging
import os
import sys
import time

from .errors import Fault


class _Fields:
    """A plain object whose attributes are exactly `fields`."""

    __slots__ = ()

    def __repr__(self):
        inside = ",".join("%s=%s" % (name, getattr(self, name)) for name in self.__slots__)
        return "%s([%s])" % (type(self).__name__, inside)


class CognitoIdentity(_Fields):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, fields):
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class Client(_Fields):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")

    def __init__(self, fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))


class ClientContext(_Fields):
    __slots__ = ("custom", "env", "client")

    def __init__(self, fields):
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        client = fields.get("client")
        self.client = Client(client) if client is not None else None


def _parse(text, name):
    try:
        return json.loads(text)
    except Exception as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, error))


class LambdaContext:
    def __init__(self, meta):
        self.aws_request_id = meta.get("requestId", "")
        self.log_group_name = _static["log_group_name"]
        self.log_stream_name = _static["log_stream_name"]
        self.function_name = _static["function_name"]
        self.memory_limit_in_mb = _static["memory_limit_in_mb"]
        self.function_version = _static["function_version"]
        self.invoked_function_arn = meta.get("invokedFunctionArn")
        self.tenant_id = meta.get("tenantId")
        self.client_context = None
        self.identity = None
        if "clientContext" in meta:
            self.client_context = ClientContext(_parse(meta["clientContext"], "Client Context"))
        identity = meta.get("cognitoIdentity")
        self.identity = CognitoIdentity(_parse(identity, "Cognito Identity") if identity else {})
        self._epoch_deadline_time_in_ms = meta["deadlineMs"]

    def get_remaining_time_in_millis(self):
        return max(int(self._epoch_deadline_time_in_ms - time.time() * 1000), 0)

    def log(self, msg):
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "log_raw"):
                handler.log_raw(str(msg))
                return
        sys.stdout.write(str(msg))

    def __repr__(self):
        return (
            "LambdaContext([aws_request_id=%s,log_group_name=%s,log_stream_name=%s,function_name=%s,"
            "memory_limit_in_mb=%s,function_version=%s,invoked_function_arn=%s,client_context=%s,identity=%s,tenant_id=%s])"
        ) % (
            self.aws_request_id,
            self.log_group_name,
            self.log_stream_name,
            self.function_name,
            self.memory_limit_in_mb,
            self.function_version,
            self.invoked_function_arn,
            self.client_context,
            self.identity,
            self.tenant_id,
        )


_static = {}


def refresh():
    """Reads what is the same for all events of an environment; again after it was cloned and renamed."""
    for name, variable in (
        ("log_group_name", "AWS_LAMBDA_LOG_GROUP_NAME"),
        ("log_stream_name", "AWS_LAMBDA_LOG_STREAM_NAME"),
        ("function_name", "AWS_LAMBDA_FUNCTION_NAME"),
        ("memory_limit_in_mb", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        ("function_version", "AWS_LAMBDA_FUNCTION_VERSION"),
    ):
        _static[name] = os.environ.get(variable)
