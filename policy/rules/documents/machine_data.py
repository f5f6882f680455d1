"""The data that flows from state to state of a machine: whatever a state reads, each state before it must hand on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .machines import Json, assigned, expressions, machines_in, states, undefined

_READS: Final = re.compile(r"\$states\.input\.([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?")
Keys = frozenset[str] | None
"""Names in a state's input; None while nobody can say."""


def missing_data(machine: Json) -> Iterator[tuple[str, str]]:
    """What a state reads from its input and a state before it does not write, and variables that nobody defines."""
    yield from _flow(machine, "", None)
    variables = assigned(machine)
    for state in states(machine):
        for where, text in expressions(state.body, state.path):
            for name in undefined(text, variables):
                yield where, f"uses ${name}, which nothing defines"


def _flow(machine: Json, path: str, names: Keys) -> Iterator[tuple[str, str]]:  # noqa: PLR0912 - one pass
    result = machine.get("States")
    if not isinstance(result, Mapping):
        return
    inputs: dict[Any, list[Keys]] = {machine.get("StartAt"): [names]}
    waiting = [machine.get("StartAt")]
    visited: set[tuple[Any, Keys]] = set()
    while waiting:
        name = waiting.pop()
        body = result.get(name)
        if not isinstance(body, Mapping):
            continue
        for keys in inputs.get(name, []):
            if (name, keys) in visited:
                continue
            visited.add((name, keys))
            for target, passed in _passed(body, keys):
                inputs.setdefault(target, []).append(passed)
                waiting.append(target)
    for name, body in result.items():
        here = f"{path}States.{name}"
        key_sets = [keys for keys in inputs.get(name, []) if keys is not None]
        if isinstance(body, Mapping):
            for where, text in expressions(body, here):
                for key in {one[1] for one in _READS.finditer(text)}:
                    if any(key not in keys for keys in key_sets):
                        yield where, f"reads {key} of its input, which a state before it does not hand on"
            for inner, below in machines_in(body):
                mapped = body.get("Type") == "Map"
                selector = body.get("ItemSelector")
                batched = "ItemBatcher" in body
                handed: Keys = frozenset(selector) if mapped and isinstance(selector, Mapping) else None
                if mapped and batched:
                    handed = frozenset(("Items", "BatchInput"))
                if not mapped:
                    handed = (
                        frozenset.intersection(*key_sets)
                        if key_sets and len(key_sets) == len(inputs.get(name, []))
                        else None
                    )
                yield from _flow(inner, f"{here}.{below}.", handed)


def _passed(body: Json, keys: Keys) -> Iterator[tuple[Any, Keys]]:
    kind = body.get("Type")
    written = _written(body.get("Output"), keys if kind in ("Pass", "Choice", "Wait") else None, "Output" in body)
    if "Next" in body:
        yield body["Next"], written
    if "Default" in body:
        yield body["Default"], written
    for one in body.get("Choices") or ():
        if isinstance(one, Mapping):
            yield one.get("Next"), _written(one.get("Output"), written, "Output" in one)
    for one in body.get("Catch") or ():
        if isinstance(one, Mapping):
            yield one.get("Next"), _written(one.get("Output"), frozenset(("Error", "Cause")), "Output" in one)


def _written(output: Any, otherwise: Keys, reported: bool) -> Keys:
    if not reported:
        return otherwise
    return frozenset(output) if isinstance(output, Mapping) else None
