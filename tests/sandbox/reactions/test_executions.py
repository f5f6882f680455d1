"""Executions between their creation and their start, and after their end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.reactions.world import World

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


FAILS = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Batch.No", "Cause": "why"}}}
SUCCEEDS = {"StartAt": "Yes", "States": {"Yes": {"Type": "Succeed"}}}
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


def redriven(world: World, execution: str) -> str | None:
    """The code with which a redrive is refused; None for one that is taken."""
    try:
        world.client("stepfunctions").redrive_execution(executionArn=execution)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def test_an_execution_that_failed_in_a_fail_state_fails_there_again(world: World) -> None:
    execution = world.started(world.machine(FAILS))
    assert world.ended(execution)["redriveCount"] == 0
    assert redriven(world, execution) is None
    described = world.ended(execution)
    assert (described["status"], described["redriveCount"]) == ("FAILED", 1)


def test_an_execution_that_succeeded_is_not_redriven(world: World) -> None:
    sfn, execution = world.client("stepfunctions"), world.started(world.machine(SUCCEEDS))
    world.ended(execution)
    with pytest.raises(sfn.exceptions.ExecutionNotRedrivable, match="its status is SUCCEEDED"):
        sfn.redrive_execution(executionArn=execution)


def test_an_execution_that_runs_is_not_redriven(world: World) -> None:
    execution = world.started(world.machine(WAITS))
    assert redriven(world, execution) == "ExecutionNotRedrivable"
    world.client("stepfunctions").stop_execution(executionArn=execution)


def test_what_the_interpreter_cannot_redrive_it_says_so(world: World) -> None:
    """An execution that was stopped in the middle would go on there."""
    execution = world.started(world.machine(WAITS))
    world.client("stepfunctions").stop_execution(executionArn=execution)
    world.ended(execution)
    assert redriven(world, execution) == "NotEmulated"


def test_an_execution_that_never_was_is_not_redriven(world: World) -> None:
    ghost = world.arn("states", "execution:ghost:ghost")
    assert redriven(world, ghost) == "ExecutionDoesNotExist"
