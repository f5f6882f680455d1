"""The one way in which the sandbox takes the place of a part of moto."""

from __future__ import annotations

from typing import Any


def replace(target: Any, name: str, replacement: Any) -> Any:
    """Puts `replacement` in the place of `target.name` and returns what was there.

    Raises `AttributeError` when this version of moto has no such part, so that no hook is lost unseen.
    """
    before = getattr(target, name)
    setattr(target, name, replacement)
    return before
