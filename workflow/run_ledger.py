"""Calls on the run ledger, as arguments of Step Functions' own DynamoDB integration: no code runs between the two.

An entry is one version of one manifest: `business_date` and `manifest` ("<key>#<version id>"). It can be claimed
- when there is none, or the last run FAILED, TIMED_OUT or was ABORTED, SUPERSEDED or REFUSED,
- when the last run SUCCEEDED and the operator requested a rerun,
- when it is RUNNING for longer than any run may: that run is gone, and nobody closed it,
- by the run that holds it already: a claim that is sent twice must not look like a duplicate.
One more item a business date, `DATE_ITEM`, names the execution that may work on it (`workflow/business_date.py`).
"""

from __future__ import annotations

from typing import Any, Final

from .asl import INPUT, expr

RUNNING: Final = "RUNNING"
SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"
TIMED_OUT: Final = "TIMED_OUT"
ABORTED: Final = "ABORTED"
SUPERSEDED: Final = "SUPERSEDED"
"""A newer run of the same business date took its place."""
REFUSED: Final = "REFUSED"
"""Another run of the same business date was under way (`workflow.onNewerManifest: refuse`)."""

DATE_ITEM: Final = "run"
"""Sort key of the item that says which execution works on a business date; no entry's key looks like it."""

CONDITION_FAILED: Final = "DynamoDB.ConditionalCheckFailedException"
"""The error of a claim that another run holds, and of a close that another run has done."""
STALE_MARGIN_SECONDS: Final = 3600
ERROR_LENGTH: Final = 1000


def claim(table: str, *, timeout: int, keep_days: int) -> dict[str, Any]:
    """Arguments of putItem: one run takes the entry. `timeout` is a run's longest time in seconds."""
    run = f"{INPUT}.run"
    return {
        "TableName": table,
        "Item": {
            **_key(run),
            "status": {"S": RUNNING},
            "run_id": {"S": expr(f"{run}.id")},
            "execution_arn": {"S": expr(f"{run}.execution_arn")},
            "started_at": {"S": expr(f"{run}.started_at")},
            "stage": {"S": expr(f"{run}.stage")},
            "expires_at": _expiry(keep_days),
        },
        "ConditionExpression": "attribute_not_exists(business_date) OR execution_arn = :me "
        "OR #status IN (:failed, :timed_out, :aborted, :superseded, :refused, :again) "
        "OR (#status = :running AND started_at < :stale)",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":me": {"S": expr(f"{run}.execution_arn")},
            ":failed": {"S": FAILED},
            ":timed_out": {"S": TIMED_OUT},
            ":aborted": {"S": ABORTED},
            ":superseded": {"S": SUPERSEDED},
            ":refused": {"S": REFUSED},
            ":again": {"S": expr(f"{run}.rerun ? '{SUCCEEDED}' : '{FAILED}'")},
            ":running": {"S": RUNNING},
            ":stale": {"S": expr(stale(timeout))},
        },
    }


def take_date(table: str, *, keep_days: int) -> dict[str, Any]:
    """Arguments of putItem: one run takes the business date, if nobody holds it but an execution that has `ended`."""
    run = f"{INPUT}.run"
    return {
        "TableName": table,
        "Item": {
            "business_date": {"S": expr(f"{run}.business_date")},
            "manifest": {"S": DATE_ITEM},
            "run_id": {"S": expr(f"{run}.id")},
            "execution_arn": {"S": expr(f"{run}.execution_arn")},
            "started_at": {"S": expr(f"{run}.started_at")},
            "expires_at": _expiry(keep_days),
        },
        "ConditionExpression": "attribute_not_exists(business_date) OR execution_arn IN (:me, :ended)",
        "ExpressionAttributeValues": {
            ":me": {"S": expr(f"{run}.execution_arn")},
            ":ended": {"S": expr(f"{INPUT}.ended")},
        },
    }


def enter_stage(table: str, job: str) -> dict[str, Any]:
    """Arguments of updateItem: the run that holds the entry begins with `job`; from there it can be resumed."""
    run = f"{INPUT}.run"
    return {
        "TableName": table,
        "Key": _key(run),
        "UpdateExpression": "SET stage = :stage, stage_started_at = :now, #entered = :now, shards_done = :none, "
        "shards_kept = :none REMOVE shards",
        "ConditionExpression": "execution_arn = :me AND #status = :running",
        "ExpressionAttributeNames": {"#status": "status", "#entered": entered(job)},
        "ExpressionAttributeValues": {
            ":me": {"S": expr(f"{run}.execution_arn")},
            ":running": {"S": RUNNING},
            ":stage": {"S": job},
            ":now": {"S": expr("$fromMillis($millis())")},
            ":none": {"N": "0"},
        },
    }


def entered(job: str) -> str:
    """The attribute that says when a run began with `job`."""
    return f"entered {job}"


def record_shards(table: str, shards: str) -> dict[str, Any]:
    """Arguments of updateItem: how many shards the stage has; `shards` is JSONata. Forecasts are made from it."""
    return _counted(table, "SET shards = :n", shards)


def count_shards(table: str, attribute: str, shards: str) -> dict[str, Any]:
    """Arguments of updateItem: so many more shards are done, `attribute` says how; `shards` is JSONata."""
    return _counted(table, f"ADD {attribute} :n", shards)


def _counted(table: str, update: str, shards: str) -> dict[str, Any]:
    run = f"{INPUT}.run"
    return {
        "TableName": table,
        "Key": _key(run),
        "UpdateExpression": update,
        "ConditionExpression": "execution_arn = :me",
        "ExpressionAttributeValues": {
            ":me": {"S": expr(f"{run}.execution_arn")},
            ":n": {"N": expr(f"$string({shards})")},
        },
    }


def close(table: str, status: str, *, run: str = f"{INPUT}.run", **attributes: str) -> dict[str, Any]:
    """Arguments of updateItem: the run that holds the entry says how it ended.

    `status` and `attributes` are JSONata; the entry of another run, or one closed already, stays as it is.
    """
    fields = {"ended_at": "$fromMillis($millis())", **attributes}
    return {
        "TableName": table,
        "Key": _key(run),
        "UpdateExpression": "SET #status = :status, duration_seconds = :seconds, "
        + ", ".join(f"#{name} = :{name}" for name in fields),
        "ConditionExpression": "execution_arn = :me AND #status = :running",
        "ExpressionAttributeNames": {"#status": "status", **{f"#{name}": name for name in fields}},
        "ExpressionAttributeValues": {
            ":me": {"S": expr(f"{run}.execution_arn")},
            ":running": {"S": RUNNING},
            ":status": {"S": expr(status)},
            ":seconds": {"N": expr(f"$string({seconds(run)})")},
            **{f":{name}": {"S": expr(value)} for name, value in fields.items()},
        },
    }


def of_day(table: str, date: str) -> dict[str, Any]:
    """Arguments of the SDK's query: every entry of the business date that the JSONata `date` gives."""
    return {
        "TableName": table,
        "KeyConditionExpression": "business_date = :date",
        "ExpressionAttributeValues": {":date": {"S": expr(date)}},
        "ConsistentRead": True,
    }


def seconds(run: str) -> str:
    """JSONata: whole seconds since the run started."""
    return f"$floor(($millis() - $toMillis({run}.started_at)) / 1000)"


def stale(timeout: int) -> str:
    """JSONata: a run that started before this is gone, whatever the ledger says; `timeout` in seconds."""
    return f"$fromMillis($millis() - {(timeout + STALE_MARGIN_SECONDS) * 1000})"


def manifest_of(entry: str) -> str:
    """JSONata: `{"key", "version"}` of the entry whose sort key the JSONata `entry` gives; no version id holds a #."""
    return f"($m := $match({entry}, /^(.*)#([^#]*)$/)[0]; {{'key': $m.groups[0], 'version': $m.groups[1]}})"


def _expiry(keep_days: int) -> dict[str, Any]:
    return {"N": expr(f"$string($floor($millis() / 1000) + {keep_days * 86_400})")}


def _key(run: str) -> dict[str, Any]:
    return {
        "business_date": {"S": expr(f"{run}.business_date")},
        "manifest": {"S": expr(f"{run}.key & '#' & {run}.version")},
    }
