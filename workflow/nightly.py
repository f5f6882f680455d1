"""The nightly run, from a manifest to an announced report, as one Step Functions Standard state machine.

Every end that the machine itself can see is recorded in the ledger and announced. Ends that it cannot see, because it
does not run any more, are handled by `workflow/reconciler.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import asl, business_date, job_stage, messages, resume, run_ledger, success_marker, task_attempts
from .asl import CONTEXT, ERROR, INPUT, RESULT, States, expr, text
from .run_input import DAY, DAY_MS, ManifestLocation, run_of_input


@dataclass(frozen=True, kw_only=True)
class NightlyPlan:
    """Everything the definition depends on: plain values, so that it can be built, read and run without AWS."""

    environment: str
    target: task_attempts.RunTaskTarget
    stages: Sequence[task_attempts.StagePlan]
    """In the order in which they run."""
    manifest_location: ManifestLocation
    max_age_days: int
    max_ahead_days: int
    ledger_table: str
    ledger_days: int
    topic_arn: str
    on_newer_manifest: business_date.OnNewerManifest
    timeout: int
    """Seconds from the start to the end of the whole run at most."""


def definition(plan: NightlyPlan) -> dict[str, Any]:
    """The state machine's definition. Raises `asl.UnsoundError`."""
    return asl.machine(
        "Read input",
        {**_before(plan), **_run(plan), **_after(plan)},
        comment=f"The nightly run of {plan.environment}: claim, {', '.join(s.job for s in plan.stages)}, announce",
        timeout=plan.timeout,
    )


def _aws(plan: NightlyPlan, call: str) -> str:
    return f"arn:{plan.target.partition}:states:::{call}"


def _before(plan: NightlyPlan) -> States:
    expected = f"{plan.manifest_location.prefix}<YYYY-MM-DD>/{plan.manifest_location.suffix}"
    execution = f"{CONTEXT}.Execution"
    oldest, newest = _season(plan)
    run = f"{INPUT}.run"
    return {
        "Read input": asl.pass_(
            "Is it a run?",
            output={"run": expr(run_of_input(plan.manifest_location, execution, INPUT))},
        ),
        "Is it a run?": asl.choice(
            [
                (f"{run}.business_date = ''", "Not a manifest key"),
                (
                    f"{run}.origin = 'event' and ({run}.business_date < {oldest} or {run}.business_date > {newest})",
                    "Hold",
                ),
                (f"{run}.resumes", resume.FIRST),
                # events come late and out of order: only the newest version of a manifest may begin
                (f"{run}.version = '' or {run}.origin = 'event'", "Find manifest"),
            ],
            "Run",
        ),
        # without a business date there is no ledger entry to write
        "Not a manifest key": asl.pass_(
            "Notify of failure",
            output={
                "run": expr(run),
                "error": {
                    "Error": "Batch.ManifestKey",
                    "Cause": expr(f"'the key ' & {run}.key & {text(f' is not {expected}')}"),
                },
            },
        ),
        "Hold": asl.task(
            _aws(plan, "sns:publish"),
            messages.held(plan.topic_arn, plan.environment, oldest=oldest, newest=newest),
            "Held",
            output={"outcome": "HELD", "run": expr(run)},
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Held": asl.succeed(),
        **_find_manifest(plan),
        **resume.states(plan.target.partition, plan.ledger_table, next_="Run", refused="Notify of failure"),
        "Is it the newest?": asl.choice([(f"{INPUT}.newest", "Run")], "A newer manifest is there"),
        "A newer manifest is there": asl.succeed(output={"outcome": run_ledger.SUPERSEDED, "run": expr(run)}),
    }


def _find_manifest(plan: NightlyPlan) -> States:
    run = f"{INPUT}.run"
    return {
        "Find manifest": asl.task(
            _aws(plan, "aws-sdk:s3:headObject"),
            {"Bucket": plan.manifest_location.bucket, "Key": expr(f"{run}.key")},
            "Is it the newest?",
            output=expr(
                f"""(
                    $run := {run};
                    $newest := $exists({RESULT}.VersionId) ? {RESULT}.VersionId : '';
                    {{'run': $merge([$run, {{'version': $newest}}]), 'newest': $run.version in ['', $newest]}}
                )"""
            ),
            retriers=[asl.retry("States.TaskFailed", attempts=2)],
            catchers=[
                asl.catch(
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
    return (
        f"$fromMillis($millis() - {plan.max_age_days * DAY_MS}, {DAY})",
        f"$fromMillis($millis() + {plan.max_ahead_days * DAY_MS}, {DAY})",
    )


def _run(plan: NightlyPlan) -> States:
    """One branch around everything that can fail, so that one catcher sees every failure."""
    return {
        "Run": asl.parallel(
            "How did it end?",
            asl.block("Claim", _work(plan)),
            Output={"run": expr(f"{INPUT}.run"), "end": expr(f"{RESULT}[0]")},
            Catch=[
                asl.catch("Record failure", "States.ALL", output={"run": expr(f"{INPUT}.run"), "error": expr(ERROR)})
            ],
        )
    }


def _work(plan: NightlyPlan) -> States:
    run = f"{INPUT}.run"
    entries, stages = _stages(plan, success_marker.FIRST)
    take_date, taking = business_date.states(
        business_date.BusinessDatePlan(
            environment=plan.environment,
            partition=plan.target.partition,
            on_newer_manifest=plan.on_newer_manifest,
            ledger_table=plan.ledger_table,
            ledger_days=plan.ledger_days,
            topic_arn=plan.topic_arn,
            timeout=plan.timeout,
        ),
        "Where to begin?",
    )
    return {
        "Claim": asl.task(
            _aws(plan, "dynamodb:putItem"),
            run_ledger.claim(plan.ledger_table, timeout=plan.timeout, keep_days=plan.ledger_days),
            take_date,
            output={"run": expr(run), "ended": ""},
            retriers=[asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=5)],
            catchers=[asl.catch("Duplicate", run_ledger.CONDITION_FAILED, output={"run": expr(run)})],
        ),
        "Duplicate": asl.pass_(
            None,
            output={
                "outcome": "DUPLICATE",
                "message": expr(
                    f"{run}.key & ', version ' & {run}.version & ', is running or has succeeded already: nothing was '"
                    " & 'done. To run it once more after a success, start it by hand with \"rerun\": true.'"
                ),
            },
        ),
        **taking,
        "Where to begin?": asl.choice(entries, entries[0][1]),
        "Another run took its place": asl.pass_(None, output={"outcome": run_ledger.SUPERSEDED, "run": expr(run)}),
        **stages,
        **success_marker.states(plan.target.partition, plan.target.output_bucket),
    }


def _stages(plan: NightlyPlan, next_: str) -> tuple[list[tuple[str, str]], States]:
    """The jobs' states, and for each job the condition and the state with which a resumed run begins there."""
    run = f"{INPUT}.run"
    stages: States = {}
    entries: list[tuple[str, str]] = []
    for stage in reversed(plan.stages):
        begin, states = job_stage.stage(stage, plan.target, next_)
        next_ = f"{stage.job}: record stage"
        entries.insert(0, (f"{INPUT}.run.stage = {text(stage.job)}", next_))
        record = asl.task(
            _aws(plan, "dynamodb:updateItem"),
            run_ledger.enter_stage(plan.ledger_table, stage.job),
            begin,
            output={"run": expr(run)},
            retriers=[asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=5)],
            catchers=[asl.catch("Another run took its place", run_ledger.CONDITION_FAILED, output={"run": expr(run)})],
        )
        stages = {next_: record, **states, **stages}
    return entries, stages


def _after(plan: NightlyPlan) -> States:
    run_and_error = {"run": expr(f"{INPUT}.run"), "error": expr(f"{INPUT}.error")}
    patient = [asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=5)]
    update, publish = _aws(plan, "dynamodb:updateItem"), _aws(plan, "sns:publish")
    failure = f"$substring({INPUT}.error.Error & ': ' & {INPUT}.error.Cause, 0, {run_ledger.ERROR_LENGTH})"
    return {
        "How did it end?": asl.choice([(f"{INPUT}.end.outcome = 'SUCCEEDED'", "Record success")], "Nothing to do"),
        "Nothing to do": asl.succeed(output=expr(f"{INPUT}.end")),
        "Record success": asl.task(
            update,
            run_ledger.close(
                plan.ledger_table,
                f"'{run_ledger.SUCCEEDED}'",
                report_uri=f"{INPUT}.end.report_uri",
                missing_shards=f"$string({INPUT}.end.missing_shards)",
            ),
            "Notify of success",
            output={
                "run": expr(f"{INPUT}.run"),
                "report_uri": expr(f"{INPUT}.end.report_uri"),
                "missing_shards": expr(f"{INPUT}.end.missing_shards"),
            },
            retriers=patient,
        ),
        "Notify of success": asl.task(
            publish,
            messages.succeeded(plan.topic_arn, plan.environment),
            "Succeeded",
            output={
                "outcome": "SUCCEEDED",
                "report_uri": expr(f"{INPUT}.report_uri"),
                "missing_shards": expr(f"{INPUT}.missing_shards"),
                "run": expr(f"{INPUT}.run"),
            },
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        "Succeeded": asl.succeed(),
        "Record failure": asl.task(
            update,
            run_ledger.close(plan.ledger_table, f"'{run_ledger.FAILED}'", error=failure),
            "Notify of failure",
            output=run_and_error,
            retriers=patient,
            catchers=[asl.catch("Notify of failure", "States.ALL", output=run_and_error)],
            comment="A run that never got as far as its claim holds no entry; it is announced all the same",
        ),
        "Notify of failure": asl.task(
            publish,
            messages.failed(plan.topic_arn, plan.environment),
            "Failed",
            output=run_and_error,
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
            catchers=[asl.catch("Failed", "States.ALL", output=run_and_error)],
        ),
        # a Fail state may not use the names that begin with "States.", which are the language's own
        "Failed": asl.fail(
            expr(f"$replace({INPUT}.error.Error, /^States\\./, 'Batch.')"), expr(f"$string({INPUT}.error.Cause)")
        ),
    }
