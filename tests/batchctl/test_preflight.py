"""`doctor --preflight` against moto: an account without anything, and each thing that would stop the first `up`.

moto knows neither Fargate's quotas nor which zone has which endpoint service; those answers are put in at the client.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner

from batchctl import cli
from batchctl.errors import PROBLEM, OperatorError
from batchctl.operate import preflight

ACCOUNT = "123456789012"
ZONES = [f"us-east-1{letter}" for letter in "abcdef"]


class Answers:
    """What AWS says of quotas and endpoint services, for a test to change."""

    def __init__(self) -> None:
        self.quotas = {preflight.FARGATE_QUOTA: 6.0, preflight.FARGATE_SPOT_QUOTA: 6.0, preflight.VPC_QUOTA: 5.0}
        self.services = {
            f"com.amazonaws.us-east-1.{name}": list(ZONES) for name in ("s3", "dynamodb", "ecr.api", "ecr.dkr", "logs")
        }

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        return {"Quota": {"Value": self.quotas[QuotaCode]}}

    def pages(self) -> Iterator[dict[str, Any]]:
        details = [{"ServiceName": name, "AvailabilityZones": zones} for name, zones in self.services.items()]
        yield {"ServiceDetails": details}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answers]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for program in ("pulumi", "docker"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    answers = Answers()
    client = preflight.Preflight.client

    def patched(self: preflight.Preflight, service: str) -> Any:
        if service == "service-quotas":
            return answers
        created = client(self, service)
        if service == "ec2":
            paginator = created.get_paginator

            class Services:
                paginate = staticmethod(answers.pages)

            created.get_paginator = lambda name: Services() if "endpoint" in name else paginator(name)
        return created

    monkeypatch.setattr(preflight.Preflight, "client", patched)
    with mock_aws():
        yield answers


def diagnoses(*arguments: str, stack: str = "dev") -> dict[str, dict[str, str]]:
    invocation = CliRunner().invoke(cli.app, ["doctor", "--preflight", "--stack", stack, "--json", *arguments])
    assert invocation.exception is None or isinstance(invocation.exception, SystemExit), invocation.exception
    result = {one["what"]: one for one in json.loads(invocation.output)}
    assert (invocation.exit_code == PROBLEM) is any(one["outcome"] == "fail" for one in result.values())
    return result


def test_an_empty_account_will_do(answers: Answers) -> None:
    result = diagnoses()
    outcomes = {what: one["outcome"] for what, one in result.items()}
    assert "fail" not in outcomes.values(), result
    assert "unknown" not in outcomes.values(), result
    for what in ("credentials", "region", "availability zones", "endpoint services", "Fargate vCPU quota", "VPC quota"):
        assert outcomes[what] == "ok", what
    for purpose in ("input", "output", "audit"):
        assert outcomes[f"bucket bucket-{purpose}-{ACCOUNT}-dev"] == "ok"
    assert outcomes["AWSServiceRoleForECS"] == "warn", "AWS makes it on first use"
    assert (outcomes["Pulumi CLI"], outcomes["Docker"]) == ("ok", "ok")


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (preflight.FARGATE_QUOTA, "Fargate vCPU quota"),
        (preflight.FARGATE_SPOT_QUOTA, "Fargate Spot vCPU quota"),
        (preflight.VPC_QUOTA, "VPC quota"),
    ],
)
def test_a_quota_that_is_too_low(answers: Answers, code: str, what: str) -> None:
    answers.quotas[code] = 0.0
    one = diagnoses()[what]
    assert one["outcome"] == "fail"
    assert f"--quota-code {code}" in one["to_do"]


def test_a_stack_without_spot_needs_no_spot_quota(answers: Answers) -> None:
    answers.quotas[preflight.FARGATE_SPOT_QUOTA] = 0.0
    assert "Fargate Spot vCPU quota" not in diagnoses(stack="prod")


def test_an_endpoint_service_that_the_region_lacks(answers: Answers) -> None:
    del answers.services["com.amazonaws.us-east-1.ecr.dkr"]
    one = diagnoses()["endpoint services"]
    assert one["outcome"] == "fail"
    assert "com.amazonaws.us-east-1.ecr.dkr" in one["observed"]


def test_an_endpoint_service_that_a_zone_lacks(answers: Answers) -> None:
    answers.services["com.amazonaws.us-east-1.logs"].remove("us-east-1c")
    one = diagnoses()["endpoint services"]
    assert (one["outcome"], one["observed"]) == ("warn", "com.amazonaws.us-east-1.logs not in us-east-1c")


def test_a_bucket_that_is_there_already(answers: Answers) -> None:
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=f"bucket-input-{ACCOUNT}-dev")
    assert diagnoses()[f"bucket bucket-input-{ACCOUNT}-dev"]["outcome"] == "warn"


def test_a_bucket_of_somebody_else(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden = ClientError(
        {"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": {"HTTPStatusCode": 403}},  # type: ignore[typeddict-item]
        "HeadBucket",
    )
    client = preflight.Preflight.client

    def patched(self: preflight.Preflight, service: str) -> Any:
        created = client(self, service)
        if service == "s3":
            created.head_bucket = lambda **_: (_ for _ in ()).throw(forbidden)
        return created

    monkeypatch.setattr(preflight.Preflight, "client", patched)
    one = diagnoses()[f"bucket bucket-input-{ACCOUNT}-dev"]
    assert one["outcome"] == "fail"
    assert "platform.environment" in one["to_do"]


@pytest.mark.parametrize(("left", "outcome"), [(True, "fail"), (False, "ok")])
def test_a_log_group_that_a_destroy_left(answers: Answers, left: bool, outcome: str) -> None:
    """Late events make Container Insights' group again, without a key; `pulumi up` would find it in its way."""
    name = "/aws/ecs/containerinsights/cluster-batch-dev/performance"
    if left:
        boto3.client("logs", region_name="us-east-1").create_log_group(logGroupName=name)
    one = diagnoses()[f"log group {name}"]
    assert one["outcome"] == outcome
    assert one["to_do"] == (f"aws logs delete-log-group --log-group-name {name}" if left else "")


def test_a_role_that_is_there(answers: Answers) -> None:
    iam = boto3.client("iam")  # moto gives a service-linked role another name than AWS does
    iam.create_role(RoleName="AWSServiceRoleForECS", AssumeRolePolicyDocument="{}")
    assert diagnoses()["AWSServiceRoleForECS"]["outcome"] == "ok"


def test_what_aws_does_not_answer_is_never_ok(answers: Answers) -> None:
    def denied(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetServiceQuota")

    answers.get_service_quota = denied  # type: ignore[method-assign]
    assert diagnoses()["quotas"]["outcome"] == "unknown"


def test_without_credentials_nothing_else_is_asked(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    boto3.setup_default_session()
    result = diagnoses()
    assert result["credentials"]["outcome"] == "fail"
    assert "AWS_PROFILE" in result["credentials"]["to_do"]
    assert set(result) == {"credentials", "Pulumi CLI", "Docker"}


def test_without_programs(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = diagnoses()
    assert (result["Pulumi CLI"]["outcome"], result["Docker"]["outcome"]) == ("fail", "warn")


def test_outputs_and_preflight_exclude_each_other() -> None:
    error = CliRunner().invoke(cli.app, ["doctor", "--preflight", "--outputs", "x.json"]).exception
    assert isinstance(error, OperatorError)
    assert "before there are outputs" in str(error)
