"""Runs a deployed state machine's very definition on this machine.

The interpreter is the one moto carries (LocalStack's): it parses every field that the deployed definitions use, not
every field of the language, evaluates JSONata (`sandbox.workflow.language`) and calls DynamoDB, S3 and SNS at
`endpoint_url` (or inside `moto.mock_aws`). It starts no containers: `run_task` says how a task ends, in a test by a
script, in the demo by a process. What it does differently from AWS is named in docs/failure-matrix.md, "What the local
interpreter cannot show".
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .executions import Execution, Machine

_ONE_AT_A_TIME = threading.Lock()
"""The interpreter's hooks are global to the process."""


@dataclass(frozen=True, kw_only=True)
class LocalWorkflow(Machine):
    """A state machine on this machine."""

    def start(self, input: Mapping[str, Any], *, name: str | None = None) -> Execution:
        """Runs one execution to its end; others in this process wait for their turn."""
        from . import interpreter  # moto is slow to import, and only this needs it

        name = name or str(uuid.uuid4())
        with _ONE_AT_A_TIME:
            return interpreter.execute(self, input, name)
