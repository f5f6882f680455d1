"""How verification ends when AWS does not say yes: what is gone fails, what is unanswered is never a pass."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from batchctl import project as projects
from batchctl.errors import UNREACHABLE, USAGE, OperatorError
from batchctl.outputs import Outputs, load_outputs
from batchctl.verify import Outcome
from batchctl.verify import command as verifying
from batchctl.verify.clients import Clients, WriteRefusedError
from batchctl.verify.model import Check, Claim, Deployment, Report, Subject
from batchctl.verify.registry import _ask, _Registered, where

OUTPUTS = Outputs({"environment": "dev", "region": "us-east-1", "accountId": "123456789012"}, "a test")


def checks_of(function: Any) -> list[Check]:
    deployment = Deployment(Clients("us-east-1"), OUTPUTS)
    registered = _Registered("FR-T1", lambda _: {"key": "thing"}, function)
    return _ask(registered, Subject(deployment.aws, deployment.outputs, None, "key", "thing"))


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeThing")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (refusal("ResourceNotFoundException"), Outcome.FAIL),
        (refusal("NoSuchBucket"), Outcome.FAIL),
        (refusal("NoSuchPublicAccessBlockConfiguration"), Outcome.FAIL),
        (refusal("InvalidVpcEndpointId.NotFound"), Outcome.FAIL),
        (refusal("StateMachineDoesNotExist"), Outcome.FAIL),
        (refusal("AWS.SimpleQueueService.NonExistentQueue"), Outcome.FAIL),
        (refusal("ClientException", "Unable to describe task definition."), Outcome.FAIL),
        (refusal("ClientException", "too many tags"), Outcome.NOT_CHECKABLE),
        (refusal("AccessDenied"), Outcome.NOT_CHECKABLE),
        (refusal("AccessDeniedException", "the role was not found to allow it"), Outcome.NOT_CHECKABLE),
        (refusal("UnauthorizedOperation"), Outcome.NOT_CHECKABLE),
        (refusal("501", "Not yet implemented"), Outcome.NOT_CHECKABLE),
        (refusal("ThrottlingException"), Outcome.NOT_CHECKABLE),
        (EndpointConnectionError(endpoint_url="https://ecs"), Outcome.NOT_CHECKABLE),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_error_is_missing_or_unanswered(error: Exception, outcome: Outcome) -> None:
    def function(_: Subject) -> Any:
        """The thing is there."""
        raise error
        yield

    (check,) = checks_of(function)
    assert (check.outcome, check.says, check.resource) == (outcome, "The thing is there", "thing")
    assert check.observed


def test_what_was_found_before_an_error_counts() -> None:
    def function(_: Subject) -> Any:
        """Two calls."""
        yield Claim("first", False, "something else")
        raise refusal("AccessDenied")

    assert [check.outcome for check in checks_of(function)] == [Outcome.FAIL, Outcome.NOT_CHECKABLE]


def test_a_check_that_says_nothing_is_no_pass() -> None:
    (check,) = checks_of(lambda _: iter(()))
    assert check.outcome is Outcome.NOT_CHECKABLE


@pytest.mark.parametrize("applies", [True, False])
def test_a_check_is_not_asked_where_it_does_not_apply(applies: bool) -> None:
    """A stack without the setting has no such resource: nothing passes, fails or is left open."""
    deployment = Deployment(Clients("us-east-1"), OUTPUTS)
    over = where(lambda _: {"key": "thing"}, lambda _: applies)
    assert over(deployment) == ({"key": "thing"} if applies else {})


def test_nothing_is_ever_changed() -> None:
    """Even a check that tried to write could not."""
    with mock_aws():
        clients = Clients("us-east-1")
        assert clients("s3").list_buckets()["Buckets"] == []
        with pytest.raises(WriteRefusedError, match="CreateBucket"):
            clients("s3").create_bucket(Bucket="bucket")
        assert clients("s3").list_buckets()["Buckets"] == []


@pytest.fixture
def project() -> projects.Project:
    return projects.find(Path(__file__))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "No such file"),
        ("{", "is not JSON"),
        ("[]", "holds a list"),
        ("{}", "has no output environment, region, accountId"),
        ('{"environment": "dev", "region": "us-east-1", "accountId": 12}', "has no output accountId"),
    ],
)
def test_outputs_file_is_refused_with_a_way_out(
    tmp_path: Path, project: projects.Project, text: str | None, says: str
) -> None:
    file = tmp_path / "outputs.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(OperatorError, match=says) as refused:
        load_outputs(None, file, project)
    assert "pulumi stack output --json" in str(refused.value)
    assert refused.value.code == USAGE


def test_an_output_that_is_not_there_names_itself() -> None:
    with pytest.raises(OperatorError, match="no output clusterName: run `pulumi up`"):
        OUTPUTS.text("clusterName")
    with pytest.raises(OperatorError, match="output region from a test is 'us-east-1', not a list"):
        OUTPUTS.texts("region")


def test_which_stack_is_asked_for(project: projects.Project) -> None:
    with pytest.raises(OperatorError, match=r"which stack.*dev, prod.*--stack NAME"):
        load_outputs(None, None, project)
    with pytest.raises(OperatorError, match="exclude each other"):
        load_outputs("dev", Path("outputs.json"), project)


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        (None, UNREACHABLE, "no `pulumi` on PATH"),
        ("echo \"error: no stack named 'dev' found\" >&2; exit 1", USAGE, "pulumi stack ls"),
        ("echo 'error: could not open bucket' >&2; exit 255", UNREACHABLE, "could not open bucket"),
        ("echo '{}'", USAGE, "is not up"),
    ],
)
def test_the_engine_that_does_not_answer(
    tmp_path: Path,
    project: projects.Project,
    monkeypatch: pytest.MonkeyPatch,
    script: str | None,
    code: int,
    says: str,
) -> None:
    if script:
        (tmp_path / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match=says) as refused:
        load_outputs("dev", None, project)
    assert refused.value.code == code


def test_another_account_is_refused(tmp_path: Path, project: projects.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong profile must not look like a stack that has vanished."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({"environment": "dev", "region": "us-east-1", "accountId": "999999999999"}))
    with mock_aws(), pytest.raises(OperatorError, match="in account 999999999999, but you are signed in to 1234"):
        verifying.verify(None, file, project)


def test_outputs_of_a_stack_that_is_gone_are_one_message(
    tmp_path: Path, project: projects.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every single check would fail, with AWS's raw words for each."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    file = tmp_path / "outputs.json"
    values = {
        "environment": "dev",
        "region": "us-east-1",
        "accountId": "123456789012",
        "vpcId": "vpc-0123456789abcdef0",
        "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/cluster-batch-dev",
    }
    file.write_text(json.dumps(values))
    with (
        mock_aws(),
        pytest.raises(OperatorError, match=r"is not deployed in 123456789012, us-east-1.*pulumi up") as refused,
    ):
        verifying.verify(None, file, project)
    assert refused.value.code == USAGE


def test_the_json_document_names_what_doctor_names_alike() -> None:
    check = Check("FR-T1", "it is there", "thing", Outcome.FAIL, "missing")
    (line,) = Report("dev", "123456789012", "us-east-1", (check,)).as_json()["checks"]
    assert line == {
        "area": "FR-T1",
        "says": "it is there",
        "resource": "thing",
        "outcome": "fail",
        "observed": "missing",
    }
