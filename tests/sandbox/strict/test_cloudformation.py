"""Every constraint of CloudFormation's schemas on a property that is a member of a request is broken in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

import pytest
from botocore.exceptions import ParamValidationError

from tests.sandbox.strict.cloudformation.kinds import KINDS, Fine
from tests.sandbox.strict.cloudformation.schemas import Broken, Kind, broken
from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.test_documented import CRASHED, answer

_SETS = "CloudFormation takes its lists for sets; no page of the API says that it refuses an item that comes twice"
_EMPTY = "the model of the API lets a tag's value be empty or absent"
ACCEPTED: Final[dict[tuple[str, str, str], str]] = {
    ("AWS::*", "*", "uniqueItems"): _SETS,
    ("AWS::CloudWatch::Alarm", "Tags/0/Value", "minLength"): _EMPTY,
    ("AWS::ECR::Repository", "tags/0/Value", "minLength"): _EMPTY,
    ("AWS::StepFunctions::StateMachine", "tags/0/value", "required"): _EMPTY,
    ("AWS::StepFunctions::StateMachine", "tags/0/value", "minLength"): _EMPTY,
    ("AWS::ECR::Repository", "tags/0/*", "maxLength"): "ECR's page says 128 and 256 characters, one more",
    ("AWS::DynamoDB::Table", "SSESpecification/SSEType", "dependentRequired"): "KMS is what the API takes it for",
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "M??Capacity",
        "required",
    ): "the API wants them of a new target, and this one is registered",
}
"""(type, member, constraint) of what the account takes, with the reason."""


@dataclass
class Outcome:
    """How the account answered the broken requests of all types."""

    refused: int = 0
    accepted: list[tuple[str, str, str, object]] = field(default_factory=list)
    fine_refused: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    """Types of whose schema nothing could be broken."""


@pytest.fixture(scope="module")
def outcome(strict: Strict) -> Outcome:
    """Every broken request, sent once."""
    result = Outcome()
    for kind, fine in KINDS:
        refusal = answer(strict, kind.service, kind.operation, fine(strict))
        if refusal is not None:
            result.fine_refused.append(f"{kind.name} by {kind.operation}: {refusal}")
            continue
        tried = list(_tried(strict, kind, fine))
        if not tried:
            result.silent.append(kind.name)
        result.refused += sum(refused for _, refused in tried)
        result.accepted += [(kind.name, one.path, one.constraint, one.value) for one, refused in tried if not refused]
    return result


def _tried(account: Strict, kind: Kind, fine: Fine) -> Iterator[tuple[Broken, bool]]:
    """Each broken request, and whether it was refused; what boto3 itself does not send is left out."""
    requests = list(broken(kind, fine(account)))
    for position in range(len(requests)):
        try:
            refusal = answer(account, kind.service, kind.operation, dict(requests[position].request))
        except ParamValidationError:
            continue
        refused = refusal is not None and refusal.rule != CRASHED
        yield requests[position], refused
        if not refused:  # the names are taken now
            requests = list(broken(kind, fine(account)))


def test_the_requests_that_are_broken_are_fine(outcome: Outcome) -> None:
    assert not outcome.fine_refused


def test_something_of_each_type_is_broken(outcome: Outcome) -> None:
    assert not outcome.silent
    assert outcome.refused > 1000


def test_what_the_schemas_forbid_is_refused(outcome: Outcome) -> None:
    accepted = [one for one in outcome.accepted if not any(_speaks(entry, one) for entry in ACCEPTED)]
    assert not accepted


def test_what_is_listed_as_taken_still_is(outcome: Outcome) -> None:
    idle = [entry for entry in ACCEPTED if not any(_speaks(entry, one) for one in outcome.accepted)]
    assert not idle, "these are refused by now: take them out"


def _speaks(entry: tuple[str, str, str], accepted: tuple[str, str, str, object]) -> bool:
    return all(fnmatchcase(part, pattern) for part, pattern in zip(accepted[:3], entry, strict=True))
