"""Taking a failed run up again: which run is meant, whether it may go on, and with which stage.

The resumed run is a new execution with the run id of the failed one, so every job finds what was written before.
Why not Step Functions' own redrive: docs/adr/workflow/resume-as-a-new-execution.md.
"""

from __future__ import annotations

from typing import Final

from . import asl, run_ledger
from .asl import ERROR, INPUT, RESULT, States, expr

FIRST: Final = "Find run to resume"


def states(partition: str, ledger_table: str, *, next_: str, refused: str) -> States:
    """From `{"run"}` to `next_` with the failed run's manifest and stage, or to `refused` with an `error`."""
    run = f"{INPUT}.run"
    return {
        FIRST: asl.task(
            f"arn:{partition}:states:::aws-sdk:dynamodb:query",
            run_ledger.of_day(ledger_table, f"{run}.business_date"),
            "Can it be resumed?",
            output=expr(_resumable()),
            retriers=[asl.retry("States.TaskFailed", attempts=4)],
            catchers=[asl.catch(refused, "States.ALL", output={"run": expr(run), "error": expr(ERROR)})],
        ),
        "Can it be resumed?": asl.choice([(f"{INPUT}.why = ''", next_)], "Not resumable"),
        "Not resumable": asl.pass_(
            refused,
            output={"run": expr(run), "error": {"Error": "Batch.NotResumable", "Cause": expr(f"{INPUT}.why")}},
        ),
    }


def _resumable() -> str:
    """JSONata: the run to go on with, and in `why` what forbids it, or nothing."""
    ended = [run_ledger.FAILED, run_ledger.TIMED_OUT, run_ledger.ABORTED]
    return f"""(
        $run := {INPUT}.run;
        $entries := {RESULT}.Items[manifest.S != '{run_ledger.DATE_ITEM}'];
        $entry := $entries[run_id.S = $run.id][0];
        $later := $entries[started_at.S > $entry.started_at.S
            and status.S in ['{run_ledger.SUCCEEDED}', '{run_ledger.RUNNING}']];
        {{
            'run': $exists($entry) ? $merge([$run, {run_ledger.manifest_of("$entry.manifest.S")}, {{
                'stage': $exists($entry.stage.S) ? $entry.stage.S : ''
            }}]) : $run,
            'why': $not($exists($entry)) ? 'the ledger knows no run ' & $run.id & ' of ' & $run.business_date :
                $not($entry.status.S in {ended}) ? 'run ' & $run.id & ' is ' & $entry.status.S
                    & '; only a run that failed, timed out or was stopped can be resumed' :
                $exists($later) ? 'a later run of ' & $run.business_date & ' is ' & $later[0].status.S : ''
        }}
    )"""
