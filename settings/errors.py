"""How a setting that cannot be used is reported: field, value, valid example and way out, all problems in one message.

Whoever reads the message is in the middle of a deployment; it must be enough to fix the setting without the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

PROJECT = "batch-platform"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One setting that cannot be used."""

    path: str
    """Dotted path as in the stack file, section first: `jobs.risk-calculation.cpu`."""
    value: Any
    """What was given; never a secret."""
    reason: str
    example: str
    """A valid value as it stands in the stack file."""
    fix: str = ""
    """The way out, when it is more than writing another value."""

    def lines(self, stack: str) -> list[str]:
        """The problem as text."""
        section = self.path.partition(".")[0].partition("[")[0]
        key = section if ":" in section else f"{PROJECT}:{section}"
        way_out = self.fix or f"change it under {key} in Pulumi.{stack}.yaml"
        value = repr(self.value) if self.value is not None else "not set"
        return [
            f"  {self.path} = {value}: {self.reason}",
            f"      valid: {self.example}",
            f"      to fix: {way_out}",
        ]


class SettingsError(pulumi.RunError):
    """The stack's settings cannot be used; the message lists every problem. Nothing has been created or changed."""

    def __init__(self, stack: str, problems: Sequence[Problem]) -> None:
        self.stack = stack
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        lines = [f"The settings of stack {stack!r} cannot be used: {count}. Nothing has been changed."]
        for problem in self.problems:
            lines += ["", *problem.lines(stack)]
        super().__init__("\n".join(lines))
