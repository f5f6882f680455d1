"""Tasks as processes: what Fargate does with a container image, done with this machine's Python.

A task gets the variables of its task definition and those that the workflow sets, a scratch folder of its own, and the
emulator's address. How many run at once is this machine's affair; the workflow asks for as many as it would on AWS.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Semaphore
from typing import Protocol

from sandbox.demo.account import Account
from sandbox.workflow.executions import RunTaskRequest, TaskResult


class Watcher(Protocol):
    """Whoever wants to know how the night goes; called from several threads."""

    def started(self, request: RunTaskRequest) -> None:
        """A task was asked for."""

    def ended(self, request: RunTaskRequest, exit_code: int) -> None:
        """A task has ended."""


@dataclass
class Tasks:
    """Answers the workflow's RunTask calls with processes."""

    account: Account
    folder: Path
    """Takes each task's scratch and its log."""
    watcher: Watcher
    settings: dict[str, str]
    """Variables for all jobs, as a stack's `jobs` setting would give them."""
    at_once: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))

    def __post_init__(self) -> None:
        self._numbers = count()
        self._room = Semaphore(self.at_once)

    def __call__(self, request: RunTaskRequest) -> TaskResult:
        """Run a task to its end."""
        self.watcher.started(request)
        with self._room:
            exit_code = self._run(request)
        self.watcher.ended(request, exit_code)
        return TaskResult(exit_code=exit_code)

    def _run(self, request: RunTaskRequest) -> int:
        task_folder = self.folder / f"{next(self._numbers):03d}-{request.job}"
        scratch = task_folder / "scratch"
        scratch.mkdir(parents=True)
        with (task_folder / "log.jsonl").open("w") as log:
            return subprocess.run(
                [sys.executable, "-m", request.job.replace("-", "_")],
                env=self._environment(request, scratch),
                cwd=scratch,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode

    def _environment(self, request: RunTaskRequest, scratch: Path) -> dict[str, str]:
        blueprint = self.account.blueprint
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(scratch),
            "MPLCONFIGDIR": str(self.folder / "matplotlib"),
            **self.account.emulated.variables,
            **blueprint.container_environment(request.job),
            **self.settings,
            **request.environment,
            "BATCH_SCRATCH": str(scratch),
        }
