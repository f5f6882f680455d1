"""The actions that AWS knows, as its service authorization reference spells them; IAM itself compares without case."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_ACTIONS: Final = Path(__file__).resolve().parent.parent / "tables" / "actions.txt"


@cache
def by_service() -> dict[str, tuple[str, ...]]:
    """Names of actions by the prefix of their service, of the services that this platform uses."""
    lines = (line.partition(": ") for line in _ACTIONS.read_text(encoding="utf-8").splitlines())
    return {service: tuple(names.split()) for service, _, names in lines}


@cache
def _spelling(service: str) -> dict[str, str]:
    return {name.lower(): name for name in by_service().get(service, ())}


@cache
def as_spelled(action: str) -> str:
    """An action or a pattern as AWS spells it: `ECR:batchgetimage` is `ecr:BatchGetImage`."""
    service, colon, name = action.partition(":")
    return f"{service.lower()}{colon}{_spelling(service.lower()).get(name.lower(), name)}"
