"""Positions in a resource's properties, also inside texts that are JSON, and how to change what stands there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from policy.rules import UNKNOWN


class _Json:
    def __repr__(self) -> str:
        return "{}"


JSON: Final = _Json()
"""The step from a text into the JSON that it holds."""
GONE: Final = object()
"""Put this in a position to delete it."""

Step: TypeAlias = str | int | _Json


@dataclass(frozen=True, slots=True)
class Position:
    """One position, and what stands there."""

    steps: tuple[Step, ...]
    value: Any

    @property
    def path(self) -> str:
        """The position without its indices: `policy{}.Statement[].Action[]`; names of states are left out, too."""
        text = ""
        above: Step = ""
        for step in self.steps:
            if isinstance(step, int):
                text += "[]"
            elif isinstance(step, _Json):
                text += "{}"
            else:
                name = "*" if above in ("States", "tags", "tagsAll") else step
                text += f".{name}" if text else name
            above = step
        return text

    @property
    def name(self) -> str:
        """Name of the member, or of the list that it is in."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")


def positions(props: Mapping[str, Any]) -> Iterator[Position]:
    """Every position in `props`, objects and lists included."""
    for name, value in props.items():
        yield from _below((name,), value)


def _below(steps: tuple[Step, ...], value: Any) -> Iterator[Position]:
    yield Position(steps, value)
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _below((*steps, name), member)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _below((*steps, index), member)
    elif isinstance(value, str) and (inner := parsed(value)) is not None:
        for position in _below((*steps, JSON), inner):
            if position.steps[-1] is not JSON:
                yield position


def parsed(text: str) -> Any:
    """The JSON object or list in a text; None if it holds none."""
    if not re.match(r"\s*[\[{]\s*[\[{\"\]}]", text):
        return None
    try:
        result = json.loads(text)
    except ValueError:
        return None
    return result if isinstance(result, dict | list) else None


def put(props: Mapping[str, Any], steps: tuple[Step, ...], new: Any) -> dict[str, Any]:
    """A copy of `props` with `new` (or nothing, for `GONE`) at the position."""
    result: dict[str, Any] = _put(props, steps, lambda old: new)
    return result


def changed(props: Mapping[str, Any], act: Callable[[str], str]) -> dict[str, Any]:
    """A copy of `props` with every text at any depth passed through `act`."""

    def over(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: over(member) for key, member in value.items()}
        if isinstance(value, list):
            return [over(member) for member in value]
        return act(value) if isinstance(value, str) else value

    return {key: over(member) for key, member in props.items()}


def _put(at: Any, steps: tuple[Step, ...], act: Callable[[Any], Any]) -> Any:
    if not steps:
        return act(at)
    step, *rest = steps
    if at is UNKNOWN:
        return at
    if isinstance(step, _Json):
        return json.dumps(_put(json.loads(at), tuple(rest), act))
    if isinstance(step, int):
        items = list(at)
        new = _put(items[step], tuple(rest), act)
        items[step : step + 1] = [] if new is GONE else [new]
        return items
    holder = dict(at)
    new = _put(holder.get(step, GONE), tuple(rest), act)
    if new is GONE:
        holder.pop(step, None)
    else:
        holder[step] = new
    return holder
