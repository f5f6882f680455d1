"""Closes the ledger entry of a run that could not close it itself, and resumes a run that somebody redrives.

A machine that was aborted or timed out runs no catcher: its entry would stay RUNNING and the manifest could not be
claimed again. A rule on "Step Functions Execution Status Change" starts this machine, which closes the entry that the
ended run still holds, if any, and notifies people. A redrive resumes at a state that can only fail again; this machine
stops it and starts the resumed run in its place (docs/adr/workflow/resume-as-a-new-execution.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from . import asl, messages, run_ledger
from .asl import INPUT, RESULT, expr
from .run_input import ManifestLocation, run_of_input


@dataclass(frozen=True, kw_only=True)
class ReconcilerPlan:
    """Everything the definition depends on."""

    environment: str
    partition: str
    manifest_location: ManifestLocation
    nightly_arn: str
    ledger_table: str
    topic_arn: str


ALREADY_STARTED: Final = "Sfn.ExecutionAlreadyExistsException"
"""An event may be delivered twice."""
NAME_LENGTH: Final = 60
"""Characters of a redriven execution's name in its successor's, which may have 80."""
EVENT_PATTERN: Final = {
    "$or": [
        {"status": ["FAILED", "TIMED_OUT", "ABORTED"]},
        {"status": ["RUNNING"], "redriveCount": [{"numeric": [">", 0]}]},
    ]
}
"""Which status changes of the nightly run start the reconciler.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""


def definition(plan: ReconcilerPlan) -> dict[str, Any]:
    """The reconciler's definition; its input is the EventBridge event. Raises `asl.UnsoundError`."""
    return asl.machine(
        "Is the input in the event?",
        {**_read_event(plan), **_resume_instead(plan), **_close(plan)},
        comment=f"Closes runs of {plan.environment} that were ended from outside, and resumes those that are redriven",
        timeout=3600,
    )


def _read_event(plan: ReconcilerPlan) -> asl.States:
    """From the event to the run that it is about, and whether that was redriven or has ended."""
    run = f"{INPUT}.run"
    return {
        "Is the input in the event?": asl.choice(
            [(f"$type({INPUT}.detail.input) = 'string'", "Read event")], "Describe execution"
        ),
        "Describe execution": asl.task(
            f"arn:{plan.partition}:states:::aws-sdk:sfn:describeExecution",
            {"ExecutionArn": expr(f"{INPUT}.detail.executionArn")},
            "Read event",
            output=expr(
                f"{{'detail': $merge([{INPUT}.detail, "
                f"{{'input': {RESULT}.Input, 'error': {RESULT}.Error, 'cause': {RESULT}.Cause}}])}}"
            ),
            retriers=[asl.retry("States.TaskFailed", attempts=8)],
            comment="An event leaves out an input that is long, and all of them where a customer's key encrypts them",
        ),
        "Read event": asl.pass_(
            "Could it hold an entry?",
            output={
                "run": expr(_run_of_event(plan)),
                "status": expr(f"{INPUT}.detail.status"),
                "why": expr(
                    f"($d := {INPUT}.detail; $type($d.cause) = 'string' ? $string($d.error) & ': ' & $d.cause : "
                    "$type($d.error) = 'string' ? $d.error : 'the execution ended as ' & $d.status)"
                ),
                "successor": expr(
                    f"($d := {INPUT}.detail; $substring($d.name, 0, {NAME_LENGTH}) & '-redrive-' & $d.redriveCount)"
                ),
            },
        ),
        "Could it hold an entry?": asl.choice(
            [
                (f"{run}.business_date = ''", "Nothing open"),
                (f"{INPUT}.status = '{run_ledger.RUNNING}'", "Stop redriven execution"),
            ],
            "Find entry",
        ),
    }


def _resume_instead(plan: ReconcilerPlan) -> asl.States:
    """An execution that was redriven is stopped, and its run resumed by a new execution, once for each redrive."""
    resumed = {"outcome": "RESUMED", "run": expr(f"{INPUT}.run")}
    return {
        "Stop redriven execution": asl.stop_execution(
            plan.partition,
            f"{INPUT}.run.execution_arn",
            "Batch.Redriven",
            f"'the run is resumed by the execution ' & {INPUT}.successor",
            "Resume run",
            comment="One that has failed again already cannot be stopped any more",
        ),
        "Resume run": asl.task(
            f"arn:{plan.partition}:states:::aws-sdk:sfn:startExecution",
            {
                "StateMachineArn": plan.nightly_arn,
                "Name": expr(f"{INPUT}.successor"),
                "Input": expr(
                    f"$string({{'origin': 'operator', 'business_date': {INPUT}.run.business_date, "
                    f"'resume': {{'run_id': {INPUT}.run.id}}}})"
                ),
            },
            "Resumed",
            output=resumed,
            retriers=[asl.retry(ALREADY_STARTED, attempts=0), asl.retry("States.TaskFailed", attempts=8)],
            catchers=[
                asl.catch("Resumed", ALREADY_STARTED, output={"outcome": "RESUMED", "run": expr(f"{INPUT}.run")})
            ],
        ),
        "Resumed": asl.succeed(),
    }


def _close(plan: ReconcilerPlan) -> asl.States:
    """The entry that the ended run still holds, if any, is closed and announced."""
    run = f"{INPUT}.run"
    patient = [asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=8)]
    return {
        "Find entry": asl.task(
            f"arn:{plan.partition}:states:::aws-sdk:dynamodb:query",
            run_ledger.of_day(plan.ledger_table, f"{run}.business_date"),
            "Is it open?",
            output=expr(_open_entry()),
            retriers=[asl.retry("States.TaskFailed", attempts=8)],
        ),
        "Is it open?": asl.choice([(f"{INPUT}.open", "Close entry")], "Nothing open"),
        "Nothing open": asl.succeed(output={"outcome": "NOTHING_OPEN", "run": expr(run)}),
        "Close entry": asl.task(
            f"arn:{plan.partition}:states:::dynamodb:updateItem",
            run_ledger.close(
                plan.ledger_table,
                f"{INPUT}.status",
                error=f"$substring({INPUT}.why, 0, {run_ledger.ERROR_LENGTH})",
            ),
            "Notify",
            output=expr(INPUT),
            retriers=patient,
            catchers=[asl.catch("Nothing open", run_ledger.CONDITION_FAILED, output=expr(INPUT))],
        ),
        "Notify": asl.task(
            f"arn:{plan.partition}:states:::sns:publish",
            messages.closed(plan.topic_arn, plan.environment),
            "Closed",
            output={"outcome": "CLOSED", "run": expr(run)},
            retriers=[asl.retry("States.TaskFailed", attempts=8)],
        ),
        "Closed": asl.succeed(),
    }


def _open_entry() -> str:
    """JSONata: the ledger entry that the ended execution holds open, if it does; the run then has its manifest."""
    return f"""(
                    $run := {INPUT}.run;
                    $status := {INPUT}.status;
                    $why := {INPUT}.why;
                    $ours := {RESULT}.Items[execution_arn.S = $run.execution_arn];
                    $held := $ours[status.S = '{run_ledger.RUNNING}'].manifest.S;
                    {{
                        'run': $exists($held) ? $merge([$run, {run_ledger.manifest_of("$held")}]) : $run,
                        'open': $exists($held),
                        'status': $status,
                        'why': $why
                    }}
                )"""


def _run_of_event(plan: ReconcilerPlan) -> str:
    """JSONata: the run as `workflow/nightly.py` would have made it from the ended execution's own input."""
    execution_input = "$type($d.input) = 'string' ? $parse($d.input) : {}"
    run = run_of_input(plan.manifest_location, "$e", f"({execution_input})")
    return f"""(
        $d := {INPUT}.detail;
        $e := {{'Id': $d.executionArn, 'Name': $d.name, 'StartTime': $fromMillis($d.startDate)}};
        {run}
    )"""
