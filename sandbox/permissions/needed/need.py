"""One permission that a call needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Need:
    """An action on a resource, and the condition keys that belong to it alone."""

    action: str
    resource: str
    """An ARN, or `*`."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    service: str | None = None
    """The service that acts with rights of its own (`logs.us-east-1.amazonaws.com`); None for the caller."""
    role: str | None = None
    """The role whose rights count instead of the caller's."""
    is_new: bool = False
    """Whether the call makes the resource, so that it has no tags yet and its creator owns it."""
    because: str = ""
    """Why the call needs it, when it is not the call's own action."""
