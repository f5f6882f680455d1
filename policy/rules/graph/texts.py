"""Texts that are JSON, read by what they hold and not by how they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any


def holds_member(text: object, name: str, value: object) -> bool:
    """Whether an object at any depth of a JSON text has the member `name` with this value."""
    return isinstance(text, str) and isinstance(value, str) and (name, value) in _members(text)


def leaves(value: object) -> Iterator[str]:
    """Every text below a value, also in texts that are JSON; a text that is none itself."""
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            yield from _leaves(value)
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)


@lru_cache(maxsize=512)
def _leaves(text: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(leaves(json.loads(text))))
    except ValueError:
        return ()


@lru_cache(maxsize=512)
def _members(text: str) -> frozenset[tuple[str, str]]:
    try:
        return frozenset(_walked(json.loads(text)))
    except ValueError:
        return frozenset()


def _walked(at: Any) -> Iterator[tuple[str, str]]:
    if isinstance(at, dict):
        for name, member in at.items():
            if isinstance(member, str):
                yield name, member
            else:
                yield from _walked(member)
    elif isinstance(at, list):
        for member in at:
            yield from _walked(member)
