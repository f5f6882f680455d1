"""One run for one business date at a time: how a claimed run takes the date, and what it does about an older run.

The date is an item of the ledger, `run_ledger.DATE_ITEM`, that names an execution. It is never given back: who finds it
held asks the ledger whether the holder's entry is still RUNNING, so no run has to tidy up after itself.
Why, and what the three settings mean: docs/adr/workflow/one-run-per-business-date.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from . import asl, messages, run_ledger
from .asl import INPUT, RESULT, States, expr

OnNewerManifest = Literal["supersede", "wait", "refuse"]

TASKS_END_SECONDS: Final = 150
"""Until a stopped run's tasks are gone: Fargate kills a container at most 120 seconds after SIGTERM.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout)
"""
WAIT_SECONDS: Final = 120
"""Between two looks at an older run; a whole window of them stays far below 25,000 history events."""


@dataclass(frozen=True, kw_only=True)
class BusinessDatePlan:
    """What taking the date depends on."""

    environment: str
    partition: str
    on_newer_manifest: OnNewerManifest
    ledger_table: str
    ledger_days: int
    topic_arn: str
    timeout: int
    """Seconds that a run may take; a holder that is older is gone."""


def states(plan: BusinessDatePlan, next_: str) -> tuple[str, States]:
    """The first state and all of them; input `{"run", "ended": ""}`, and the next state's input is `{"run"}`."""
    first, ask, classify = "Take date", "Who holds date?", "Is it under way?"
    lasting = [asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=5)]
    branch, others = {"supersede": _supersede, "wait": _wait, "refuse": _refuse}[plan.on_newer_manifest](plan)
    return first, {
        first: asl.task(
            f"arn:{plan.partition}:states:::dynamodb:putItem",
            run_ledger.take_date(plan.ledger_table, keep_days=plan.ledger_days),
            next_,
            output={"run": expr(f"{INPUT}.run")},
            retriers=lasting,
            catchers=[asl.catch(ask, run_ledger.CONDITION_FAILED, output={"run": expr(f"{INPUT}.run")})],
        ),
        ask: asl.task(
            f"arn:{plan.partition}:states:::aws-sdk:dynamodb:query",
            run_ledger.of_day(plan.ledger_table, f"{INPUT}.run.business_date"),
            classify,
            output=expr(_holder(plan.timeout)),
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        classify: asl.choice([(f"{INPUT}.under_way", branch)], first),
        **others,
    }


def _holder(timeout: int) -> str:
    """JSONata: the run that holds the date, and whether it is still under way."""
    return f"""(
        $run := {INPUT}.run;
        $arn := {RESULT}.Items[manifest.S = '{run_ledger.DATE_ITEM}'].execution_arn.S;
        $entry := {RESULT}.Items[manifest.S != '{run_ledger.DATE_ITEM}' and execution_arn.S = $arn
            and status.S = '{run_ledger.RUNNING}' and started_at.S >= {run_ledger.stale(timeout)}][0];
        {{
            'run': $run,
            'ended': $arn,
            'under_way': $exists($entry),
            'other': $exists($entry) ? $merge([{run_ledger.manifest_of("$entry.manifest.S")}, {{
                'id': $entry.run_id.S,
                'execution_arn': $arn,
                'business_date': $run.business_date,
                'started_at': $entry.started_at.S
            }}]) : {{}}
        }}
    )"""


def _supersede(plan: BusinessDatePlan) -> tuple[str, States]:
    """Closes the older run first, so that it cannot become the day's whatever happens; then stops it."""
    compare, close, stop, tell, rest = (
        "Which run is newer?",
        "Close older run",
        "Stop older run",
        "Notify of supersession",
        "Let older tasks end",
    )
    give_way, end = "Give way", "Superseded"
    unchanged = expr(INPUT)
    return compare, {
        compare: asl.choice([(f"{INPUT}.other.started_at > {INPUT}.run.started_at", give_way)], close),
        close: asl.task(
            f"arn:{plan.partition}:states:::dynamodb:updateItem",
            run_ledger.close(
                plan.ledger_table,
                f"'{run_ledger.SUPERSEDED}'",
                run=f"{INPUT}.other",
                error=f"'superseded by run ' & {INPUT}.run.id",
            ),
            stop,
            output=unchanged,
            retriers=[asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=5)],
            catchers=[asl.catch(stop, run_ledger.CONDITION_FAILED, output=unchanged)],
        ),
        stop: asl.stop_execution(
            plan.partition,
            f"{INPUT}.other.execution_arn",
            "Batch.Superseded",
            f"'superseded by run ' & {INPUT}.run.id",
            tell,
            comment="An older run that cannot be stopped is closed all the same: it cannot record a success any more",
        ),
        tell: asl.task(
            f"arn:{plan.partition}:states:::sns:publish",
            messages.superseded(plan.topic_arn, plan.environment),
            rest,
            output=unchanged,
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
            catchers=[asl.catch(rest, "States.ALL", output=unchanged)],
        ),
        rest: asl.wait(str(TASKS_END_SECONDS), "Take date"),
        give_way: _close_own(plan, run_ledger.SUPERSEDED, end),
        end: asl.pass_(None, output={"outcome": run_ledger.SUPERSEDED, "run": expr(f"{INPUT}.run")}),
    }


def _wait(plan: BusinessDatePlan) -> tuple[str, States]:
    name = "Wait for older run"
    return name, {name: asl.wait(str(WAIT_SECONDS), "Take date")}


def _refuse(plan: BusinessDatePlan) -> tuple[str, States]:
    refuse, tell, end = "Refuse", "Notify of refusal", "Refused"
    unchanged = expr(INPUT)
    return refuse, {
        refuse: _close_own(plan, run_ledger.REFUSED, tell),
        tell: asl.task(
            f"arn:{plan.partition}:states:::sns:publish",
            messages.refused(plan.topic_arn, plan.environment),
            end,
            output=unchanged,
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        end: asl.pass_(None, output={"outcome": run_ledger.REFUSED, "run": expr(f"{INPUT}.run")}),
    }


def _close_own(plan: BusinessDatePlan, status: str, next_: str) -> asl.State:
    return asl.task(
        f"arn:{plan.partition}:states:::dynamodb:updateItem",
        run_ledger.close(
            plan.ledger_table, f"'{status}'", error=f"'run ' & {INPUT}.other.id & ' of the same date is under way'"
        ),
        next_,
        output=expr(INPUT),
        retriers=[asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=5)],
        catchers=[asl.catch(next_, run_ledger.CONDITION_FAILED, output=expr(INPUT))],
    )
