"""One task of a job: starting it, classifying its end, trying again.

The attempts are a loop of states and not ASL's `Retry`: a retrier sees only an error's name, and every container that
fails has the same one, `States.TaskFailed`. What docs/jobs.md promises for each exit code needs the task's description,
which is in the error's cause (docs/adr/workflow/attempts-as-a-loop.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import asl, finished_shards, run_ledger
from .asl import ERROR, INPUT, States, expr, text

PLATFORM_VERSION: Final = "1.4.0"
LONGEST_WAIT_SECONDS: Final = 600
_THROTTLED: Final = ("ECS.ThrottlingException", "ECS.ServerException", "ECS.ServerUnavailableException")
"""Errors of the ECS API itself that pass by themselves; names as Step Functions spells them, which are
case-sensitive. ECS also reports throttling as ECS.AmazonECSException, and EC2's as ECS.InvalidParameterException; a
retrier cannot distinguish those from refusals of the same name, so they are recognised by their cause."""
_RATE_EXCEEDED: Final = "/[Tt]hrottl|Rate exceeded|RequestLimitExceeded/"
THROTTLED_ATTEMPTS: Final = 40
"""Further starts after a throttled one; throttling passes in seconds, but thousands of shards may start at once."""
LONGEST_THROTTLED_WAIT_SECONDS: Final = 120
_SHORT: Final = "/Capacity is unavailable|RESOURCE:|limit on the number of/"
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
    skips_finished_shards: bool = False
    """Whether a resumed run leaves out shards that have a result (docs/jobs.md, shard results)."""
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
    ledger_table: str


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
    count = f"{label}: count shards"
    after = next_ if mode == "once" else count
    skips, resumed = plan.skips_finished_shards and mode != "once", f"{label}: resumed?"
    states: States = {
        begin: asl.pass_(
            resumed if skips else run,
            output={
                "run": expr(run_of),
                "shards": expr(shards),
                "spot": plan.spot,
                "failures": 0,
                "shortages": 0,
                "throttles": 0,
            },
        ),
        run: asl.task(
            f"arn:{target.partition}:states:::ecs:runTask.sync",
            _run_task(plan, target, with_shards=mode != "once"),
            after,
            timeout=plan.timeout,
            output=done if mode == "once" else {"run": expr(f"{INPUT}.run"), **done},
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
    if mode != "once":
        uncounted = f"{label}: not counted"
        states[count] = _counting(target, "shards_done", uncounted)
        states[uncounted] = asl.pass_(next_, output={"shards": expr(f"[{INPUT}.shards]")})
    if skips:
        states |= finished_shards.states(
            target.partition,
            target.output_bucket,
            batch=plan.fan_out.batch if plan.fan_out else 1,
            label=label,
            first=resumed,
            run=run,
            count_kept=_counting(target, "shards_kept", f"{label}: not counted"),
        )
    return begin, states


def _counting(target: RunTaskTarget, attribute: str, otherwise: str) -> asl.State:
    """The end of a task: adds its shards to the ledger's count, which a forecast reads and nothing else needs."""
    done = {"shards": expr(f"[{INPUT}.shards]")}
    return asl.task(
        f"arn:{target.partition}:states:::dynamodb:updateItem",
        run_ledger.count_shards(target.ledger_table, attribute, f"$count([{INPUT}.shards])"),
        None,
        output=done,
        retriers=[asl.retry(run_ledger.CONDITION_FAILED, attempts=0), asl.retry("States.TaskFailed", attempts=3)],
        catchers=[asl.catch(otherwise, "States.ALL", output=done)],
    )


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

    The container is selected by its name, not by its index: runtime monitoring may add a second one to the task.
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
            $contains($cause, {_RATE_EXCEEDED}) and $not($exists($task.StopCode)) ? 'Throttled' :
            $name = 'AmazonECS.Unknown' or $contains($stopped_reason, {_SHORT}) ? 'NoCapacity' :
            $task.StopCode = 'TaskFailedToStart' ? 'NotStarted' : 'TaskFailed';
        $fallback := $in.spot and $kind in ['Interrupted', 'NoCapacity'];
        $no_capacity := $kind = 'NoCapacity' and $not($fallback);
        $failed := $kind in ['Interrupted', 'NotStarted', 'TaskFailed'] and $not($fallback);
        $shortages := $in.shortages + ($no_capacity ? 1 : 0);
        $failures := $in.failures + ($failed ? 1 : 0);
        $throttled := $kind = 'Throttled';
        $throttles := $in.throttles + ($throttled ? 1 : 0);
        $n := $throttled ? $throttles : $no_capacity ? $shortages : $failures;
        $longest := $throttled ? {LONGEST_THROTTLED_WAIT_SECONDS} : {LONGEST_WAIT_SECONDS};
        {{
            'run': $in.run,
            'shards': [$in.shards],
            'spot': $in.spot and $not($fallback),
            'failures': $failures,
            'shortages': $shortages,
            'throttles': $throttles,
            'kind': $kind,
            'retry': $fallback or ($no_capacity and $shortages <= {plan.capacity_attempts})
                or ($throttled and $throttles <= {THROTTLED_ATTEMPTS})
                or ($failed and $failures <= {plan.attempts}),
            'seconds': $fallback ? 1 : $max([1, $ceil($random()
                * $min([$longest, {plan.backoff_seconds} * $power(2, $max([0, $n - 1]))]))]),
            'why': {text(plan.job)} & ($exists($exit) ? ' ended with exit code ' & $string($exit) : ' failed')
                & ' (' & $kind & ')' & ($count($in.shards) > 0 ? ', shards ' & $string([$in.shards]) : '')
                & ', attempt ' & $string($failures + $shortages + $throttles + ($fallback ? 1 : 0)) & ': '
                & $substring($stopped_reason, 0, 600)
        }}
    )"""
