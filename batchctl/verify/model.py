"""What a check is about, what it claims, and what the report says: plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batchctl.outputs import Outputs
from conventions.naming import Names
from settings.jobs import Job
from settings.models import Settings

from .clients import Clients


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "pass"
    FAIL = "fail"
    NOT_CHECKABLE = "not checkable"
    """No answer was to be had; never counted as a pass."""


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    area: str
    says: str
    """What must hold."""
    resource: str
    """Name or id under which AWS knows what was looked at."""
    outcome: Outcome
    observed: str = ""
    """What AWS reports instead, or why there was no answer."""


@dataclass(frozen=True)
class Claim:
    """What a check function yields: the runner adds area and outcome."""

    says: str
    holds: bool
    observed: Any = ""
    resource: str | None = None
    """None: the subject's own name."""


@dataclass(frozen=True)
class Deployment:
    """A stack that is up, and how to ask about it."""

    aws: Clients
    outputs: Outputs
    settings: Settings | None = None
    """The committed settings; None where there is no stack file: then only what holds for every stack is checked."""

    @property
    def names(self) -> Names:
        """What the stack calls things."""
        return Names(
            suffix=self.outputs.stack,
            account=self.outputs.account,
            region=self.outputs.region,
            role_path=self.settings.platform.permissions_path if self.settings else "/",
        )


@dataclass(frozen=True)
class Subject(Deployment):
    """One resource of a deployment."""

    key: str = ""
    """Job, endpoint or purpose under which the outputs know it."""
    name: str = ""

    @property
    def job(self) -> Job | None:
        """The settings of the job that the resource belongs to, where they are known."""
        return self.settings.jobs.get(self.key) if self.settings else None

    def equals(self, what: str, actual: Any, expected: Any) -> Claim:
        """The claim that `what` is `expected`."""
        return Claim(f"{what} is {_short(expected)}", actual == expected, actual)


@dataclass(frozen=True)
class Report:
    """Every check of one run."""

    stack: str
    account: str
    region: str
    checks: tuple[Check, ...]

    def of(self, outcome: Outcome) -> list[Check]:
        """The checks that ended so."""
        return [check for check in self.checks if check.outcome is outcome]

    @property
    def failed_areas(self) -> set[str]:
        """Areas with at least one failure."""
        return {check.area for check in self.of(Outcome.FAIL)}

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON document; the field names are stable."""
        return {
            "stack": self.stack,
            "account": self.account,
            "region": self.region,
            "summary": {outcome.value: len(self.of(outcome)) for outcome in Outcome},
            "checks": [
                {
                    "area": check.area,
                    "says": check.says,
                    "resource": check.resource,
                    "outcome": check.outcome.value,
                    "observed": check.observed,
                }
                for check in self.checks
            ],
        }


def object_lock_of(bucket: Subject) -> Mapping[str, Any]:
    """The bucket's object lock configuration; empty where it has none."""
    client = bucket.aws("s3")
    try:
        return dict(client.get_object_lock_configuration(Bucket=bucket.name).get("ObjectLockConfiguration", {}))
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        return {}


def tags_of(items: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """AWS's list of tags as a mapping, however the service spells its keys."""
    lowered = [{key.lower(): value for key, value in item.items()} for item in items]
    return {item["key"]: item["value"] for item in lowered}


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
