"""One job as a stage of the nightly run: one task, or one for each batch of shards that the stage before wrote."""

from __future__ import annotations

from typing import Final

from . import asl, run_ledger
from .asl import CONTEXT, INPUT, RESULT, States, expr
from .task_attempts import FanOutPlan, RunTaskTarget, StagePlan, attempts

SHARD_LIMIT: Final = 100_000
"""A shard's file name carries five digits (docs/jobs.md)."""


def stage(plan: StagePlan, target: RunTaskTarget, next_: str | None) -> tuple[str, States]:
    """The states of one stage and the first one's name. Input and output are `{"run": …}`."""
    if plan.fan_out is None:
        return attempts(plan, target, mode="once", next_=next_)
    return _fan_out(plan, plan.fan_out, target, next_)


def _fan_out(plan: StagePlan, fan_out: FanOutPlan, target: RunTaskTarget, next_: str | None) -> tuple[str, States]:
    """Reads what the stage before wrote, and chooses the map by the number of shards."""
    read, record, size, none, inline, distributed = (
        f"{plan.job}: {part}"
        for part in ("read summary", "record shards", "how many shards", "no shards", "inline", "distributed")
    )
    too_many, no_summary = f"{plan.job}: too many shards", f"{plan.job}: no summary"
    shards = f"{INPUT}.summary.shards"
    states: States = {
        read: asl.task(
            f"arn:{target.partition}:states:::aws-sdk:s3:getObject",
            {"Bucket": target.output_bucket, "Key": expr(f"'shards/' & {INPUT}.run.id & '/summary.json'")},
            record,
            output={"run": expr(f"{INPUT}.run"), "summary": expr(f"$parse({RESULT}.Body)")},
            retriers=[asl.retry("States.TaskFailed", attempts=3)],
            catchers=[asl.catch(no_summary, "States.TaskFailed", output={"run": expr(f"{INPUT}.run")})],
        ),
        record: asl.task(
            f"arn:{target.partition}:states:::dynamodb:updateItem",
            run_ledger.record_shards(target.ledger_table, shards),
            size,
            output=expr(INPUT),
            retriers=[asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=3)],
            catchers=[asl.catch(size, "States.ALL", output=expr(INPUT))],
            comment="A forecast of the run's end is made from it; nothing else needs it",
        ),
        size: asl.choice(
            [
                (f"{shards} = 0", none),
                (f"{shards} > {SHARD_LIMIT}", too_many),
                *([(f"{shards} <= {_inline_limit(fan_out)}", inline)] if _inline_limit(fan_out) else []),
            ],
            distributed,
        ),
        none: asl.fail("Batch.EmptyManifest", f"the stage before {plan.job} wrote no shards: nothing to compute"),
        too_many: asl.fail(
            "Batch.TooManyShards", f"more than {SHARD_LIMIT:,} shards; a shard's file name has five digits"
        ),
        no_summary: asl.fail(
            "Batch.NoSummary",
            expr(f"'no readable s3://{target.output_bucket}/shards/' & {INPUT}.run.id & '/summary.json'"),
        ),
        distributed: _distributed(plan, fan_out, target, next_),
    }
    if _inline_limit(fan_out):
        states[inline] = _inline(plan, fan_out, target, next_)
    return read, states


def _inline_limit(fan_out: FanOutPlan) -> int:
    """An inline map tolerates no failure, so a job that does must use the distributed one."""
    return 0 if fan_out.tolerated_failure_percent else fan_out.inline_limit


def _inline(plan: StagePlan, fan_out: FanOutPlan, target: RunTaskTarget, next_: str | None) -> asl.State:
    begin, states = attempts(plan, target, mode="inline", next_=None)
    return asl.map_(
        next_,
        Items=expr(f"[{INPUT}.summary.numbers]"),
        ItemSelector={
            "Items": [{"run": expr(f"{INPUT}.run"), "shard": expr(f"{CONTEXT}.Map.Item.Value")}],
        },
        MaxConcurrency=fan_out.concurrency,
        ItemProcessor={"ProcessorConfig": {"Mode": "INLINE"}, **asl.block(begin, states)},
        Output={"run": expr(f"{INPUT}.run")},
    )


def _distributed(plan: StagePlan, fan_out: FanOutPlan, target: RunTaskTarget, next_: str | None) -> asl.State:
    begin, states = attempts(plan, target, mode="distributed", next_=None)
    run_id = f"{INPUT}.run.id"
    return asl.map_(
        next_,
        Label=plan.job,
        ItemReader={
            "Resource": f"arn:{target.partition}:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Arguments": {
                "Bucket": target.output_bucket,
                "Key": expr(f"'shards/' & {run_id} & '/shards.json'"),
            },
        },
        ItemSelector={"run": expr(f"{INPUT}.run"), "shard": expr(f"{CONTEXT}.Map.Item.Value.shard")},
        ItemBatcher={"MaxItemsPerBatch": fan_out.batch},
        MaxConcurrency=fan_out.concurrency,
        ToleratedFailurePercentage=float(fan_out.tolerated_failure_percent),
        ItemProcessor={
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **asl.block(begin, states),
        },
        ResultWriter={
            "Resource": f"arn:{target.partition}:states:::s3:putObject",
            "Arguments": {"Bucket": target.output_bucket, "Prefix": expr(f"'maps/' & {run_id} & '/'")},
        },
        Output={"run": expr(f"{INPUT}.run")},
    )
