"""Each constraint of AWS's models is noticed where it stands: nobody chose these requests, the models did.

For every operation of the services that the stacks use, each constraint that its input can reach is broken in turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from sandbox.calls import Call
from sandbox.strict import RULE_HEADER, refused_by
from sandbox.strict.codes import service_model
from sandbox.strict.grammar.patterns import UNUSABLE, matches
from sandbox.strict.model import violations
from tests.sandbox.strict.conftest import Strict

SERVICES = (
    "application-autoscaling",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "codestar-connections",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "events",
    "iam",
    "kms",
    "logs",
    "s3",
    "scheduler",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
)
LONGEST = 300_000
"""A longest length beyond this is not tried: the value would fill the memory."""
CANDIDATES = ("\x00", "", " ", "\n", "é", "'", "|", "a b", "[bot]", "arn:", "-", "0", "x" * 70, "_x" * 80)
"""Values of which a pattern refuses at least one, unless it admits everything."""


@dataclass(frozen=True)
class Breach:
    """A value that breaks one constraint, and the request that carries it."""

    constraint: str
    path: tuple[str, ...]
    request: Any


def breaches(shape: Shape, visited: tuple[str, ...] = ()) -> Iterator[Breach]:
    """One breach of each constraint that a value of this shape can reach."""
    if shape.name in visited or getattr(shape, "is_document_type", False):
        return
    deeper = (*visited, shape.name)
    yield from own_breaches(shape)
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if name in shape.members:
                yield Breach("required", (name,), {})
        for name, member in shape.members.items():
            for inner in breaches(member, deeper):
                yield Breach(inner.constraint, (name, *inner.path), {name: inner.request})
    elif isinstance(shape, ListShape):
        for inner in breaches(shape.member, deeper):
            yield Breach(inner.constraint, ("1", "member", *inner.path), [inner.request])
    elif isinstance(shape, MapShape):
        for inner in breaches(shape.value, deeper):
            yield Breach(inner.constraint, ("k", *inner.path), {"k": inner.request})
        for inner in breaches(shape.key, deeper):
            if isinstance(inner.request, str):
                yield Breach(inner.constraint, ("key", *inner.path), {inner.request: None})


def own_breaches(shape: Shape) -> Iterator[Breach]:
    """One breach of each constraint of the shape itself."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(shape, StringShape):
        if shape.enum:
            yield Breach("enum", (), "no-such-value")
        pattern = shape.metadata.get("pattern")
        refused = next((text for text in CANDIDATES if pattern and not matches(pattern, text)), None)
        if refused is not None:
            yield Breach("pattern", (), refused)
    sized = {"string": "x", "list": [], "blob": b"x"}.get(shape.type_name)
    if sized is not None:
        element: Any = sized or [None]
        if least:
            yield Breach("min", (), element * (least - 1))
        if most is not None and most < LONGEST:
            yield Breach("max", (), element * (most + 1))
    if shape.type_name in ("integer", "long", "float", "double"):
        if least is not None:
            yield Breach("min", (), least - 1)
        if most is not None:
            yield Breach("max", (), most + 1)
    if shape.type_name in ("integer", "long", "boolean"):
        yield Breach("type", (), "text")


def operations() -> list[tuple[str, str]]:
    return [(service, name) for service in SERVICES for name in service_model(service).operation_names]


def _input(service: str, operation: str) -> StructureShape:
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    return shape


@pytest.mark.parametrize("service", SERVICES)
def test_each_constraint_of_each_operation_is_noticed(service: str) -> None:
    missed, tried = [], 0
    for name in service_model(service).operation_names:
        shape = service_model(service).operation_model(name).input_shape
        for breach in breaches(shape) if shape is not None else ():
            tried += 1
            noticed = {(item.constraint, item.path) for item in violations(_input(service, name), breach.request)}
            if (breach.constraint, breach.path) not in noticed:
                missed.append((name, breach.constraint, breach.path))
    assert tried > 0
    assert not missed, f"{len(missed)} of {tried}: {missed[:20]}"


def test_the_constraints_are_many() -> None:
    """The generator is not empty-handed: it finds each kind of constraint, hundreds of times."""
    kinds: dict[str, int] = {}
    for service, name in operations():
        shape = service_model(service).operation_model(name).input_shape
        for breach in itertools.islice(breaches(shape), 200) if shape is not None else ():
            kinds[breach.constraint] = kinds.get(breach.constraint, 0) + 1
    assert {kind for kind, number in kinds.items() if number > 500} == {
        "required",
        "enum",
        "min",
        "max",
        "pattern",
        "type",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_breach_is_refused_with_a_code_of_the_service(service: str) -> None:
    """Every operation that can be broken is refused, and in the words of its protocol."""
    model = service_model(service)
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        breach = next(iter(breaches(shape)), None) if shape is not None else None
        if breach is None or shape is None:
            continue
        call = Call(
            service=service,
            operation=name,
            parameters=breach.request,
            access_key=None,
            region="us-east-1",
            headers={},
            protocol=str(model.resolved_protocol),
        )
        answer = refused_by(call)
        assert answer is not None and answer.headers[RULE_HEADER] == "model", name
        assert 400 <= answer.status_code < 500, name


def test_patterns_that_cannot_be_used_are_listed() -> None:
    """A pattern of a service that the stacks use is usable, or the test names it."""
    for service in SERVICES:
        for name in service_model(service).shape_names:
            pattern = service_model(service).shape_for(name).metadata.get("pattern")
            assert pattern not in UNUSABLE, (service, name)
            if pattern:
                matches(pattern, "x")


MALFORMED: list[tuple[str, str, dict[str, Any], str]] = [
    ("ec2", "CreateVpcEndpoint", {"VpcId": "vpc-1", "VpcEndpointType": "Bridge"}, "InvalidParameterValue"),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter"),
    ("s3", "PutBucketVersioning", {"Bucket": "b-1", "VersioningConfiguration": {"Status": "On"}}, "MalformedXML"),
    ("s3", "PutObject", {"Bucket": "b-1", "Key": "k", "StorageClass": "COLD"}, "InvalidArgument"),
    ("ecs", "RunTask", {"cluster": "c"}, "InvalidParameterException"),
    ("ecs", "RunTask", {"taskDefinition": "t", "count": "two"}, "SerializationException"),
    ("iam", "CreateRole", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, "ValidationError"),
    ("kms", "CreateKey", {"KeySpec": "AES"}, "ValidationException"),
    ("logs", "PutMetricFilter", {"logGroupName": "a b", "filterName": "f"}, "InvalidParameterException"),
    ("events", "PutRule", {"Name": "a b", "ScheduleExpression": "rate(1 day)"}, "ValidationException"),
    ("scheduler", "CreateScheduleGroup", {"Name": "a b"}, "ValidationException"),
    ("sqs", "CreateQueue", {"QueueName": "q", "Attributes": {"Colour": "red"}}, "InvalidAttributeName"),
    ("sns", "CreateTopic", {}, "InvalidParameter"),
    ("dynamodb", "CreateTable", {"TableName": "abc", "BillingMode": "FREE"}, "ValidationException"),
    ("cloudwatch", "DescribeAlarms", {"StateValue": "FINE"}, "ValidationError"),
    ("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "eks"}, "ValidationException"),
    ("codebuild", "StartBuild", {}, "InvalidInputException"),
    ("codepipeline", "GetPipeline", {"name": "a b"}, "ValidationException"),
    ("ecr", "CreateRepository", {"repositoryName": "Upper"}, "InvalidParameterException"),
    ("stepfunctions", "StartExecution", {"input": "{}"}, "ValidationException"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "code"), MALFORMED, ids=lambda value: str(value)[:20])
def test_through_the_sdk_a_breach_is_the_error_of_the_service(
    strict: Strict, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    assert strict.refusal(service, operation, parameters) == ("model", code)
