"""The deadline check: has today's run succeeded by now? Two schedules start it, one to warn and one to escalate.

It only notifies people; it neither ends nor restarts a run. A schedule starts it and not an alarm, because the
worst failure is a run that never starts, and that moves no metric.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import asl, forecast, messages, run_ledger
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
    order: Sequence[str]
    """The run's jobs, in order."""


def definition(plan: DeadlinePlan) -> dict[str, Any]:
    """The machine's definition; its input is `{"stage", "local", "scheduled"}`. Raises `asl.UnsoundError`."""
    no_answer = {
        "stage": expr(f"{INPUT}.stage"),
        "date": expr(f"{INPUT}.date"),
        "found": expr(f"'the ledger did not answer: ' & {ERROR}.Error"),
    }
    states: asl.States = {
        "Which day?": asl.pass_(
            "Is a report due?",
            output={
                "stage": expr(f"{INPUT}.stage"),
                "date": expr(local_date(INPUT, plan.timezone)),
                "due_ms": expr(_due(plan.due)),
            },
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
            output=expr(_day_summary()),
            retriers=[asl.retry("States.TaskFailed", attempts=4)],
            catchers=[asl.catch("Notify", "States.ALL", output=no_answer)],
        ),
        "Is it there?": asl.choice(
            [(f"{INPUT}.there", "On time"), (f"{INPUT}.stage = 'forecast'", forecast.FIRST)], "Notify"
        ),
        **forecast.states(
            forecast.ForecastPlan(
                environment=plan.environment,
                partition=plan.partition,
                ledger_table=plan.ledger_table,
                topic_arn=plan.topic_arn,
                order=plan.order,
            )
        ),
        "On time": asl.succeed(output={"outcome": "ON_TIME", "date": expr(f"{INPUT}.date")}),
        "Notify": asl.task(
            f"arn:{plan.partition}:states:::sns:publish",
            messages.late(plan.topic_arn, plan.environment, deadline=plan.due, timezone=plan.timezone),
            "Notified",
            output={"outcome": "LATE", "stage": expr(f"{INPUT}.stage"), "date": expr(f"{INPUT}.date")},
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Notified": asl.succeed(),
    }
    return asl.machine(
        "Which day?", states, comment=f"Asks whether the report of {plan.environment} is there", timeout=600
    )


def _due(due: str) -> str:
    """JSONata: the deadline in milliseconds; a schedule gives its own local time and the moment in UTC."""
    minutes = int(due[:2]) * 60 + int(due[3:])
    local = f"($number($substring({INPUT}.local, 0, 2)) * 60 + $number($substring({INPUT}.local, 3, 2)))"
    return f"$toMillis({INPUT}.scheduled) + ({minutes} - {local}) * 60000"


def _day_summary() -> str:
    """JSONata: whether one of the day's runs has succeeded, and a sentence about the last one if not."""
    return f"""(
        $in := {INPUT};
        $runs := [{RESULT}.Items[manifest.S != '{run_ledger.DATE_ITEM}']];
        $last := $sort($runs, function($a, $b) {{ $a.started_at.S < $b.started_at.S }})[0];
        $running := $runs[status.S = '{run_ledger.RUNNING}'][0];
        {{
            'stage': $in.stage,
            'date': $in.date,
            'due_ms': $in.due_ms,
            'run': $exists($running) ? {{
                'started_at': $running.started_at.S,
                'stage': $exists($running.stage.S) ? $running.stage.S : '',
                'stage_started_at': $running.stage_started_at.S,
                'shards': $exists($running.shards) ? $number($running.shards.N) : 0,
                'shards_done': $exists($running.shards_done) ? $number($running.shards_done.N) : 0,
                'shards_kept': $exists($running.shards_kept) ? $number($running.shards_kept.N) : 0
            }} : {{'stage': ''}},
            'there': $count($runs[status.S = '{run_ledger.SUCCEEDED}']) > 0,
            'found': $count($runs) = 0 ?
                'no run has been started: the manifest is missing, or its event was not delivered.' :
                'the last run, started at ' & $last.started_at.S & ', is ' & $last.status.S
                & ($exists($last.error) ? ': ' & $substring($last.error.S, 0, 500) : '.')
        }}
    )"""
