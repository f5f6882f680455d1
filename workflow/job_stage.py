"""One job as a stage of the nightly run: starting its task, classifying its end, trying again, fanning out.

The attempts are a loop of states and not ASL's `Retry`: a retrier sees only an error's name, and every container that
fails has the same one, `States.TaskFailed`. What docs/jobs.md promises for each exit code needs the task's description,
which is in the error's cause (docs/adr/workflow/attempts-as-a-loop.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import asl
from .asl import CONTEXT, ERROR, INPUT, RESULT, States, expr, text

PLATFORM_VERSION: Final = "1.4.0"
LONGEST_WAIT_SECONDS: Final = 600
SHARD_LIMIT: Final = 100_000
"""A shard's file name carries five digits (docs/jobs.md)."""

_THROTTLED: Final = ("ECS.ThrottlingException", "ECS.ServerException", "ECS.ServerUnavailableException")
"""Errors of the ECS API itself that pass by themselves; names as Step Functions spells them, which are
case-sensitive."""
_SHORT: Final = "/Capacity is unavailable|RESOURCE:|limit on the number of|[Tt]hrottl|Rate exceeded/"
"""What a cause says when Fargate has no room or the account's quota is used up."""
_NO_IMAGE: Final = "/CannotPull.*(not found|does not exist|manifest unknown)/"

Mode = Literal["once", "inline", "distributed"]


@dataclass(frozen=True, kw_only=True)
class FanOutPlan:
    """How a job runs once for each shard; see `settings.jobs.FanOut`."""

    inline_limit: int
    batch: int
    concurrency: int
    tolerated_failure_percent: int


@dataclass(frozen=True, kw_only=True)
class StagePlan:
    """What the workflow must know of a job."""

    job: str
    task_definition_arn: str
    timeout: int
    """Seconds that one task may run."""
    spot: bool
    """Whether the first attempt is on FARGATE_SPOT."""
    attempts: int
    capacity_attempts: int
    backoff_seconds: int
    fan_out: FanOutPlan | None
    debug: bool = False
    """Whether people may open sessions in the task (ECS Exec)."""


@dataclass(frozen=True, kw_only=True)
class RunTaskTarget:
    """Where tasks run and data lies."""

    partition: str
    cluster_arn: str
    subnet_ids: Sequence[str]
    security_group_id: str
    output_bucket: str


def stage(plan: StagePlan, target: RunTaskTarget, next_: str | None) -> tuple[str, States]:
    """The states of one stage and the first one's name. Input and output are `{"run": …}`."""
    if plan.fan_out is None:
        return attempts(plan, target, mode="once", next_=next_)
    return _fan_out(plan, plan.fan_out, target, next_)


def attempts(plan: StagePlan, target: RunTaskTarget, *, mode: Mode, next_: str | None) -> tuple[str, States]:
    """Starts one task and follows it to an end, over as many attempts as the job's retry setting allows."""
    label = plan.job if mode == "once" else f"{plan.job} ({mode})"
    begin, run, classify, retry, rest, stop = (
        f"{label}{suffix}" for suffix in (": begin", "", ": classify failure", ": retry?", ": wait", ": failed")
    )
    shards = "[]" if mode == "once" else f"[{INPUT}.Items.shard]"
    run_of = f"{INPUT}.run" if mode == "once" else f"{INPUT}.Items[0].run"
    done = {"run": expr(f"{INPUT}.run")} if mode == "once" else {"shards": expr(f"[{INPUT}.shards]")}
    failed_input = expr(f"$merge([{INPUT}, {{'error': {ERROR}}}])")
    states: States = {
        begin: asl.pass_(
            run,
            output={
                "run": expr(run_of),
                "shards": expr(shards),
                "spot": plan.spot,
                "failures": 0,
                "shortages": 0,
            },
        ),
        run: asl.task(
            f"arn:{target.partition}:states:::ecs:runTask.sync",
            _run_task(plan, target, with_shards=mode != "once"),
            next_,
            timeout=plan.timeout,
            output=done,
            retriers=[asl.retry(*_THROTTLED, attempts=plan.capacity_attempts, interval=plan.backoff_seconds)],
            # States.TaskFailed does not cover States.Timeout (docs/aws-facts.md#ecs-run-task-sync)
            catchers=[
                asl.catch(classify, "States.Timeout", output=failed_input),
                asl.catch(classify, "States.ALL", output=failed_input),
            ],
        ),
        classify: asl.pass_(retry, output=expr(_classified_failure(plan))),
        retry: asl.choice([(f"{INPUT}.retry", rest)], stop),
        rest: asl.wait(f"{INPUT}.seconds", run),
        stop: asl.fail(expr(f"'Batch.' & {INPUT}.kind"), expr(f"{INPUT}.why")),
    }
    return begin, states


def _run_task(plan: StagePlan, target: RunTaskTarget, *, with_shards: bool) -> dict[str, Any]:
    run = f"{INPUT}.run"
    variables = {
        "BATCH_RUN_ID": expr(f"{run}.id"),
        "BATCH_BUSINESS_DATE": expr(f"{run}.business_date"),
        "BATCH_MANIFEST_URI": expr(f"'s3://' & {run}.bucket & '/' & {run}.key"),
        "BATCH_MANIFEST_VERSION": expr(f"{run}.version"),
    }
    if with_shards:
        variables["BATCH_SHARDS"] = expr(f"$string([{INPUT}.shards])")
    return {
        "Cluster": target.cluster_arn,
        "TaskDefinition": plan.task_definition_arn,
        "CapacityProviderStrategy": [
            {"CapacityProvider": expr(f"{INPUT}.spot ? 'FARGATE_SPOT' : 'FARGATE'"), "Weight": 1}
        ],
        "PlatformVersion": PLATFORM_VERSION,
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": list(target.subnet_ids),
                "SecurityGroups": [target.security_group_id],
                "AssignPublicIp": "DISABLED",
            }
        },
        "PropagateTags": "TASK_DEFINITION",
        **({"EnableExecuteCommand": True} if plan.debug else {}),
        "Overrides": {
            "ContainerOverrides": [
                {
                    "Name": plan.job,
                    "Environment": [{"Name": name, "Value": value} for name, value in variables.items()],
                }
            ]
        },
    }


def _classified_failure(plan: StagePlan) -> str:
    """From a failed attempt to what comes next: the counters, whether there is a `retry`, after how many `seconds`.

    The container is found by its name, not by its target: runtime monitoring may add a second one to the task.
    """
    return f"""(
        $in := {INPUT};
        $name := $in.error.Error;
        $cause := $exists($in.error.Cause) ? $in.error.Cause : '';
        $task := $contains($cause, '"StopCode"') ? $parse($cause) : {{}};
        $exit := $task.Containers[Name = {text(plan.job)}].ExitCode;
        $stopped_reason := $exists($task.StoppedReason) ? $task.StoppedReason : $cause;
        $kind :=
            $name = 'States.Timeout' ? 'Timeout' :
            $exit = 64 ? 'Usage' :
            $exit = 65 ? 'BadInput' :
            $contains($stopped_reason, {_NO_IMAGE}) ? 'MissingImage' :
            $contains($name, /AccessDenied/) or $contains($cause, /not authorized to perform/) ? 'StartDenied' :
            $task.StopCode in ['SpotInterruption', 'TerminationNotice'] or $exit = 143 ? 'Interrupted' :
            $name = 'AmazonECS.Unknown' or $contains($stopped_reason, {_SHORT}) ? 'NoCapacity' :
            $task.StopCode = 'TaskFailedToStart' ? 'NotStarted' : 'TaskFailed';
        $fallback := $in.spot and $kind in ['Interrupted', 'NoCapacity'];
        $no_capacity := $kind = 'NoCapacity' and $not($fallback);
        $failed := $kind in ['Interrupted', 'NotStarted', 'TaskFailed'] and $not($fallback);
        $shortages := $in.shortages + ($no_capacity ? 1 : 0);
        $failures := $in.failures + ($failed ? 1 : 0);
        $n := $no_capacity ? $shortages : $failures;
        {{
            'run': $in.run,
            'shards': [$in.shards],
            'spot': $in.spot and $not($fallback),
            'failures': $failures,
            'shortages': $shortages,
            'kind': $kind,
            'retry': $fallback or ($no_capacity and $shortages <= {plan.capacity_attempts})
                or ($failed and $failures <= {plan.attempts}),
            'seconds': $fallback ? 1 : $max([1, $ceil($random()
                * $min([{LONGEST_WAIT_SECONDS}, {plan.backoff_seconds} * $power(2, $max([0, $n - 1]))]))]),
            'why': {text(plan.job)} & ($exists($exit) ? ' ended with exit code ' & $string($exit) : ' failed')
                & ' (' & $kind & ')' & ($count($in.shards) > 0 ? ', shards ' & $string([$in.shards]) : '')
                & ', attempt ' & $string($failures + $shortages + ($fallback ? 1 : 0)) & ': '
                & $substring($stopped_reason, 0, 600)
        }}
    )"""


def _fan_out(plan: StagePlan, fan_out: FanOutPlan, target: RunTaskTarget, next_: str | None) -> tuple[str, States]:
    """Reads what the stage before wrote, and chooses the map by the number of shards."""
    read, size, none, inline, distributed = (
        f"{plan.job}: {part}" for part in ("read summary", "how many shards", "no shards", "inline", "distributed")
    )
    too_many, no_summary = f"{plan.job}: too many shards", f"{plan.job}: no summary"
    shards = f"{INPUT}.summary.shards"
    states: States = {
        read: asl.task(
            f"arn:{target.partition}:states:::aws-sdk:s3:getObject",
            {"Bucket": target.output_bucket, "Key": expr(f"'shards/' & {INPUT}.run.id & '/summary.json'")},
            size,
            output={"run": expr(f"{INPUT}.run"), "summary": expr(f"$parse({RESULT}.Body)")},
            retriers=[asl.retry("States.TaskFailed", attempts=3)],
            catchers=[asl.catch(no_summary, "States.TaskFailed", output={"run": expr(f"{INPUT}.run")})],
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
