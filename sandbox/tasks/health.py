"""A container's health: the command of its definition, run from time to time beside its process.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sandbox.clock import Clock

from .containers import Started, on_this_machine

Status = Literal["HEALTHY", "UNHEALTHY"]


@dataclass
class HealthCheck:
    """A health check as a container definition has it; seconds are the account's, but for the timeout."""

    definition: Mapping[str, Any]
    begun: datetime
    failures: int = field(default=0, init=False)
    """In a row; those of the start period do not count."""

    def follow(self, started: Started, clock: Clock, changed: Callable[[Status], None]) -> None:
        """Checks until the process ends, and calls `changed` whenever the status becomes another one."""
        status: Status | None = None
        while clock.sleep(self.definition.get("interval", 30), lambda: started.process.poll() is not None):
            now = self._after(self._passes(started), clock.now())
            if now is not None and now != status:
                status = now
                changed(status)

    def _after(self, has_passed: bool, moment: datetime) -> Status | None:
        """The status after a check; None as long as nothing can be said."""
        if has_passed:
            self.failures = 0
            return "HEALTHY"
        if moment >= self.begun + timedelta(seconds=self.definition.get("startPeriod", 0)):
            self.failures += 1
        return "UNHEALTHY" if self.failures >= self.definition.get("retries", 3) else None

    def _passes(self, started: Started) -> bool:
        kind, *words = self.definition["command"]
        command = ["/bin/sh", "-c", " ".join(words)] if kind == "CMD-SHELL" else on_this_machine(words)
        try:
            done = subprocess.run(
                command,
                env=started.variables,
                cwd=started.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.definition.get("timeout", 5),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0
