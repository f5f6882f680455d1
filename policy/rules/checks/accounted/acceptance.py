"""What AWS takes, by its own service models: lengths, characters, enumerations and numbers of every property."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from ...graph import UNKNOWN, Resource
from ...rule import Kind, Problem, Severity, View, rule
from .properties import shape_of

_FILE: Final = Path(__file__).resolve().parents[2] / "tables" / "acceptance.json"
_LONGEST_QUOTE: Final = 60
"""Characters of a value that a message shows."""

Constraint = Mapping[str, Any]
ACCEPTED: Final[Mapping[str, Mapping[str, Constraint]]] = json.loads(_FILE.read_text(encoding="utf-8"))
"""By type and path: `shortest`, `longest`, `pattern`, `enum` of texts, `low` and `high` of numbers, `fewest` and `most`
of lists."""


@rule(
    "values-are-accepted",
    *ACCEPTED,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Set it to what AWS takes; a deployment would fail",
    url="https://github.com/boto/botocore/tree/develop/botocore/data",
    tags=("table",),
)
def values_are_accepted(resource: Resource, view: View) -> Iterator[Problem]:
    """Each value has the length, characters and range that AWS's service model has for it."""
    table = ACCEPTED[resource.type]
    for path, value in _values(resource.props):
        constraint = table.get(shape_of(path))
        if constraint and value is UNKNOWN:
            yield Problem(message="", property=path, undecided=True)
        elif constraint:
            for fault in faults(value, constraint):
                yield Problem(message=f"{path} {fault}", property=path)


def _values(props: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    waiting = list(props.items())
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}", member) for key, member in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{i}]", member) for i, member in enumerate(value)]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def faults(value: Any, constraint: Constraint) -> Iterator[str]:
    """Why AWS would refuse a value, as a sentence."""
    if isinstance(value, str):
        yield from _of_text(value, constraint)
    elif isinstance(value, list):
        fewest, most = constraint.get("fewest", 0), constraint.get("most", len(value))
        if not fewest <= len(value) <= most:
            yield f"has {len(value)} members, AWS takes {fewest} to {most}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = constraint.get("low", value), constraint.get("high", value)
        if not low <= value <= high:
            yield f"is {value}, AWS takes {low} to {high}"


def _of_text(value: str, constraint: Constraint) -> Iterator[str]:
    quote = value if len(value) <= _LONGEST_QUOTE else f"{value[:_LONGEST_QUOTE]}…"
    if "enum" in constraint and value not in constraint["enum"]:
        yield f"is {quote}, AWS takes {', '.join(constraint['enum'][:12])}"
    shortest, longest = constraint.get("shortest", 0), constraint.get("longest", len(value))
    if not shortest <= len(value) <= longest:
        yield f"has {len(value)} characters, AWS takes {shortest} to {longest}"
    if "pattern" in constraint and not _compiled(constraint["pattern"]).search(value):
        yield f"is {quote}, AWS takes {constraint['pattern']}"
