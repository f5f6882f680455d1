"""Patterns of events, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....graph import kinds
from ...rows import DOCUMENT, Context, Must, Row, exactly, free, holds, maybe, refers, row, text

_E: Final = "eventPattern."


_DETAIL: Final[Mapping[str, str]] = {
    "aws.s3": "Object Created",
    "aws.ecs": "ECS Task State Change",
    "aws.states": "Step Functions Execution Status Change",
    "aws.codepipeline": "CodePipeline Pipeline Execution State Change",
}


def _source(at: Context) -> Any:
    from ...rows import parsed

    return ((parsed(at.resource.props.get("eventPattern")) or {}).get("source") or [None])[0]


def _ends_and_redrives(value: Any, at: Context) -> bool:
    """Whether the alternatives are the bad ends of an execution, and its redrive."""
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(one, Mapping) for one in value):
        return False
    ends, redrives = sorted(value, key=lambda one: "redriveCount" in one)
    statuses = ends.get("status")
    return (
        set(ends) == {"status"}
        and isinstance(statuses, list)
        and set(statuses) == {"FAILED", "TIMED_OUT", "ABORTED"}
        and redrives == {"status": ["RUNNING"], "redriveCount": [{"numeric": [">", 0]}]}
    )


_OPERATORS: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
_COMPARISONS: Final = frozenset(("prefix", "suffix", "wildcard", "equals-ignore-case", "anything-but", "exists"))
_AN_ARN: Final = text(r"arn:aws[a-z-]*:.+", "an ARN")


def _compares(value: Any) -> bool:
    return isinstance(value, list) and all(
        ("*" not in one)
        if isinstance(one, str)
        else isinstance(one, Mapping) and len(one) == 1 and set(one) <= _COMPARISONS
        for one in value
    )


def _starts_a_machine(value: Any, at: Context) -> bool:
    """Whether the rule listens to executions, and a machine is started by what it hears."""
    targets = at.graph.attached(at.resource, "rule", kinds.EVENT_TARGET)
    return _source(at) == "aws.states" and any(at.graph.resolve(one, "arn", kinds.STATE_MACHINE) for one in targets)


_STARTS_A_MACHINE: Final = Must("a rule that starts a machine", _starts_a_machine)

EVENT_PATTERN: Final[tuple[Row, ...]] = (
    maybe(
        "eventPattern",
        DOCUMENT,
        "EventBridge takes JSON",
        source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
    ),
    row(
        _E + "source[]",
        exactly(*_DETAIL),
        "the services whose events this platform reads",
        when=("scheduleExpression", None),
    ),
    row(
        _E + "detail-type[]",
        holds("the event of the source that this platform reads", lambda value, at: value == _DETAIL.get(_source(at))),
        "another event never comes, or starts runs of its own",
        when=("scheduleExpression", None),
    ),
    row(
        _E + "detail.pipeline[]",
        refers(kinds.PIPELINE),
        "without it every pipeline of the account is announced",
        when=(_E + "source", ["aws.codepipeline"]),
    ),
    row(
        _E + "detail.state[]",
        exactly("FAILED", "STOPPED", "CANCELED"),
        "what people are told of",
        when=(_E + "source", ["aws.codepipeline"]),
    ),
    row(
        _E + "detail.bucket.name[]",
        refers(kinds.BUCKET),
        "without it every bucket of the account starts runs",
        when=(_E + "source[]", "aws.s3"),
        fix="Name the bucket of this stack that the manifests are written to",
    ),
    row(
        _E + "detail.bucket.name[]",
        holds("the bucket that the jobs take as their input", lambda value, at: _is_input(value, at)),
        "what the jobs write themselves would start the next run",
        when=(_E + "source[]", "aws.s3"),
    ),
    row(
        _E + "detail.object.key",
        Must(
            "keys, or one comparison each such as {wildcard: incoming/*}", lambda value, at: _compares(value), free=True
        ),
        "a text is compared letter by letter, and EventBridge refuses a comparison that it does not know",
        source=_OPERATORS,
        when=(_E + "source[]", "aws.s3"),
    ),
    row(
        _E + "detail.clusterArn[]",
        refers(kinds.CLUSTER),
        "without it every cluster of the account is counted",
        when=(_E + "source[]", "aws.ecs"),
    ),
    row(
        _E + "detail.clusterArn[]", _AN_ARN, "the event names the cluster by its ARN", when=(_E + "source[]", "aws.ecs")
    ),
    row(
        _E + "detail.lastStatus[]",
        exactly("STOPPED"),
        "a task counts once, when it has ended",
        when=(_E + "source[]", "aws.ecs"),
    ),
    row(
        _E + "detail.$or",
        holds("tasks with an exit code other than 0, and those that never ran", lambda value, at: _bad_ends(value)),
        "the share of failed tasks is computed from it; without it every task counts as failed",
        when=("name", Must("", lambda value, at: "failed" in str(value))),
    ),
    maybe(
        _E + "detail.$or",
        holds("tasks with an exit code other than 0, and those that never ran", lambda value, at: _bad_ends(value)),
        "what counts as a failure",
        when=(_E + "source[]", "aws.ecs"),
    ),
    *(
        maybe(_E + "detail.$or[]." + name, free((str, int, dict)), "judged as a whole")
        for name in (
            *("containers.exitCode[].anything-but[]", "stopCode[].anything-but[]", "stopCode[]"),
            *("status[]", "redriveCount[].numeric[]"),
        )
    ),
    row(
        _E + "detail.stateMachineArn[]",
        refers(kinds.STATE_MACHINE),
        "without it every machine of the account is watched",
        when=(_E + "source[]", "aws.states"),
    ),
    row(
        _E + "detail.stateMachineArn[]",
        _AN_ARN,
        "the event names the machine by its ARN",
        when=(_E + "source[]", "aws.states"),
    ),
    maybe(
        _E + "detail.status[]",
        exactly("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"),
        "an execution is in no other state",
        when=(_E + "source[]", "aws.states"),
    ),
    row(
        _E + "detail.stateMachineArn[]",
        holds("a machine that runs tasks", lambda value, at: _runs_tasks(value, at)),
        "only such a machine leaves an open entry in the ledger",
        when=(_E + "source[]", "aws.states"),
    ),
    row(
        _E + "detail.$or",
        holds("FAILED, TIMED_OUT and ABORTED, and RUNNING after a redrive", _ends_and_redrives),
        "the three leave the ledger open, and a redrive goes on where it can only fail again",
        when=("name", _STARTS_A_MACHINE),
    ),
)


def _is_input(value: Any, at: Context) -> bool:
    import json

    inputs = {
        pair.get("value")
        for one in at.graph.of_type(kinds.TASK_DEFINITION)
        if isinstance(written := one.props.get("containerDefinitions"), str)
        for container in json.loads(written)
        for pair in container.get("environment", ())
        if pair.get("name") == "BATCH_INPUT_BUCKET"
    }
    return not inputs or value in inputs


def _runs_tasks(value: Any, at: Context) -> bool:
    definitions = [one.props.get("definition") for one in at.graph.named(value, kinds.STATE_MACHINE)]
    return not definitions or any(not isinstance(one, str) or "ecs:runTask" in one for one in definitions)


def _bad_ends(value: Any) -> bool:
    exits = [
        one
        for one in value
        if isinstance(one, Mapping) and one.get("containers", {}).get("exitCode") == [{"anything-but": [0]}]
    ]
    codes = [
        code
        for one in value
        if isinstance(one, Mapping) and not one.get("containers")
        for code in one.get("stopCode", ())
    ]
    plain = [one.get("stopCode") for one in exits] == [[{"anything-but": ["ServiceSchedulerInitiated"]}]]
    return len(value) == 2 and plain and set(codes) == {"TaskFailedToStart", "TerminationNotice", "SpotInterruption"}
