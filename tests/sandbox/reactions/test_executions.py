"""Executions between their creation and their start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CREATED = """
from types import SimpleNamespace
from sandbox.reactions.life import Life
from moto.stepfunctions.parser.backend.execution import Execution

life = Life("http://127.0.0.1:1")
life.executions.install()
machine = SimpleNamespace(arn="arn:aws:states:us-east-1:123456789012:stateMachine:m")
words = dict.fromkeys(("name", "sm_type", "role_arn", "exec_arn", "account_id", "region_name", "start_date"), "")
others = dict.fromkeys(("cloud_watch_logging_session", "activity_store"))
execution = Execution(**words, **others, state_machine=machine, input_data="{}")
print(execution.status, execution.to_history_output())
"""


def test_an_execution_is_running_and_has_no_history_from_its_creation_on() -> None:
    """It is listed and asked for before it is started.

    In a process of its own: the hooks take the place of moto's parts for good.
    """
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", CREATED], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "RUNNING {'events': []}", done.stderr
