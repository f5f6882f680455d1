"""The areas, the checks in them, and running them all.

"It is not there" is a failure; "there was no answer" is not checkable, and no pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from .model import Check, Claim, Deployment, Outcome, Report, Subject

AREAS: Final[Mapping[str, str]] = {
    "FR-T1": "Cluster",
    "FR-T2": "Task definitions",
    "FR-T3": "Repositories",
    "FR-T4": "KMS keys",
    "FR-T5": "Log groups",
    "FR-T6": "IAM roles",
    "FR-T7": "Scaling",
    "FR-T8": "Rules and schedules",
    "FR-T9": "Alarms",
    "FR-T10": "Services",
    "FR-T11": "Names and tags",
    "FR-T12": "Destroyability",
    "NETWORK": "Network",
    "DATA": "Data stores",
}
"""Code to title; the twelve areas of the requirements, then two that they leave to the reader."""

AT_ONCE: Final = 8
"""Subjects looked at side by side; AWS throttles describe calls of one account well above."""

_MISSING: Final = re.compile(r"NotFound|NoSuch|DoesNotExist|NonExistent|^404$")
_MISSING_TEXT: Final = re.compile(r"Unable to describe task definition|does not exist|not found", re.IGNORECASE)

Function: TypeAlias = Callable[[Subject], Iterator[Claim]]
Over: TypeAlias = Callable[[Deployment], Mapping[str, str]]


@dataclass(frozen=True)
class _Registered:
    area: str
    over: Over
    function: Function

    @property
    def asks(self) -> str:
        return (self.function.__doc__ or self.function.__name__).partition("\n")[0].rstrip(".")


_ALL: Final[list[_Registered]] = []


def check(area: str, over: Over) -> Callable[[Function], Function]:
    """Registers a check: it is called for every resource of `over`, a mapping of key to name."""
    if area not in AREAS:
        raise ValueError(f"{area!r} is no area")

    def register(function: Function) -> Function:
        _ALL.append(_Registered(area, over, function))
        return function

    return register


def by_key(*names: str) -> Over:
    """The resources that the output maps `names` hold, one after the other."""
    return lambda deployed: {
        key if len(names) == 1 else f"{name}/{key}": value
        for name in names
        for key, value in deployed.outputs.by_key(name).items()
    }


def single(*names: str) -> Over:
    """The resources that the outputs `names` hold, one each."""
    return lambda deployed: {name: deployed.outputs.text(name) for name in names}


def where(over: Over, applies: Callable[[Deployment], bool]) -> Over:
    """The resources of `over` in a stack of which `applies` is true, and none in others: there is nothing to ask."""
    return lambda deployed: over(deployed) if applies(deployed) else {}


def each_of(name: str) -> Over:
    """The resources in the output list `name`."""
    return lambda deployed: {value: value for value in deployed.outputs.texts(name)}


def run(deployed: Deployment, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Runs every registered check; raises nothing that AWS answers."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pending = []
        for registered in _ALL:
            subjects = _subjects(deployed, registered)
            if isinstance(subjects, Check):
                pending.append(pool.submit(lambda unanswered: [unanswered], subjects))
                continue
            pending += [pool.submit(_ask, registered, subject) for subject in subjects]
        checks: list[Check] = []
        for future in pending:
            checks += future.result()
            if checks:
                progress(f"{checks[-1].area} {AREAS[checks[-1].area]}")
    order = list(AREAS)
    checks += [_no_resources(area) for area in AREAS if not any(check_.area == area for check_ in checks)]
    checks.sort(key=lambda check_: order.index(check_.area))
    outputs = deployed.outputs
    return Report(outputs.stack, outputs.account, outputs.region, tuple(checks))


def _subjects(deployed: Deployment, registered: _Registered) -> list[Subject] | Check:
    try:
        names = registered.over(deployed)
    except (ClientError, BotoCoreError) as error:
        return _no_answer(registered, deployed.outputs.origin, error)
    return [Subject(deployed.aws, deployed.outputs, deployed.settings, key, name) for key, name in names.items()]


def _ask(registered: _Registered, subject: Subject) -> list[Check]:
    checks: list[Check] = []
    try:
        for claim in registered.function(subject):
            outcome = Outcome.PASS if claim.holds else Outcome.FAIL
            evidence = (
                "" if claim.holds else f"found: {claim.observed if claim.observed not in ('', None) else 'nothing'}"
            )
            checks.append(Check(registered.area, claim.says, claim.resource or subject.name, outcome, evidence))
    except (ClientError, BotoCoreError) as error:
        checks.append(_no_answer(registered, subject.name, error))
    if not checks:
        reason = "the check had nothing to look at"
        checks.append(Check(registered.area, registered.asks, subject.name, Outcome.NOT_CHECKABLE, reason))
    return checks


def _no_answer(registered: _Registered, resource: str, error: Exception) -> Check:
    """A resource that is gone fails; anything else (no right to ask, no such call, no network) leaves it open."""
    details = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    gone = bool(_MISSING.search(code) or (code == "ClientException" and _MISSING_TEXT.search(message)))
    outcome = Outcome.FAIL if gone else Outcome.NOT_CHECKABLE
    return Check(registered.area, registered.asks, resource, outcome, f"{'missing: ' if gone else ''}{error}")


def _no_resources(area: str) -> Check:
    return Check(area, AREAS[area], "-", Outcome.NOT_CHECKABLE, "the outputs name no such resource")


def statements(policy: Any) -> list[dict[str, Any]]:
    """The statements of a policy document, whether AWS gives one or a list."""
    entries = policy.get("Statement", [])
    return entries if isinstance(entries, list) else [entries]


def listed(value: Any) -> list[Any]:
    """A policy's value as a list: AWS writes a single one by itself."""
    return value if isinstance(value, list) else [value]
