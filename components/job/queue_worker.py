"""Queue-worker mode of one job: its service works off a queue, and rests at zero.

At zero tasks there is no CPU metric, but there is the queue's depth: a message wakes the service to one task. From one
task on, target tracking keeps the backlog per task at what one task works off within the acceptable latency. When
nothing waits and nothing is in work, the service goes back to zero. Alarms of SQS metrics see a queue that was idle for
six hours up to fifteen minutes late
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
from pulumi_aws import appautoscaling as scaling

from components.shared import metrics
from components.shared.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs, https_only
from components.shared.stack_context import FailureSources, StackContext, TaskNetwork
from conventions import iam
from conventions.naming import Reference

if TYPE_CHECKING:
    from settings.jobs import Queue

StepArgs = scaling.PolicyStepScalingPolicyConfigurationStepAdjustmentArgs
TrackingArgs = scaling.PolicyTargetTrackingScalingPolicyConfigurationArgs
MathArgs = scaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs
QueryArgs = scaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgs
StatisticArgs = scaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatArgs
MetricArgs = (
    scaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs
)

DimensionArgs = scaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs  # noqa: E501 - the provider's own name

WAITING, WORKING = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
PERIOD_SECONDS = 60
IDLE_PERIODS = 5
"""Minutes without a message, waiting or in work, after which the service goes back to zero."""


@dataclass(frozen=True, kw_only=True)
class QueueWorkerArgs:
    """Inputs of `QueueWorker`."""

    context: StackContext
    task_network: TaskNetwork
    job: str
    queue: Queue
    cooldown: int
    """Seconds between two scalings in."""
    scalable_resource_id: pulumi.Input[str]
    """`service/<cluster>/<service>` as the scalable target reports it, so that policies come after the target."""
    task_role_arn: pulumi.Input[str]


class QueueWorker(pulumi.ComponentResource):
    """A queue, and the scaling of a service by its depth."""

    queue: Reference
    queue_name: str
    queue_url: pulumi.Output[str]
    dead_letter_queue_name: str
    dead_letter_queue_url: pulumi.Output[str]
    alarm_names: dict[str, str]
    """The two alarms that drive the scaling, by purpose."""

    def __init__(self, name: str, args: QueueWorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:job:QueueWorker", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        names = args.context.names
        dead_letter_queue = DeadLetterQueue(
            f"{name}-dead-letters",
            DeadLetterQueueArgs(
                names=names, purpose=f"{args.job}-dead-letters", kms_key_arn=args.context.messages_key_arn
            ),
            self._child,
        )
        self.queue = names.queue(args.job)
        self.queue_name = self.queue.name
        queue = aws.sqs.Queue(
            f"{name}-queue",
            name=self.queue_name,
            kms_master_key_id=args.context.messages_key_arn,
            visibility_timeout_seconds=args.queue.visibility_timeout,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": dead_letter_queue.arn, "maxReceiveCount": args.queue.max_receives}
            ),
            opts=self._child,
        )
        aws.sqs.QueuePolicy(
            f"{name}-queue-policy",
            queue_url=queue.url,
            policy=iam.document(https_only(self.queue.arn)),
            opts=self._child,
        )
        self._work()
        self._scale()
        self.queue_url, self.dead_letter_queue_name, self.dead_letter_queue_url = (
            queue.url,
            dead_letter_queue.name,
            dead_letter_queue.url,
        )
        self.register_outputs({"queue_url": self.queue_url, "dead_letter_queue_url": self.dead_letter_queue_url})

    @property
    def failure_sources(self) -> FailureSources:
        """What of the queue can fail unnoticed."""
        return FailureSources(dead_letter_queues={self._args.job: self.dead_letter_queue_name})

    def _work(self) -> None:
        """The task role may take messages off this one queue."""
        arn = self.queue.arn
        role = pulumi.Output.from_input(self._args.task_role_arn).apply(lambda role_arn: role_arn.rpartition("/")[2])
        tasks = self._args.context.names.arn("ecs", f"task/{self._args.task_network.cluster.name}/*")
        take = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        aws.iam.RolePolicy(
            f"{self._name}-work",
            name="work-off-queue",
            role=role,
            policy=pulumi.Output.from_input(self._args.context.messages_key_arn).apply(
                lambda key: iam.document(
                    iam.statement("TakeMessages", take, [arn]),
                    iam.statement("ProtectTasks", ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"], [tasks]),
                    iam.statement("ReadMessages", ["kms:Decrypt"], [key]),
                )
            ),
            opts=self._child,
        )

    def _scale(self) -> None:
        names, job = self._args.context.names, self._args.job
        self.alarm_names = {purpose: names.name("alarm", purpose) for purpose in (f"{job}-waking", f"{job}-idle")}
        self._track_backlog()
        self._alarm(
            f"{job}-waking",
            f"{self.queue_name} holds messages and no task runs: {job} starts one",
            "IF(FILL(running,0)==0 AND waiting>0,1,0)",
            {"waiting": self._depth(WAITING), "running": self._running()},
            self._set_capacity("out", StepArgs(metric_interval_lower_bound="0", scaling_adjustment=1)),
            comparison="GreaterThanThreshold",
            periods=1,
        )
        self._alarm(
            f"{job}-idle",
            f"{self.queue_name} is empty and nothing is in work: {job} goes to zero",
            "FILL(waiting,0)+FILL(working,0)",
            {"waiting": self._depth(WAITING), "working": self._depth(WORKING)},
            self._set_capacity("in", StepArgs(metric_interval_upper_bound="0", scaling_adjustment=0)),
            comparison="LessThanOrEqualToThreshold",
            periods=IDLE_PERIODS,
        )

    def _track_backlog(self) -> None:
        """One task for as many messages as it works off within the acceptable latency.

        Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
        """
        args, queue = self._args, self._args.queue
        aws.appautoscaling.Policy(
            f"{self._name}-backlog",
            name=f"backlog-{args.job}-{args.context.names.suffix}",
            policy_type="TargetTrackingScaling",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=args.scalable_resource_id,
            target_tracking_scaling_policy_configuration=TrackingArgs(
                target_value=queue.acceptable_latency / queue.seconds_per_message,
                scale_in_cooldown=args.cooldown,
                scale_out_cooldown=PERIOD_SECONDS,
                customized_metric_specification=MathArgs(
                    metrics=[
                        QueryArgs(
                            id="backlog_per_task",
                            expression="IF(FILL(running,0)>0,waiting/running,waiting)",
                            label="messages waiting for each running task",
                            return_data=True,
                        ),
                        _metric_of("waiting", self._depth(WAITING)),
                        _metric_of("running", self._running()),
                    ]
                ),
            ),
            opts=self._child,
        )

    def _alarm(
        self,
        purpose: str,
        description: str,
        expression: str,
        inputs: Mapping[str, metrics.Metric],
        policy: aws.appautoscaling.Policy,
        *,
        comparison: str,
        periods: int,
    ) -> None:
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{purpose.removeprefix(self._args.job + '-')}",
            name=self.alarm_names[purpose],
            alarm_description=description,
            metric_queries=[
                {"id": "result", "expression": expression, "label": purpose, "return_data": True},
                *(metrics.query(name, metric, PERIOD_SECONDS) for name, metric in inputs.items()),
            ],
            comparison_operator=comparison,
            threshold=0,
            evaluation_periods=periods,
            treat_missing_data="missing" if comparison.startswith("Less") else "notBreaching",
            alarm_actions=[policy.arn],
            opts=self._child,
        )

    def _depth(self, metric: str) -> metrics.Metric:
        return metrics.Metric(
            namespace=metrics.QUEUES, name=metric, dimensions={"QueueName": self.queue_name}, statistic="Maximum"
        )

    def _running(self) -> metrics.Metric:
        names = self._args.context.names
        return metrics.Metric(
            namespace=metrics.CONTAINER_INSIGHTS,
            name="RunningTaskCount",
            dimensions={
                "ClusterName": self._args.task_network.cluster.name,
                "ServiceName": names.name("service", self._args.job),
            },
            statistic="Average",
        )

    def _set_capacity(self, direction: str, step: StepArgs) -> aws.appautoscaling.Policy:
        """A policy that sets the number of tasks when its alarm fires."""
        args = self._args
        return aws.appautoscaling.Policy(
            f"{self._name}-{direction}",
            name=f"{direction}-{args.job}-{args.context.names.suffix}",
            policy_type="StepScaling",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=args.scalable_resource_id,
            step_scaling_policy_configuration=scaling.PolicyStepScalingPolicyConfigurationArgs(
                adjustment_type="ExactCapacity",
                cooldown=args.cooldown if direction == "in" else PERIOD_SECONDS,
                metric_aggregation_type="Maximum",
                step_adjustments=[step],
            ),
            opts=self._child,
        )


def _metric_of(name: str, metric: metrics.Metric) -> QueryArgs:
    """`metric` as one input of a target tracking policy's expression."""
    return QueryArgs(
        id=name,
        metric_stat=StatisticArgs(
            metric=MetricArgs(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=[DimensionArgs(name=key, value=value) for key, value in metric.dimensions.items()],
            ),
            stat=metric.statistic,
        ),
        return_data=False,
    )
