"""Malformed requests that AWS's pages name are refused, and the request beside each is taken."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.documented import Request, compute, identity, messages, network, storage, watching
from tests.sandbox.strict.documented.scenery import Scenery
from tests.sandbox.strict.seeds import overlaid

REQUESTS: dict[str, list[Request]] = {
    "ec2": network.REQUESTS,
    "iam": identity.REQUESTS_IAM,
    "sts": identity.REQUESTS_STS,
    "kms": identity.REQUESTS_KMS,
    "ecs": compute.REQUESTS,
    "application-autoscaling": compute.REQUESTS_SCALING,
    "ecr": compute.REQUESTS_ECR,
    "s3": storage.REQUESTS,
    "dynamodb": storage.REQUESTS_DYNAMODB,
    "cloudwatch": watching.REQUESTS,
    "logs": watching.REQUESTS_LOGS,
    "events": watching.REQUESTS_EVENTS,
    "scheduler": watching.REQUESTS_SCHEDULER,
    "sns": messages.REQUESTS,
    "sqs": messages.REQUESTS_SQS,
    "stepfunctions": messages.REQUESTS_STATES,
    "codebuild": messages.REQUESTS_CODEBUILD,
    "codepipeline": messages.REQUESTS_CODEPIPELINE,
}


CRASHED = "the account crashed"


@pytest.fixture(scope="module")
def scenery(strict: Strict) -> Scenery:
    return Scenery(strict.client, strict.names, strict.ids)


def answer(account: Strict, service: str, operation: str, parameters: dict[str, object]) -> str | None:
    """The code and message of the refusal; None for what is taken."""
    try:
        account.call(service, operation, parameters)
    except ResponseParserError:
        return CRASHED
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return CRASHED
        return f"{error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}"
    return None


@pytest.mark.parametrize("service", REQUESTS)
def test_what_the_pages_refuse_is_refused(scenery: Scenery, service: str) -> None:
    taken, refused, tried = [], [], 0
    for request in REQUESTS[service]:
        if why := answer(scenery, service, request.operation, request.fine(scenery)):
            refused.append(f"{request.operation}: {why}")
        for name, change in request.malformed.items():
            tried += 1
            broken = overlaid(request.fine(scenery), change(scenery))
            said = answer(scenery, service, request.operation, broken)
            if said in (None, CRASHED):
                taken.append(f"{request.operation} {name}{' (crashed)' if said else ''}")
    if report := os.environ.get("BATCH_REPORT"):
        with Path(report).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"service": service, "tried": tried, "taken": taken, "refused": refused}) + "\n")
    assert not refused, "fine requests that are refused"
    assert not taken, f"{len(taken)} of {tried} malformed requests were taken"
