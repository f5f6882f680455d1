"""When the run will end, before it is late: from its own shards, or else from how long earlier runs took.

Part of the deadline machine. What is read is in the ledger: when each stage began, how many shards it has and how many
are done. Nothing is started and nothing is stopped. Why: docs/adr/workflow/forecast-from-the-ledger.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from . import asl, messages, run_ledger
from .asl import INPUT, RESULT, States, expr
from .run_input import DAY, DAY_MS

FIRST: Final = "Ask for earlier runs"
DAYS: Final = 7
"""Calendar days that are looked back on; each costs one query."""


@dataclass(frozen=True, kw_only=True)
class ForecastPlan:
    """What the states depend on."""

    environment: str
    partition: str
    ledger_table: str
    topic_arn: str
    order: Sequence[str]
    """The run's jobs, in order."""


def states(plan: ForecastPlan) -> States:
    """From `{"date", "due_ms", "run"}`, where `run` is the ledger's entry of the run under way or empty, to an end."""
    unchanged = expr(INPUT)
    return {
        FIRST: asl.map_(
            "Will it be late?",
            Items=expr(
                f"($date := $toMillis({INPUT}.date); "
                f"$map([1..{DAYS}], function($n) {{ $fromMillis($date - $n * {DAY_MS}, {DAY}) }}))"
            ),
            ItemSelector={"date": expr(f"{asl.CONTEXT}.Map.Item.Value"), "after": expr(_after(plan.order))},
            MaxConcurrency=DAYS,
            ItemProcessor={
                "ProcessorConfig": {"Mode": "INLINE"},
                **asl.block(
                    "Ask for a day's runs",
                    {
                        "Ask for a day's runs": asl.task(
                            f"arn:{plan.partition}:states:::aws-sdk:dynamodb:query",
                            run_ledger.of_day(plan.ledger_table, f"{INPUT}.date"),
                            None,
                            output=expr(_durations()),
                            retriers=[asl.retry("States.TaskFailed", attempts=4)],
                        )
                    },
                ),
            },
            Output=expr(_estimate()),
        ),
        "Will it be late?": asl.choice([(f"{INPUT}.late_minutes > 0", "Notify of forecast")], "On course"),
        "On course": asl.succeed(output=unchanged),
        "Notify of forecast": asl.task(
            f"arn:{plan.partition}:states:::sns:publish",
            messages.expected_late(plan.topic_arn, plan.environment),
            "Forecast late",
            output=unchanged,
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Forecast late": asl.succeed(output=unchanged),
    }


def _after(order: Sequence[str]) -> str:
    """JSONata: the attribute that says when the job after the current stage began; empty for the last one."""
    following = {job: run_ledger.entered(next_) for job, next_ in pairwise(order)}
    return f"($next := $lookup({json.dumps(following)}, {INPUT}.run.stage); $exists($next) ? $next : '')"


def _durations() -> str:
    """JSONata: of each run of a day that succeeded, its seconds, and those from the beginning of `after` to its end."""
    return f"""(
        $after := {INPUT}.after;
        $runs := {RESULT}.Items[status.S = '{run_ledger.SUCCEEDED}' and $exists(duration_seconds)];
        {{'runs': [$map($runs, function($run) {{(
            $began := $lookup($run, $after).S;
            {{
                'seconds': $number($run.duration_seconds.N),
                'rest': $exists($began) ? ($toMillis($run.ended_at.S) - $toMillis($began)) / 1000 : 0
            }}
        )}})]}}
    )"""


def _estimate() -> str:
    """JSONata: when the report is to be expected, by how many minutes that is late, and what it is based on.

    `$states` stands before the first division: the local interpreter takes what lies between two of them for a pattern.
    """
    return f"""(
        $in := {INPUT};
        $earlier := {RESULT}.runs;
        $run := $in.run;
        $now := $millis();
        $median := function($values) {{ $count($values) = 0 ? 0 : $sort($values)[$floor(($count($values) - 1) / 2)] }};
        $usual := $median([$earlier.seconds]) * 1000;
        $rest := $median([$earlier.rest]) * 1000;
        $under_way := $exists($run.started_at);
        $left := $run.shards - $run.shards_done - $run.shards_kept;
        $own := $under_way and $run.shards > 0 and $run.shards_done > 0;
        $expected :=
            $own ? $now + $left * ($now - $toMillis($run.stage_started_at)) / $run.shards_done + $rest :
            $usual = 0 ? 0 :
            $under_way ? $max([$now, $toMillis($run.started_at) + $usual]) : $now + $usual;
        {{
            'outcome': $expected = 0 ? 'UNKNOWN' : $expected > $in.due_ms ? 'EXPECTED_LATE' : 'ON_COURSE',
            'date': $in.date,
            'expected': $expected = 0 ? '' : $fromMillis($floor($expected)),
            'late_minutes': $expected = 0 ? 0 : $ceil(($expected - $in.due_ms) / 60000),
            'due': $fromMillis($in.due_ms),
            'basis':
                $own ? $string($run.shards_done) & ' of ' & $string($run.shards) & ' shards of ' & $run.stage
                    & ' took ' & $string($round(($now - $toMillis($run.stage_started_at)) / 60000)) & ' min' :
                $usual = 0 ? 'no earlier run' :
                ($under_way ? 'the run is in ' & $run.stage : 'no run is under way')
                    & ', and runs of the last week took ' & $string($ceil($usual / 60000)) & ' min'
        }}
    )"""
