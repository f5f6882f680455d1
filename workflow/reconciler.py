"""Closes the ledger entry of a run that could not close it itself.

A machine that was aborted or timed out runs no catcher: its entry would stay RUNNING and the manifest could not be
claimed again. A rule on "Step Functions Execution Status Change" starts this machine, which closes the entry that the
ended run still holds, if any, and tells people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import asl, messages, run_ledger
from .asl import INPUT, RESULT, expr
from .run_input import ManifestLocation, run_of_input


@dataclass(frozen=True, kw_only=True)
class ReconcilerPlan:
    """Everything the definition depends on."""

    environment: str
    partition: str
    manifest_location: ManifestLocation
    ledger_table: str
    topic_arn: str


def definition(plan: ReconcilerPlan) -> dict[str, Any]:
    """The reconciler's definition; its input is the EventBridge event. Raises `asl.UnsoundError`."""
    run = f"{INPUT}.run"
    patient = [asl.retry(run_ledger.TAKEN, attempts=0), asl.retry("States.TaskFailed", attempts=8)]
    states: asl.States = {
        "Read event": asl.pass_(
            "Could it hold an entry?",
            output={
                "run": expr(_run_of_event(plan)),
                "status": expr(f"{INPUT}.detail.status"),
                "why": expr(
                    f"($d := {INPUT}.detail; $type($d.cause) = 'string' ? $string($d.error) & ': ' & $d.cause : "
                    "$type($d.error) = 'string' ? $d.error : 'the execution ended as ' & $d.status)"
                ),
            },
        ),
        "Could it hold an entry?": asl.choice([(f"{run}.business_date = ''", "Nothing open")], "Find entry"),
        "Find entry": asl.task(
            f"arn:{plan.partition}:states:::aws-sdk:dynamodb:query",
            run_ledger.of_day(plan.ledger_table, f"{run}.business_date"),
            "Is it open?",
            output=expr(
                f"""(
                    $run := {run};
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
            ),
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
            catchers=[asl.catch("Nothing open", run_ledger.TAKEN, output=expr(INPUT))],
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
    return asl.machine(
        "Read event", states, comment=f"Closes runs of {plan.environment} that were ended from outside", timeout=3600
    )


def _run_of_event(plan: ReconcilerPlan) -> str:
    """JSONata: the run as `workflow/nightly.py` would have made it from the ended execution's own input."""
    execution_input = "$type($d.input) = 'string' ? $parse($d.input) : {}"
    run = run_of_input(plan.manifest_location, "$e", f"({execution_input})")
    return f"""(
        $d := {INPUT}.detail;
        $e := {{'Id': $d.executionArn, 'Name': $d.name, 'StartTime': $fromMillis($d.startDate)}};
        {run}
    )"""
