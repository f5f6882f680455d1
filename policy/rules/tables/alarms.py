"""Which metric of which resource an alarm must watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..graph import Graph, Resource, kinds
from .companions import Applies, always


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A metric of a resource that an alarm must watch."""

    of: str
    namespace: str
    metric: str
    dimension: str
    why: str
    applies: Applies = always


def _runs_tasks(graph: Graph, machine: Resource) -> bool:
    return bool(graph.targets(machine, "definition", kinds.TASK_DEFINITION)) or "ecs:runTask" in str(
        machine.props.get("definition")
    )


def _has_dead_letters(graph: Graph, one: Resource) -> bool:
    targets = graph.attached(one, "rule", kinds.EVENT_TARGET)
    return any(target.props.get("deadLetterConfig") for target in targets)


def _is_dead_letter_queue(graph: Graph, queue: Resource) -> bool:
    return bool(graph.dependents(queue, kinds.EVENT_TARGET, kinds.SCHEDULE))


def _is_about_tasks(graph: Graph, one: Resource) -> bool:
    return "ECS Task State Change" in str(one.props.get("eventPattern"))


def _watched(of: str, namespace: str, dimension: str, applies: Applies, **metrics: str) -> tuple[Watched, ...]:
    return tuple(
        Watched(of=of, namespace=namespace, metric=metric, dimension=dimension, why=why, applies=applies)
        for metric, why in metrics.items()
    )


WATCHED: Final = (
    *_watched(
        kinds.STATE_MACHINE,
        "AWS/States",
        "StateMachineArn",
        always,
        ExecutionsFailed="a failed night must be heard of",
        ExecutionsTimedOut="a night that hangs, too",
    ),
    *_watched(
        kinds.STATE_MACHINE,
        "AWS/States",
        "StateMachineArn",
        _runs_tasks,
        ExecutionsAborted="somebody, or a quota, stopped the run",
        ExecutionThrottled="the run waits for a quota",
        ExecutionTime="a run that is longer than usual misses the deadline",
    ),
    *_watched(
        kinds.EVENT_RULE,
        "AWS/Events",
        "RuleName",
        always,
        FailedInvocations="an event that reaches nobody must be heard of",
    ),
    *_watched(
        kinds.EVENT_RULE,
        "AWS/Events",
        "RuleName",
        _has_dead_letters,
        InvocationsFailedToBeSentToDlq="an event that even its dead-letter queue refused is gone",
    ),
    *_watched(
        kinds.EVENT_RULE,
        "AWS/Events",
        "RuleName",
        _is_about_tasks,
        TriggeredRules="the share of failed tasks is computed from it",
    ),
    *_watched(
        kinds.SCHEDULE_GROUP,
        "AWS/Scheduler",
        "ScheduleGroup",
        always,
        InvocationDroppedCount="a schedule that gave up must be heard of",
        TargetErrorCount="and one that is refused",
    ),
    *_watched(
        kinds.QUEUE,
        "AWS/SQS",
        "QueueName",
        _is_dead_letter_queue,
        ApproximateNumberOfMessagesVisible="a dead letter must be read",
    ),
)
