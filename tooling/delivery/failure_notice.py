"""Tells people when a pipeline has failed: an EventBridge rule on the executions, with a sentence to the topic.

CodePipeline by itself announces approvals only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from conventions.naming import Names

EVENT_AGE_SECONDS = 3600
ATTEMPTS = 10


@dataclass(frozen=True, kw_only=True)
class FailureNoticeArgs:
    """Inputs of `FailureNotice`."""

    names: Names
    purposes: Sequence[str]
    """Of the pipelines: `delivery`, `rescan`."""
    topic_arn: pulumi.Input[str]


class FailureNotice(pulumi.ComponentResource):
    """A mail for each execution that fails, is stopped or lapses.

    An approval that is rejected, or that nobody answers for seven days, fails its execution too.
    Source: https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
    """

    rule_name: pulumi.Output[str]

    def __init__(self, name: str, args: FailureNoticeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:delivery:FailureNotice", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pipelines = [args.names.name("pipeline", purpose) for purpose in args.purposes]
        pattern = {
            "source": ["aws.codepipeline"],
            "detail-type": ["CodePipeline Pipeline Execution State Change"],
            "detail": {"pipeline": pipelines, "state": ["FAILED", "STOPPED", "CANCELED"]},
        }
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=args.names.event_rule("delivery-failure").name,
            description="An execution of a pipeline has not succeeded: tell the people of the delivery",
            event_pattern=json.dumps(pattern),
            opts=child,
        )
        region = args.names.region
        console = f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines"
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            target_id="topic",
            arn=args.topic_arn,
            input_transformer={
                "input_paths": {
                    "pipeline": "$.detail.pipeline",
                    "state": "$.detail.state",
                    "execution": "$.detail.execution-id",
                    "time": "$.time",
                },
                "input_template": json.dumps(
                    f"<pipeline>: execution <execution> is <state> since <time>. What went wrong is in the log of the "
                    f"step that is red: {console}/<pipeline>/executions/<execution>/timeline?region={region}"
                ),
            },
            retry_policy={
                "maximum_event_age_in_seconds": EVENT_AGE_SECONDS,
                "maximum_retry_attempts": ATTEMPTS,
            },
            opts=child,
        )
        self.rule_name = rule.name
        self.register_outputs({"rule_name": self.rule_name})
