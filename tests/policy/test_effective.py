"""Effective permissions are what an evaluator that nobody here wrote says they are: `@cloud-copilot/iam-simulate`.

Policies and requests are generated: Allow and Deny, wildcards, NotAction, NotResource, conditions of every kind of
operator, permissions boundaries and the policies of buckets. `EFFECTIVE_EXAMPLES` sets how many (default 150).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.rules.documents import effective
from policy.rules.documents.policies import statements
from sandbox.generators import iam_actions
from sandbox.permissions import evaluator, toolchain

ACCOUNT: Final = "111122223333"
PRINCIPAL: Final = f"arn:aws:iam::{ACCOUNT}:role/job"
_S3: Final = "arn:aws:s3:::"
REQUESTS: Final = (
    ("s3:GetObject", f"{_S3}input/incoming/a.csv"),
    ("s3:PutObject", f"{_S3}output/results/b.json"),
    ("s3:DeleteObject", f"{_S3}input/incoming/a.csv"),
    ("s3:ListBucket", f"{_S3}input"),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"),
    ("sqs:ReceiveMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ledger"),
    ("states:StartExecution", f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:nightly"),
)
ACTIONS: Final = (
    *(action for action, _ in REQUESTS),
    "*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:?etObject",
    "s3:*Object",
    "sqs:*Message",
    "dynamodb:*",
    "states:Start*",
)
RESOURCES: Final = (
    *(resource for _, resource in REQUESTS),
    "*",
    f"{_S3}*",
    f"{_S3}input/*",
    f"{_S3}?nput/incoming/*.csv",
    "arn:aws:sqs:*:*:letters",
    f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/*",
)
CONTEXT: Final[Mapping[str, str]] = {
    "aws:SecureTransport": "true",
    "aws:RequestedRegion": "us-east-1",
    "aws:SourceIp": "10.0.3.4",
    "aws:PrincipalTag/team": "risk",
    "aws:CurrentTime": "2026-11-21T18:00:00Z",
    "aws:PrincipalArn": PRINCIPAL,
}
CONDITIONS: Final[tuple[Mapping[str, Mapping[str, Any]], ...]] = (
    {},
    {},
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "RISK"}},
    {"StringLike": {"aws:PrincipalTag/team": "r?s*"}},
    {"StringNotLike": {"aws:PrincipalTag/team": "x*"}},
    {"StringEquals": {"aws:PrincipalTag/absent": "x"}},
    {"StringNotEquals": {"aws:PrincipalTag/absent": "x"}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/absent": "x"}},
    {"Null": {"aws:PrincipalTag/absent": "true"}},
    {"Null": {"aws:PrincipalTag/team": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/16"}},
    {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/20", "192.168.0.0/16"]}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/other"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"StringEquals": {"aws:RequestedRegion": "us-east-1"}, "Bool": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:PrincipalTag/team": "other"}},
)


def one_or_more(values: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(values), st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))


@st.composite
def statement(draw: st.DrawFn, principal: bool = False) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    statement[draw(st.sampled_from(("Action", "Action", "Action", "NotAction")))] = draw(one_or_more(ACTIONS))
    where = RESOURCES[:4] + RESOURCES[9:12] if principal else RESOURCES
    statement[draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))] = draw(one_or_more(where))
    if condition := draw(st.sampled_from(CONDITIONS)):
        statement["Condition"] = condition
    if principal:
        statement["Principal"] = draw(
            st.sampled_from(("*", {"AWS": PRINCIPAL}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": ACCOUNT}))
        )
    return statement


def document(principal: bool = False) -> st.SearchStrategy[str]:
    entries = st.lists(statement(principal), min_size=1, max_size=4)
    return entries.map(lambda listed: json.dumps({"Version": "2012-10-17", "Statement": listed}))


@pytest.fixture(scope="module")
def simulator() -> Iterator[evaluator.Evaluator]:
    try:
        toolchain.folder()
    except toolchain.NoEvaluatorError as error:
        pytest.skip(f"effective permissions were NOT compared with another evaluator: {error}")
    one = evaluator.Evaluator()
    yield one
    one.close()


@settings(
    max_examples=int(os.environ.get("EFFECTIVE_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    identity=st.lists(document(), min_size=1, max_size=2),
    boundary=st.one_of(st.none(), st.none(), document()),
    resource=st.one_of(st.none(), st.none(), document(principal=True)),
    request=st.sampled_from(REQUESTS),
)
def test_the_answer_is_the_other_evaluators(
    simulator: evaluator.Evaluator,
    identity: list[str],
    boundary: str | None,
    resource: str | None,
    request: tuple[str, str],
) -> None:
    action, name = request
    if not name.startswith(_S3):
        resource = None
    theirs = simulator.decide(
        evaluator.Request(
            principal=PRINCIPAL,
            action=action,
            resource=name,
            account=ACCOUNT,
            context=tuple(CONTEXT.items()),
            identity=tuple(evaluator.Policy(f"p{i}", text) for i, text in enumerate(identity)),
            boundary=evaluator.Policy("b", boundary) if boundary else None,
            resource_policy=evaluator.Policy("r", resource) if resource else None,
        )
    )
    context = {key.lower(): (value,) for key, value in CONTEXT.items()}
    ours = effective.decide(
        effective.Request(principal=PRINCIPAL, action=action, resource=name, context=context),
        [one for text in identity for one in statements(text)],
        None if boundary is None else statements(boundary),
        () if resource is None else statements(resource),
    )
    assert ours == theirs.result


def test_wildcards_mean_the_actions_that_aws_has() -> None:
    assert effective.expanded("logs:PutLogEvent*") == ("logs:PutLogEvents",)
    assert "ecr:BatchDeleteImage" in effective.expanded("ecr:batch*")
    assert effective.expanded("elsewhere:Do*") == ("elsewhere:Do*",)


def test_the_list_of_actions_is_current() -> None:
    try:
        current = iam_actions.actions()
    except toolchain.NoEvaluatorError as error:
        pytest.skip(f"the list of IAM's actions was NOT compared with its source: {error}")
    assert iam_actions.FILE.read_text(encoding="utf-8") == current, "run `python -m sandbox.generators.iam_actions`"
