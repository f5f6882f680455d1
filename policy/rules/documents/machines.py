"""State machine definitions: reading one, its states at any depth, and its expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """One state in its place."""

    path: str
    """`States.Run.Branches[0].States.Claim`."""
    name: str
    body: Json
    top: bool


def definition(text: Any) -> Json | None:
    """The machine behind a text; None if it is no JSON object. Shared between callers: never change it."""
    result = _loaded(text) if isinstance(text, str) else text
    return result if isinstance(result, Mapping) else None


@lru_cache(maxsize=64)
def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def states(machine: Json, path: str = "", top: bool = True) -> Iterator[State]:
    """Every state at any depth."""
    result = machine.get("States")
    for name, body in result.items() if isinstance(result, Mapping) else ():
        here = f"{path}States.{name}"
        if isinstance(body, Mapping):
            yield State(here, name, body, top)
            for inner, below in machines_in(body):
                yield from states(inner, f"{here}.{below}.", False)


def machines_in(body: Json) -> Iterator[tuple[Json, str]]:
    """The machines that a state holds, with their places."""
    if isinstance(body.get("ItemProcessor"), Mapping):
        yield body["ItemProcessor"], "ItemProcessor"
    branches = body.get("Branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, Mapping):
            yield branch, f"Branches[{index}]"


_INNER: Final = frozenset(("Branches", "ItemProcessor"))


_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?<=[,(]) ?/(?:[^/\\\n]|\\.)+/i?")
_VARIABLE: Final = re.compile(r"\$([A-Za-z_]\w*)")
_BINDING: Final = re.compile(r"\$([A-Za-z_]\w*)\s*:=")
_PARAMETERS: Final = re.compile(r"(?:function|\u03bb)\s*\(([^)]*)\)")


def undefined(expression: str, assigned: frozenset[str]) -> list[str]:
    """Variables and functions that a JSONata expression uses and nobody defines; `assigned` are the machine's own."""
    bare = _QUOTED.sub("''", expression)
    bound = set(_BINDING.findall(bare)) | {one for part in _PARAMETERS.findall(bare) for one in _VARIABLE.findall(part)}
    return sorted(set(_VARIABLE.findall(bare)) - bound - assigned - FUNCTIONS - {"states"})


def assigned(machine: Json) -> frozenset[str]:
    """The names that `Assign` gives values to, anywhere in the machine."""
    held = [one for state in states(machine) for one in (state.body, *_listed(state.body, "Catch", "Choices", "Retry"))]
    return frozenset(name for one in held if isinstance(one.get("Assign"), Mapping) for name in one["Assign"])


def _listed(body: Json, *names: str) -> Iterator[Json]:
    for name in names:
        yield from (one for one in body.get(name) or () if isinstance(one, Mapping))


_NAMES: Final = """
    abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl
    decodeUrlComponent distinct each encodeUrl encodeUrlComponent error eval exists filter floor formatBase
    formatInteger formatNumber fromMillis hash join keys length lookup lowercase map match max merge millis
    min not now number pad parse parseInteger partition power random range reduce replace reverse round
    shuffle sift single sort split spread sqrt string substring substringAfter substringBefore sum toMillis
    trim type uppercase uuid zip
"""
FUNCTIONS: Final = frozenset(_NAMES.split())
"""JSONata's functions, and those that Step Functions adds.

https://docs.jsonata.org/string-functions and the pages beside it;
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""


def expressions(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every JSONata expression below, without those of inner machines."""
    if isinstance(value, str):  # first, for most values are texts
        if value.startswith("{%"):
            yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if name not in _INNER:
                yield from expressions(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from expressions(member, f"{path}[{index}]")
