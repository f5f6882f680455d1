"""State machine definitions: reading one, its states at any depth, and its expressions."""

from __future__ import annotations

import json
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


def expressions(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every JSONata expression below, without those of inner machines."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            if name not in _INNER:
                yield from expressions(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from expressions(member, f"{path}[{index}]")
    elif isinstance(value, str) and value.startswith("{%"):
        yield path, value
