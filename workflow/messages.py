"""The subjects and bodies of notifications, as JSONata.

Every message says what happened, when, how long it took, where the result is, whose turn it is and what to do. None
carries data of a trade.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .asl import INPUT, expr, text
from .run_ledger import seconds

CAUSE_LENGTH: Final = 1500

AGAIN: Final = "then go on with `batchctl resume`."
ADVICE: Final[Mapping[str, str]] = {
    "Batch.BadInput": "The sender's turn: correct the manifest or its files and write the manifest again, last.",
    "Batch.EmptyManifest": "The sender's turn: the manifest names no trades. Write a manifest with trades.",
    "Batch.ManifestKey": "The sender's turn: write the manifest under the key given above.",
    "Batch.NoManifest": "The sender's turn: there is no manifest. A run starts as soon as it is written.",
    "Batch.MissingImage": f"The operator's turn: build and push the job's image (docs/operations.md), {AGAIN}",
    "Batch.StartDenied": f"The operator's turn: something forbids starting the task; run `batchctl doctor`, {AGAIN}",
    "Batch.NoCapacity": f"The operator's turn: no room in Fargate, or the vCPU quota is used up; raise it, {AGAIN}",
    "Batch.Throttled": f"The operator's turn: ECS refused too many starts; lower `fanOut.concurrency`, {AGAIN}",
    "Batch.Interrupted": f"The operator's turn: the task was stopped more often than `retry` allows; {AGAIN}",
    "Batch.Timeout": f"The operator's turn: a task ran into its timeout; read its log, raise the timeout, {AGAIN}",
    "Batch.NotStarted": f"The operator's turn: the task never started; run `batchctl doctor`, {AGAIN}",
    "Batch.Usage": "The developer's turn: the workflow and the image disagree about docs/jobs.md.",
    "Batch.TaskFailed": f"The developer's turn: read the job's log (`batchctl logs`), {AGAIN}",
    "Batch.NoReport": "The developer's turn: the last job ended well but wrote no success marker for this run.",
    "Batch.NotResumable": "The operator's turn: `batchctl runs` lists runs; `batchctl run all` starts anew.",
    "States.ExceedToleratedFailureThreshold": "Look at the failed shards under maps/<run> in the output bucket and "
    f"at the job's log, {AGAIN}",
}
"""Whose turn it is and what to do, by error name."""
_TIMED_OUT: Final = (
    "The run took longer than its window: find the slow stage in the execution's history, then start the run again."
)
_PARTIAL: Final = (
    "decide whether a report of a part of the book will do; failed shards are under maps/<run> in the output bucket, "
    "and `batchctl run all --rerun` computes the night again."
)
_EXPECTED_LATE: Final = (
    "tell those who wait for the report; see what the run waits for (`batchctl status`); docs/operations.md, Deadline."
)
_WARNED: Final = "see whether the run is on its way (`batchctl status`); docs/operations.md, Deadline."
_ESCALATED: Final = "tell those who wait for the report now; docs/operations.md, Deadline."
_STOPPED: Final = "Start the run again when the reason for stopping it is gone."
OTHERWISE: Final = (
    "Look at the execution in the Step Functions console and at the jobs' logs, then start the run again."
)


def message(topic_arn: str, subject: str, *lines: str) -> dict[str, Any]:
    """Arguments of sns:publish; `subject` and `lines` are JSONata. SNS takes subjects of 100 ASCII characters."""
    body = " & '\\n' & ".join(f"({line})" for line in lines)
    return {"TopicArn": topic_arn, "Subject": expr(f"$substring({subject}, 0, 100)"), "Message": expr(body)}


def succeeded(topic_arn: str, environment: str) -> dict[str, Any]:
    """The report is there, of all shards or, where failures are tolerated, of most of them."""
    missing = f"{INPUT}.missing_shards"
    return message(
        topic_arn,
        f"{text(f'[{environment}] Nightly run succeeded')} & ({missing} > 0 ? ', PARTIAL: ' : ': ')"
        f" & {INPUT}.run.business_date",
        f"'The report for ' & {INPUT}.run.business_date & ' is ready' & ({missing} > 0 ? ', but INCOMPLETE: '"
        f" & $string({missing}) & ' shards have no result; its first page says what is missing.' : '.')",
        *_when(f"{INPUT}.run"),
        f"'Report:   ' & {INPUT}.report_uri",
        *_which(f"{INPUT}.run"),
        f"'What to do: ' & ({missing} > 0 ? {text(_PARTIAL)} : 'nothing.')",
    )


def failed(topic_arn: str, environment: str) -> dict[str, Any]:
    """The run ended without a report; the state's input holds `run` and `error`."""
    advice = f"$lookup({_object(ADVICE)}, {INPUT}.error.Error)"
    cause = f"$exists({INPUT}.error.Cause) ? $substring({INPUT}.error.Cause, 0, {CAUSE_LENGTH}) : 'no cause given'"
    return message(
        topic_arn,
        f"{text(f'[{environment}] Nightly run FAILED: ')} & {INPUT}.run.business_date",
        f"'The nightly run for ' & ({INPUT}.run.business_date != '' ? {INPUT}.run.business_date : 'an unknown date')"
        " & ' failed: there is no report.'",
        *_when(f"{INPUT}.run"),
        f"'Error:    ' & {INPUT}.error.Error",
        f"'Cause:    ' & ({cause})",
        *_which(f"{INPUT}.run"),
        f"'What to do: ' & ($exists({advice}) ? {advice} : {text(OTHERWISE)})",
    )


def held(topic_arn: str, environment: str, *, oldest: str, newest: str) -> dict[str, Any]:
    """A manifest whose business date is out of season did not start a run; `oldest` and `newest` are JSONata dates."""
    return message(
        topic_arn,
        f"{text(f'[{environment}] Manifest held, no run: ')} & {INPUT}.run.business_date",
        f"'A manifest for ' & {INPUT}.run.business_date & ' arrived and was NOT run: only dates from ' & {oldest}"
        f" & ' to ' & {newest} & ' start a run by themselves.'",
        *_which(f"{INPUT}.run"),
        f"'What to do: nothing, if it was sent by mistake. To run it, start the state machine by hand with '"
        f" & $string({{'manifest': {{'key': {INPUT}.run.key}}}})",
    )


def superseded(topic_arn: str, environment: str) -> dict[str, Any]:
    """A newer manifest stopped an older run of the same date; the input holds `run` and the `other`, older one."""
    return message(
        topic_arn,
        f"{text(f'[{environment}] Nightly run superseded: ')} & {INPUT}.run.business_date",
        f"'A newer run for ' & {INPUT}.run.business_date & ' has begun and stopped the one under way.'",
        f"'Stopped:  ' & {INPUT}.other.execution_arn",
        *_which(f"{INPUT}.run"),
        "'What to do: nothing; the newer run says how it ends.'",
    )


def refused(topic_arn: str, environment: str) -> dict[str, Any]:
    """A run did not begin because the `other` one of the same date is under way."""
    return message(
        topic_arn,
        f"{text(f'[{environment}] Manifest refused, no run: ')} & {INPUT}.run.business_date",
        f"'A manifest for ' & {INPUT}.run.business_date & ' arrived and was NOT run: another run is under way.'",
        f"'Under way: ' & {INPUT}.other.execution_arn",
        *_which(f"{INPUT}.run"),
        "'What to do: to run it, wait for the end of the other run, or stop it; then `batchctl run all --date '"
        f" & {INPUT}.run.business_date & '`.'",
    )


def closed(topic_arn: str, environment: str) -> dict[str, Any]:
    """A run was stopped from outside, so it could say nothing itself; the input holds `run`, `status` and `why`."""
    return message(
        topic_arn,
        f"{text(f'[{environment}] Nightly run ')} & {INPUT}.status & ': ' & {INPUT}.run.business_date",
        f"'The nightly run for ' & {INPUT}.run.business_date & ' was ended from outside ('  & {INPUT}.status"
        " & '): there is no report.'",
        *_when(f"{INPUT}.run"),
        f"'Cause:    ' & $substring({INPUT}.why, 0, {CAUSE_LENGTH})",
        *_which(f"{INPUT}.run"),
        f"'What to do: ' & ({INPUT}.status = 'TIMED_OUT' ? {text(_TIMED_OUT)} : {text(_STOPPED)})",
    )


def late(topic_arn: str, environment: str, *, deadline: str, timezone: str) -> dict[str, Any]:
    """Nobody has a report yet; the input holds `date`, `stage` and `found`, a sentence about what the ledger says."""
    return message(
        topic_arn,
        f"{text(f'[{environment}] ')} & ({INPUT}.stage = 'escalate' ? 'ESCALATION: no' : 'Warning: no')"
        f" & ' report yet for ' & {INPUT}.date",
        f"'There is no report for ' & {INPUT}.date & ' yet; it is due at {deadline} {timezone}.'",
        f"'Ledger:   ' & {INPUT}.found",
        f"'What to do: ' & ({INPUT}.stage = 'escalate' ? {text(_ESCALATED)} : {text(_WARNED)})",
    )


def expected_late(topic_arn: str, environment: str) -> dict[str, Any]:
    """The report is not late yet, and will be; the input is a forecast."""
    return message(
        topic_arn,
        f"{text(f'[{environment}] Forecast: report LATE for ')} & {INPUT}.date",
        f"'The report for ' & {INPUT}.date & ' is to be expected at ' & {INPUT}.expected & ', '"
        f" & $string({INPUT}.late_minutes) & ' min after it is due (' & {INPUT}.due & ').'",
        f"'Based on: ' & {INPUT}.basis & '.'",
        f"'What to do: ' & {text(_EXPECTED_LATE)}",
    )


def _when(run: str) -> tuple[str, ...]:
    duration = seconds(run)
    return (
        f"'Started:  ' & {run}.started_at",
        f"'Ended:    ' & $fromMillis($millis()) & ', after ' & $string($floor({duration} / 60)) & ' min '"
        f" & $string({duration} % 60) & ' s'",
    )


def _which(run: str) -> tuple[str, ...]:
    return (
        f"'Manifest: s3://' & {run}.bucket & '/' & {run}.key"
        f" & ({run}.version != '' ? ', version ' & {run}.version : '')",
        f"'Run:      ' & {run}.execution_arn",
    )


def _object(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{text(key)}: {text(value)}" for key, value in values.items()) + "}"
