"""Requests that keep a rule, and changes to them after which it is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.strict.conftest import Strict

ABSENT = object()
Parameters = dict[str, Any]


@dataclass(frozen=True)
class Seed:
    """One rule, with a request that it takes and changes of that request that it refuses."""

    rule: str
    operation: str
    keeps: Callable[[Strict], Parameters]
    breaks: Callable[[Strict], list[Parameters]]
    """Members that are laid over those of `keeps`; ABSENT takes a member away."""

    @property
    def service(self) -> str:
        return self.rule.split(".")[0]


def seed(
    rule: str,
    operation: str,
    keeps: Parameters | Callable[[Strict], Parameters],
    *breaks: Parameters | Callable[[Strict], Parameters],
) -> Seed:
    """A seed whose requests are given as they are, or made from what is in the account."""

    def filled(part: Parameters | Callable[[Strict], Parameters], account: Strict) -> Parameters:
        return part(account) if callable(part) else part

    return Seed(
        rule, operation, lambda account: filled(keeps, account), lambda account: [filled(b, account) for b in breaks]
    )


def overlaid(request: Mapping[str, Any], change: Mapping[str, Any]) -> Parameters:
    """The request with the change in it."""
    changed: Parameters = dict(request)
    for name, value in change.items():
        if value is ABSENT:
            changed.pop(name, None)
        elif isinstance(value, Mapping) and value:
            changed[name] = overlaid(changed[name] if isinstance(changed.get(name), Mapping) else {}, value)
        else:
            changed[name] = value
    return changed
