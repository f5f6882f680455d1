"""The error with which each service refuses a request that its own model does not admit."""

from __future__ import annotations

import functools

from botocore.model import ServiceModel, Shape
from botocore.session import get_session

from sandbox.calls import Call
from sandbox.strict.model import Violation

_BY_SERVICE = {
    "cloudtrail": "InvalidParameterCombinationException",
    "codebuild": "InvalidInputException",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "ssm": "ValidationException",
    "sts": "ValidationError",
    "events": "ValidationException",
}
"""Where the model names no error for this, or several; from each service's list of common errors in its API reference
(for EC2 https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html)."""

_PREFERRED = (
    "ValidationException",
    "InvalidParameterException",
    "InvalidInputException",
    "BadRequestException",
    "InvalidRequestException",
)


@functools.cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, as AWS publishes it."""
    return get_session().get_service_model(service)


@functools.cache
def invalid(service: str) -> str:
    """The code with which a service refuses an invalid parameter."""
    model = service_model(service)
    errors = {str(shape.name): str(getattr(shape, "error_code", shape.name)) for shape in model.error_shapes}
    named = next((errors[name] for name in _PREFERRED if name in errors), None)
    common = "ValidationError" if model.protocol in ("query", "ec2") else "ValidationException"
    return _BY_SERVICE.get(service) or named or common


def of_violation(call: Call, violation: Violation) -> str:
    """The code with which the service refuses this breach of its model."""
    if call.service == "s3":
        return _of_s3(call, violation)
    if violation.constraint == "type" and call.protocol == "json":
        return "SerializationException"
    if violation.constraint == "required" and call.service in ("ec2", "sqs"):
        return "MissingParameter"
    return invalid(call.service)


def of_problem(call: Call) -> str:
    """The code with which the service refuses a body that cannot be read."""
    if call.service == "s3":
        return "MalformedXML"
    return "SerializationException" if call.protocol in ("json", "rest-json") else invalid(call.service)


def _of_s3(call: Call, violation: Violation) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList"""
    shape: Shape | None = service_model("s3").operation_model(call.operation).input_shape
    member = shape.members[violation.path[0]] if shape is not None and violation.path else None  # type: ignore[attr-defined]
    in_body = member is not None and "location" not in member.serialization
    if violation.path == ("CreateBucketConfiguration", "LocationConstraint"):
        return "InvalidLocationConstraint"
    return "MalformedXML" if in_body else "InvalidArgument"
