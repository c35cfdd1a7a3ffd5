"""The operation tables against the AWS models that botocore has: `mayfly --dump-api` must name nothing that AWS does not have, require
what AWS requires, and bind REST operations and members as AWS does."""

import json
import re
import subprocess

import botocore.exceptions
import botocore.session
import pytest

from harness import daemon

KINDS = {
    "string": {"string"},
    "character": {"string"},
    "boolean": {"boolean"},
    "integer": {"integer", "long"},
    "long": {"long", "integer"},
    "float": {"double"},
    "double": {"double"},
    "blob": {"blob", "string", "document"},  # raw payloads
    "timestamp": {"timestamp", "string", "double", "long"},
    "list": {"list"},
    "map": {"map"},
    "structure": {"structure"},
}
PLACES = {"uri": "path", "querystring": "query", "header": "header", "headers": "prefix_headers", "statusCode": "status_code"}


# The models that the shapes were written from. An older botocore lacks members that AWS has had for years, and requires others.
MODEL_IS_RECENT = tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= (1, 43)


# API Gateway checks these itself, to answer with its own error; {service: members}.
CHECKED_BY_HANDLER = {
    "apigatewayv2": {"ProtocolType", "Name", "RouteKey", "IntegrationType", "AuthorizerType", "IdentitySource", "StageName"},
}


# Ours share a struct where AWS has two nearly equal ones; the members that AWS lacks here are ignored in requests and never set
# in answers.
SHARED_STRUCTS = {
    "dynamodb": {
        *(f".LocalSecondaryIndexes.{name}" for name in
          ("IndexStatus", "Backfilling", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")),
        *(f"{path}.WarmThroughput.Status" for path in ("CreateTable", "UpdateTable", ".Create", ".Update", ".GlobalSecondaryIndexes")),
    },
}


def dump():
    if not daemon.binary().exists():
        return {"services": []}
    out = subprocess.run([daemon.binary(), "--dump-api"], capture_output=True, check=True, text=True, timeout=60)
    return json.loads(out.stdout)


SERVICES = [service for service in dump()["services"] if service["model"]]
OPERATIONS = [(service, operation) for service in SERVICES for operation in service["operations"]]


def test_there_are_services():
    assert SERVICES, f"{daemon.binary()} --dump-api lists no services"


def model_of(service):
    try:
        return botocore.session.get_session().get_service_model(service["model"])
    except botocore.exceptions.UnknownServiceError:
        pytest.skip(f"this botocore has no model {service['model']}")


def operation_model(service, name):
    model = model_of(service)
    if name not in model.operation_names:
        pytest.skip(f"this botocore ({botocore.__version__}) does not know {service['model']}:{name}")
    return model.operation_model(name)


def compare(path, members, shape, is_input, problems, seen):
    """Every member of ours is one of AWS's, of a fitting type, in the same place; what AWS requires of a request is required."""
    if shape is None or shape.name in seen:
        return
    # Ours are named as on the wire, which is not always the name in the model ("apiId" for ApiId).
    on_the_wire = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    named = {name if name in shape.members else on_the_wire.get(name, name): ours for name, ours in members.items()}
    for name, ours in named.items():
        theirs = shape.members.get(name)
        where = f"{path}.{name}"
        if theirs is None and (not MODEL_IS_RECENT or ours.get("location", "").lower() == "content-type"):
            continue  # the models leave the content type to the protocol
        if theirs is None:
            problems.append(f"{where}: AWS has no such member")
            continue
        # A free-form document may stand for anything.
        if ours["type"] != "document" and ours["type"] not in KINDS[theirs.type_name]:
            problems.append(f"{where}: is {ours['type']}, AWS has {theirs.type_name}")
            continue
        location = theirs.serialization.get("location")
        payload = shape.serialization.get("payload") == name
        place = "payload" if payload else PLACES.get(location, "body")
        if ours.get("place", "body") != place:
            problems.append(f"{where}: is in {ours.get('place', 'body')}, AWS has it in {place}")
        elif location in ("querystring", "uri", "header"):
            wanted = theirs.serialization.get("name", name)
            same = ours["location"].lower() == wanted.lower() if location == "header" else ours["location"] == wanted
            if not same and (MODEL_IS_RECENT or location != "uri"):  # labels were renamed now and then
                problems.append(f"{where}: its name there is {ours['location']}, AWS has {wanted}")
        inner, inner_shape = ours, theirs
        while inner["type"] in ("list", "map") and inner_shape.type_name in ("list", "map"):
            inner_shape = inner_shape.member if inner["type"] == "list" else inner_shape.value
            inner = inner["of"]
        if inner["type"] == "structure" and inner_shape.type_name == "structure" and "members" in inner:
            compare(where, inner["members"], inner_shape, is_input, problems, seen | {shape.name})
    if is_input and MODEL_IS_RECENT:  # AWS takes requirements back now and then
        for name in shape.required_members:
            if name in named and not named[name]["required"]:
                problems.append(f"{path}.{name}: AWS requires it")
            elif name not in named:
                problems.append(f"{path}.{name}: AWS requires it and it is missing")


@pytest.mark.parametrize("service, operation", OPERATIONS, ids=lambda value: value["name"])
def test_operation_is_as_in_the_model(service, operation):
    model = operation_model(service, operation["name"])
    problems = []
    if service["protocol"].startswith("rest"):
        binding = operation["http"]
        ours = (binding["method"], binding["uri"].rstrip("/"))
        theirs = (model.http["method"], model.http["requestUri"].rstrip("/"))
        if not MODEL_IS_RECENT:
            ours, theirs = (tuple(re.sub(r"{[^}]*}", "{}", part) for part in binding) for binding in (ours, theirs))
        if ours != theirs:
            problems.append(f"is at {ours}, AWS has it at {theirs}")
        if MODEL_IS_RECENT and binding["status"] != model.http.get("responseCode", 200):
            problems.append(f"answers {binding['status']}, AWS answers {model.http.get('responseCode', 200)}")
    name = operation["name"]
    compare(name, operation["input"], model.input_shape, True, problems, frozenset())
    compare(f"{name} (answer)", operation["output"], model.output_shape, False, problems, frozenset())
    checked = tuple(f".{member}: AWS requires it" for member in CHECKED_BY_HANDLER.get(service["model"], ()))
    shared = tuple(f"{member}: AWS has no such member" for member in SHARED_STRUCTS.get(service["model"], ()))
    problems = [problem for problem in problems if not problem.endswith(checked + shared)]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("service", SERVICES, ids=lambda value: value["name"])
def test_service_is_as_in_the_model(service):
    model = model_of(service)
    assert model.signing_name in service["signing_names"]
    protocol = model.metadata["protocol"]
    if protocol == "json":
        assert service["target_prefix"] == model.metadata["targetPrefix"]
        assert service["protocol"] == f"json {model.metadata['jsonVersion']}"
    elif protocol == "query":
        assert service["api_version"] == model.api_version
    else:
        assert service["protocol"] == protocol.removeprefix("smithy-")


@pytest.mark.parametrize("service", SERVICES, ids=lambda value: value["name"])
def test_every_operation_of_aws_is_supported_or_known(service):
    """What is neither would be answered as if it did not exist. A newer botocore may know more: tools/known_operations."""
    known = {operation["name"] for operation in service["operations"]} | set(service["unsupported"])
    unknown = set(model_of(service).operation_names) - known
    if unknown:
        pytest.skip(f"newer than our lists: {', '.join(sorted(unknown))}")
