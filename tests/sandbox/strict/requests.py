"""Malformed requests, operation by operation, each beside a request that is fine.

They were written from AWS's pages and references and not from the rules, so that they find what no rule says. The
folders hold them by subject; what is for a rule is a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.sandbox.strict.scenery import Scenery
from tests.sandbox.strict.seeds import ABSENT, Parameters

__all__ = ["ABSENT", "Request", "request"]


@dataclass(frozen=True)
class Request:
    """An operation, a request that it takes, and what makes it malformed."""

    operation: str
    fine: Callable[[Scenery], Parameters]
    malformed: dict[str, Callable[[Scenery], Parameters]]
    """What is wrong to the members that are laid over those of `fine`."""


def request(
    operation: str,
    fine: Parameters | Callable[[Scenery], Parameters],
    /,
    **malformed: Parameters | Callable[[Scenery], Parameters],
) -> Request:
    """A request with its malformed variants."""

    def late(part: Parameters | Callable[[Scenery], Parameters]) -> Callable[[Scenery], Parameters]:
        return part if callable(part) else lambda _: part

    return Request(operation, late(fine), {name: late(part) for name, part in malformed.items()})
