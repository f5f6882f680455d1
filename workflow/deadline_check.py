"""The deadline check: has today's run succeeded by now? Two schedules start it, one to warn and one to escalate.

It only tells people; it neither ends nor restarts a run. It is started by a schedule and not by an alarm, because the
worst failure is a run that never starts, and that moves no metric.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import asl, messages, run_ledger
from .asl import ERROR, INPUT, RESULT, expr
from .run_input import local_date


@dataclass(frozen=True, kw_only=True)
class DeadlinePlan:
    """Everything the definition depends on."""

    environment: str
    partition: str
    ledger_table: str
    topic_arn: str
    due: str
    """Local time of the deadline, "09:30"."""
    timezone: str
    holidays: Sequence[str]
    """ISO dates on which no report is due."""


def definition(plan: DeadlinePlan) -> dict[str, Any]:
    """The machine's definition; its input is `{"stage", "local", "scheduled"}`. Raises `asl.UnsoundError`."""
    kept = {"stage": expr(f"{INPUT}.stage"), "date": expr(f"{INPUT}.date")}
    states: asl.States = {
        "Which day?": asl.pass_(
            "Is a report due?",
            output={"stage": expr(f"{INPUT}.stage"), "date": expr(local_date(INPUT, plan.timezone))},
        ),
        "Is a report due?": asl.choice(
            [
                (f"{INPUT}.date in {json.dumps(list(plan.holidays))}", "No report due"),
                # ISO weekday, 6 and 7 are Saturday and Sunday; the schedule leaves them out, a start by hand may not
                (f"$number($fromMillis($toMillis({INPUT}.date), '[F1]')) > 5", "No report due"),
            ],
            "Ask ledger",
        ),
        "No report due": asl.succeed(output={"outcome": "NOT_DUE", "date": expr(f"{INPUT}.date")}),
        "Ask ledger": asl.task(
            f"arn:{plan.partition}:states:::aws-sdk:dynamodb:query",
            run_ledger.of_day(plan.ledger_table, f"{INPUT}.date"),
            "Is it there?",
            output=expr(_found()),
            retriers=[asl.retry("States.TaskFailed", attempts=4)],
            catchers=[
                asl.catch(
                    "Notify",
                    "States.ALL",
                    output={**kept, "found": expr(f"'the ledger did not answer: ' & {ERROR}.Error")},
                )
            ],
        ),
        "Is it there?": asl.choice([(f"{INPUT}.there", "On time")], "Notify"),
        "On time": asl.succeed(output={"outcome": "ON_TIME", "date": expr(f"{INPUT}.date")}),
        "Notify": asl.task(
            f"arn:{plan.partition}:states:::sns:publish",
            messages.late(plan.topic_arn, plan.environment, deadline=plan.due, timezone=plan.timezone),
            "Notified",
            output={"outcome": "LATE", **kept},
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Notified": asl.succeed(),
    }
    return asl.machine(
        "Which day?", states, comment=f"Asks whether the report of {plan.environment} is there", timeout=600
    )


def _found() -> str:
    """JSONata: whether one of the day's runs has succeeded, and a sentence about the last one if not."""
    return f"""(
        $in := {INPUT};
        $runs := [{RESULT}.Items[manifest.S != '{run_ledger.DATE_ITEM}']];
        $last := $sort($runs, function($a, $b) {{ $a.started_at.S < $b.started_at.S }})[0];
        {{
            'stage': $in.stage,
            'date': $in.date,
            'there': $count($runs[status.S = '{run_ledger.SUCCEEDED}']) > 0,
            'found': $count($runs) = 0 ?
                'no run has been started: the manifest is missing, or its event was not delivered.' :
                'the last run, started at ' & $last.started_at.S & ', is ' & $last.status.S
                & ($exists($last.error) ? ': ' & $substring($last.error.S, 0, 500) : '.')
        }}
    )"""
