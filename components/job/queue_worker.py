"""Queue-worker mode of one job: its service works off a queue, and rests at zero.

Owns: the job's queue with its dead-letter queue, and the step scaling that wakes the service by the backlog.
Refuses: the service and its CPU tracking, which are its owner's (`job.py`) and govern 1 to N: at zero tasks there is
no CPU metric (facts-aws.md 12). The queue's depth exists at zero, so it is what the first task is started by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from components.monitoring import alarm_definitions
from components.shared import dead_letter_queue
from components.shared.dead_letter_queue import DeadLetters, DeadLettersArgs
from components.shared.stack_context import Foundation, TaskPlace, Watchable
from conventions import iam

if TYPE_CHECKING:
    from settings.jobs import Queue

WAITING, WORKING = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
PERIOD_SECONDS = 60
IDLE_PERIODS = 5
"""Minutes without a message, waiting or in work, after which the service goes back to zero."""


@dataclass(frozen=True, kw_only=True)
class QueueWorkerArgs:
    """Inputs of `QueueWorker`."""

    base: Foundation
    place: TaskPlace
    job: str
    queue: Queue
    cooldown: int
    """Seconds between two scalings in."""
    service_name: pulumi.Input[str]
    task_role_arn: pulumi.Input[str]


class QueueWorker(pulumi.ComponentResource):
    """A queue, and the scaling of a service by its depth."""

    queue_name: str
    queue_url: pulumi.Output[str]
    letters_name: str
    letters_url: pulumi.Output[str]
    alarm_names: dict[str, str]
    """The two alarms that drive the scaling, by purpose."""

    def __init__(self, name: str, args: QueueWorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:queues:QueueWorker", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        names = args.base.names
        letters = DeadLetters(
            f"{name}-letters",
            DeadLettersArgs(names=names, purpose=f"{args.job}-letters", kms_key_arn=args.base.messages_key_arn),
            self._child,
        )
        self.queue_name = names.name("queue", args.job)
        queue = aws.sqs.Queue(
            f"{name}-queue",
            name=self.queue_name,
            kms_master_key_id=args.base.messages_key_arn,
            visibility_timeout_seconds=args.queue.visibility_timeout,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": letters.arn, "maxReceiveCount": args.queue.max_receives}
            ),
            opts=self._child,
        )
        aws.sqs.QueuePolicy(
            f"{name}-queue-policy",
            queue_url=queue.url,
            policy=iam.document(dead_letter_queue.https_only(dead_letter_queue.arn_of(names, args.job))),
            opts=self._child,
        )
        self._work()
        self._scale()
        self.queue_url, self.letters_name, self.letters_url = queue.url, letters.name, letters.url
        self.register_outputs({"queue_url": self.queue_url, "letters_url": self.letters_url})

    @property
    def watchable(self) -> Watchable:
        """What of the queue can fail unnoticed."""
        return Watchable(letter_queues={self._args.job: self.letters_name})

    def _work(self) -> None:
        """The task role may take messages off this one queue."""
        arn = dead_letter_queue.arn_of(self._args.base.names, self._args.job)
        role = pulumi.Output.from_input(self._args.task_role_arn).apply(lambda known: known.rpartition("/")[2])
        take = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        aws.iam.RolePolicy(
            f"{self._name}-work",
            name="work-off-queue",
            role=role,
            policy=pulumi.Output.from_input(self._args.base.messages_key_arn).apply(
                lambda key: iam.document(
                    iam.statement("TakeMessages", take, [arn]),
                    iam.statement("ReadMessages", ["kms:Decrypt"], [key]),
                )
            ),
            opts=self._child,
        )

    def _scale(self) -> None:
        """Out: one task for every so many messages. In: to zero, when nothing waits and nothing is in work."""
        args, names = self._args, self._args.base.names
        step = args.queue.tasks_per_messages
        self.alarm_names = {
            purpose: names.name("alarm", purpose) for purpose in (f"{args.job}-backlog", f"{args.job}-idle")
        }
        out = self._policy(
            "out",
            adjustment_type="ChangeInCapacity",
            steps=[
                {
                    "metric_interval_lower_bound": str(index * step),
                    **({} if index == len(_STEPS) - 1 else {"metric_interval_upper_bound": str((index + 1) * step)}),
                    "scaling_adjustment": tasks,
                }
                for index, tasks in enumerate(_STEPS)
            ],
        )
        in_ = self._policy(
            "in",
            adjustment_type="ExactCapacity",
            steps=[{"metric_interval_upper_bound": "0", "scaling_adjustment": 0}],
        )
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-backlog",
            name=self.alarm_names[f"{args.job}-backlog"],
            alarm_description=f"{self.queue_name} holds messages: {args.job} scales out",
            namespace="AWS/SQS",
            metric_name=WAITING,
            dimensions={"QueueName": self.queue_name},
            statistic="Maximum",
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            period=PERIOD_SECONDS,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[out.arn],
            opts=self._child,
        )
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-idle",
            name=self.alarm_names[f"{args.job}-idle"],
            alarm_description=f"{self.queue_name} is empty and nothing is in work: {args.job} goes to zero",
            metric_queries=[
                {"id": "left", "expression": "waiting+working", "label": "messages", "return_data": True},
                alarm_definitions.query("waiting", self._depth(WAITING), PERIOD_SECONDS),
                alarm_definitions.query("working", self._depth(WORKING), PERIOD_SECONDS),
            ],
            comparison_operator="LessThanOrEqualToThreshold",
            threshold=0,
            evaluation_periods=IDLE_PERIODS,
            treat_missing_data="missing",
            alarm_actions=[in_.arn],
            opts=self._child,
        )

    def _depth(self, metric: str) -> alarm_definitions.Metric:
        return alarm_definitions.Metric(
            namespace=alarm_definitions.QUEUES,
            name=metric,
            dimensions={"QueueName": self.queue_name},
            statistic="Maximum",
        )

    def _policy(self, direction: str, *, adjustment_type: str, steps: Sequence[Any]) -> aws.appautoscaling.Policy:
        args = self._args
        return aws.appautoscaling.Policy(
            f"{self._name}-{direction}",
            name=f"backlog-{direction}-{args.job}-{args.base.names.suffix}",
            policy_type="StepScaling",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.place.cluster_name, "/", args.service_name),
            step_scaling_policy_configuration={
                "adjustment_type": adjustment_type,
                "cooldown": args.cooldown if direction == "in" else PERIOD_SECONDS,
                "metric_aggregation_type": "Maximum",
                "step_adjustments": list(steps),
            },
            opts=self._child,
        )


_STEPS = (1, 2, 4, 8)
"""Tasks added for a backlog of up to one, two, three and more times `tasks_per_messages`."""
