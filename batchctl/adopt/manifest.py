"""A document whose fields are taken one by one, so that what nobody took is known at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")


class Manifest:
    """A manifest's fields, by dotted path."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = _copied(fields)

    def take(self, path: str, *kinds: type) -> Any:
        """The value at `path`, which then no longer counts as left; None where there is none, or none of `kinds`."""
        holder: Any = self._fields
        *folders, name = path.split(".")
        for folder in folders:
            holder = holder.get(folder) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or (kinds and not isinstance(holder.get(name), kinds)):
            return None
        return holder.pop(name, None)

    def left(self) -> Iterator[tuple[str, Any]]:
        """Path and value of every field that was not taken; a list counts as one field."""
        yield from _leaves("", self._fields)


def seconds(duration: object) -> float | None:
    """Seconds of `1h30m`, `250ms` or `5d`; None where it is no duration."""
    text = str(duration)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def merged(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` over `fields`, mapping by mapping, as Copilot applies what it has under `environments`."""
    out = dict(fields)
    for key, value in changes.items():
        before = out.get(key)
        out[key] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return out


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copied(item) for key, item in value.items()}
    return value


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        if value is not None:
            yield path, value
        return
    for key, item in value.items():
        yield from _leaves(f"{path}.{key}" if path else key, item)
