"""One thing that `batchctl doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "warn", "fail", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What was looked at, how it stands, and what to do about it."""

    what: str
    outcome: Outcome
    """"unknown" when AWS did not answer; that is never "ok"."""
    observed: str
    to_do: str = ""
