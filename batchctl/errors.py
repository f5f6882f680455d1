"""What ends a command without a traceback: a message for a person, and an exit code."""

from __future__ import annotations

from typing import Final

OK: Final = 0
PROBLEM: Final = 1
"""The command did its work and found something wrong: a mandatory rule fails, a check does not hold, a run failed."""
USAGE: Final = 2
"""The command cannot do its work: a wrong argument or setting; nothing was changed."""
DATA_LOSS: Final = 3
"""Data would be deleted that the stack file does not acknowledge (`diff`, `pull-request`, `approval-page`)."""
NOT_SCANNED: Final = 4
"""ECR has no findings of an image within the time limit, or gave up its scan."""
UNREACHABLE: Final = 5
"""AWS, Docker, git or the Pulumi CLI could not be reached, or refused."""


class OperatorError(Exception):
    """A mistake of the operator or of the environment, as one message: what is wrong, why, and how to fix it."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code
