"""The nightly run: from a manifest to an announced report, as one Step Functions Standard state machine.

Owns: what is prepared, refused, held and claimed before the first job, what is checked after the last, and that every
end is recorded and announced.
Refuses: how a job's task is started and judged (`_stages.py`); ends that a state machine cannot see, because it is not
running any more: those are the closing machine's (`_closing.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from . import _asl, _ledger, _messages, _stages
from ._asl import CONTEXT, ERROR, INPUT, RESULT, States, expr, text

DATE: Final = r"20\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
DAY: Final = "'[Y0001]-[M01]-[D01]'"
"""JSONata picture of a business date."""


@dataclass(frozen=True, kw_only=True)
class NightlyPlan:
    """Everything the definition depends on: plain values, so that it can be built, read and run without AWS."""

    environment: str
    place: _stages.Place
    stages: Sequence[_stages.StagePlan]
    """In the order in which they run."""
    input_bucket: str
    prefix: str
    suffix: str
    max_age_days: int
    max_ahead_days: int
    ledger_table: str
    ledger_days: int
    topic_arn: str
    timeout: int
    """Seconds from the start to the end of the whole run at most."""


def definition(plan: NightlyPlan) -> dict[str, Any]:
    """The state machine's definition. Raises `_asl.UnsoundError`."""
    return _asl.machine(
        "Prepare",
        {**_before(plan), **_run(plan), **_after(plan)},
        comment=f"The nightly run of {plan.environment}: claim, {', '.join(s.job for s in plan.stages)}, announce",
        timeout=plan.timeout,
    )


def _aws(plan: NightlyPlan, call: str) -> str:
    return f"arn:{plan.place.partition}:states:::{call}"


def prepared(prefix: str, suffix: str, bucket: str, execution: str, input_: str) -> str:
    """JSONata: the `run` that an execution's input asks for; it never raises, whatever the input is.

    `execution` is JSONata for an object with Id, Name and StartTime.
    """
    pattern = f"/^{_regex(prefix)}({DATE})\\/{_regex(suffix)}$/"
    return f"""(
        $in := {input_};
        $key := $type($in.manifest.key) = 'string' ? $in.manifest.key :
            $type($in.business_date) = 'string' ? {text(prefix)} & $in.business_date & {text("/" + suffix)} :
            $type($in.scheduled) = 'string' ? {text(prefix)} & {local_date("$in")} & {text("/" + suffix)} : '';
        $in_key := $match($key, {pattern}).groups[0];
        $given := $match($type($in.business_date) = 'string' ? $in.business_date : '', /^{DATE}$/).match;
        {{
            'id': {execution}.Name,
            'execution_arn': {execution}.Id,
            'started_at': {execution}.StartTime,
            'bucket': {text(bucket)},
            'key': $key,
            'version': $type($in.manifest.version) = 'string' ? $in.manifest.version : '',
            'business_date': $exists($given) ? $given : $exists($in_key) ? $in_key : '',
            'rerun': $in.rerun = true,
            'origin': $type($in.origin) = 'string' ? $in.origin : 'operator'
        }}
    )"""


def local_date(input_: str) -> str:
    """JSONata: the date at the place where it was `local` ("08:30") at the UTC moment `scheduled`.

    Scheduler gives the moment in UTC and JSONata knows no time zones. But the schedule fires at a known local time, so
    the difference to UTC follows, daylight saving time or not: at most 12 hours behind and less than 14 ahead.
    """
    return f"""(
        $at := $toMillis({input_}.scheduled);
        $of_day := ($number($substring({input_}.local, 0, 2)) * 60 + $number($substring({input_}.local, 3, 2))) * 60000;
        $off := ($of_day - $at % 86400000 + 86400000) % 86400000;
        $fromMillis($at + ($off > 50400000 ? $off - 86400000 : $off), {DAY})
    )"""


def _regex(literal: str) -> str:
    return re.escape(literal).replace("/", "\\/")


def _before(plan: NightlyPlan) -> States:
    expected = f"{plan.prefix}<YYYY-MM-DD>/{plan.suffix}"
    execution = f"{CONTEXT}.Execution"
    oldest, newest = _season(plan)
    run = f"{INPUT}.run"
    return {
        "Prepare": _asl.pass_(
            "Is it a run?",
            output={"run": expr(prepared(plan.prefix, plan.suffix, plan.input_bucket, execution, INPUT))},
        ),
        "Is it a run?": _asl.choice(
            [
                (f"{run}.business_date = ''", "Not a manifest key"),
                (
                    f"{run}.origin = 'event' and ({run}.business_date < {oldest} or {run}.business_date > {newest})",
                    "Hold",
                ),
                (f"{run}.version = ''", "Find manifest"),
            ],
            "Run",
        ),
        "Not a manifest key": _asl.pass_(
            "Record failure",
            output={
                "run": expr(run),
                "error": {
                    "Error": "Batch.ManifestKey",
                    "Cause": expr(f"'the key ' & {run}.key & {text(f' is not {expected}')}"),
                },
            },
        ),
        "Hold": _asl.task(
            _aws(plan, "sns:publish"),
            _messages.held(plan.topic_arn, plan.environment, oldest=oldest, newest=newest),
            "Held",
            output={"outcome": "HELD", "run": expr(run)},
            retriers=[_asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Held": _asl.succeed(),
        "Find manifest": _asl.task(
            _aws(plan, "aws-sdk:s3:headObject"),
            {"Bucket": plan.input_bucket, "Key": expr(f"{run}.key")},
            "Run",
            output={
                "run": expr(f"$merge([{run}, {{'version': $exists({RESULT}.VersionId) ? {RESULT}.VersionId : ''}}])")
            },
            retriers=[_asl.retry("States.TaskFailed", attempts=2)],
            catchers=[
                _asl.catch(
                    "Record failure",
                    "States.ALL",
                    output={
                        "run": expr(run),
                        "error": {
                            "Error": "Batch.NoManifest",
                            "Cause": expr(
                                f"'s3://' & {run}.bucket & '/' & {run}.key & ' cannot be found: ' & {ERROR}.Error"
                            ),
                        },
                    },
                )
            ],
        ),
    }


def _season(plan: NightlyPlan) -> tuple[str, str]:
    """JSONata: the oldest and the newest business date that an event may start."""
    day = 86_400_000
    return (
        f"$fromMillis($millis() - {plan.max_age_days * day}, {DAY})",
        f"$fromMillis($millis() + {plan.max_ahead_days * day}, {DAY})",
    )


def _run(plan: NightlyPlan) -> States:
    """One branch around everything that can fail, so that one catcher sees every failure."""
    return {
        "Run": _asl.parallel(
            "How did it end?",
            _asl.block("Claim", _work(plan)),
            Output={"run": expr(f"{INPUT}.run"), "end": expr(f"{RESULT}[0]")},
            Catch=[
                _asl.catch("Record failure", "States.ALL", output={"run": expr(f"{INPUT}.run"), "error": expr(ERROR)})
            ],
        )
    }


def _work(plan: NightlyPlan) -> States:
    run = f"{INPUT}.run"
    marker = f"$parse({RESULT}.Body)"
    stages: States = {}
    next_ = "Read marker"
    for stage in reversed(plan.stages):
        next_, states = _stages.stage(stage, plan.place, next_)
        stages = {**states, **stages}
    return {
        "Claim": _asl.task(
            _aws(plan, "dynamodb:putItem"),
            _ledger.claim(plan.ledger_table, timeout=plan.timeout, keep_days=plan.ledger_days),
            next_,
            output={"run": expr(run)},
            retriers=[_asl.retry(_ledger.TAKEN, attempts=0), _asl.retry("States.TaskFailed", attempts=5)],
            catchers=[_asl.catch("Duplicate", _ledger.TAKEN, output={"run": expr(run)})],
        ),
        "Duplicate": _asl.pass_(
            None,
            output={
                "outcome": "DUPLICATE",
                "message": expr(
                    f"{run}.key & ', version ' & {run}.version & ', is running or has succeeded already: nothing was '"
                    " & 'done. To run it once more after a success, start it by hand with \"rerun\": true.'"
                ),
            },
        ),
        **stages,
        "Read marker": _asl.task(
            _aws(plan, "aws-sdk:s3:getObject"),
            {
                "Bucket": plan.place.output_bucket,
                "Key": expr(f"'reports/' & {run}.business_date & '/_SUCCESS'"),
            },
            "Is it this run's?",
            output=expr(
                f"($marker := {marker}; {{'outcome': 'SUCCEEDED', 'report_uri': $marker.report_uri, "
                f"'ours': $marker.run_id = {run}.id}})"
            ),
            retriers=[_asl.retry("States.TaskFailed", attempts=2)],
            catchers=[_asl.catch("No report", "States.TaskFailed")],
        ),
        "Is it this run's?": _asl.choice([(f"{INPUT}.ours", "Report is there")], "No report"),
        "Report is there": _asl.pass_(None, output={"outcome": "SUCCEEDED", "report_uri": expr(f"{INPUT}.report_uri")}),
        "No report": _asl.fail(
            "Batch.NoReport", "the last job ended well but reports/<business date>/_SUCCESS is not this run's"
        ),
    }


def _after(plan: NightlyPlan) -> States:
    kept = {"run": expr(f"{INPUT}.run"), "error": expr(f"{INPUT}.error")}
    patient = [_asl.retry(_ledger.TAKEN, attempts=0), _asl.retry("States.TaskFailed", attempts=5)]
    update, publish = _aws(plan, "dynamodb:updateItem"), _aws(plan, "sns:publish")
    failure = f"$substring({INPUT}.error.Error & ': ' & {INPUT}.error.Cause, 0, {_ledger.ERROR_LENGTH})"
    return {
        "How did it end?": _asl.choice([(f"{INPUT}.end.outcome = 'SUCCEEDED'", "Record success")], "Nothing to do"),
        "Nothing to do": _asl.succeed(output=expr(f"{INPUT}.end")),
        "Record success": _asl.task(
            update,
            _ledger.close(plan.ledger_table, f"'{_ledger.SUCCEEDED}'", report_uri=f"{INPUT}.end.report_uri"),
            "Announce success",
            output={"run": expr(f"{INPUT}.run"), "report_uri": expr(f"{INPUT}.end.report_uri")},
            retriers=patient,
        ),
        "Announce success": _asl.task(
            publish,
            _messages.succeeded(plan.topic_arn, plan.environment),
            "Succeeded",
            output={"outcome": "SUCCEEDED", "report_uri": expr(f"{INPUT}.report_uri"), "run": expr(f"{INPUT}.run")},
            retriers=[_asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Succeeded": _asl.succeed(),
        "Record failure": _asl.task(
            update,
            _ledger.close(plan.ledger_table, f"'{_ledger.FAILED}'", error=failure),
            "Announce failure",
            output=kept,
            retriers=patient,
            catchers=[_asl.catch("Announce failure", "States.ALL", output=kept)],
            comment="A run that never got as far as its claim holds no entry; it is announced all the same",
        ),
        "Announce failure": _asl.task(
            publish,
            _messages.failed(plan.topic_arn, plan.environment),
            "Failed",
            output=kept,
            retriers=[_asl.retry("States.TaskFailed", attempts=5)],
            catchers=[_asl.catch("Failed", "States.ALL", output=kept)],
        ),
        "Failed": _asl.fail(expr(f"{INPUT}.error.Error"), expr(f"$string({INPUT}.error.Cause)")),
    }
