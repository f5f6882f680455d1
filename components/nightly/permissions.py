"""What the nightly machine's role may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conventions import iam
from conventions.naming import NIGHTLY, Names, Reference

MANAGED_RULE = "StepFunctionsGetEventsForECSTaskRule"
"""The rule that Step Functions makes in the account to hear of a task's end (docs/aws-facts.md#ecs-run-task-sync)."""


@dataclass(frozen=True, kw_only=True)
class RunPermissions:
    """What the machine works with."""

    names: Names
    jobs: Sequence[str]
    manifests: str
    """Prefix of the manifests in the input bucket."""
    cluster: Reference
    input: Reference
    output: Reference
    ledger: Reference
    topic: Reference


def statements(args: RunPermissions) -> list[iam.Statement]:
    """What the nightly machine's role may do; ARNs from names, so that they can be read at preview.

    Source: docs/aws-facts.md#ecs-run-task-sync
    """
    names, jobs = args.names, list(args.jobs)
    families = [names.task_family(job).arn for job in jobs]
    cluster = args.cluster
    own_cluster = {"ArnEquals": {"ecs:cluster": cluster.arn}}
    machine = names.state_machine(NIGHTLY)
    output, input_ = args.output.arn, args.input.arn
    roles = [names.role_arn(f"{job}-{kind}") for job in jobs for kind in ("task", "execution")]
    return [
        iam.statement("RunOwnTasks", ["ecs:RunTask"], families, conditions=own_cluster),
        # tasks have no ARN before they run; the cluster confines the two
        iam.statement("FollowOwnTasks", ["ecs:DescribeTasks", "ecs:StopTask"], ["*"], conditions=own_cluster),
        iam.statement(
            "TagOwnTasks",
            ["ecs:TagResource"],
            [names.arn("ecs", f"task/{cluster.name}/*")],
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        iam.statement(
            "PassJobRoles",
            ["iam:PassRole"],
            roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        iam.statement(
            "ManageTaskEventRule",
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [names.arn("events", f"rule/{MANAGED_RULE}")],
        ),
        iam.statement(
            "UseLedger",
            ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            [args.ledger.arn],
        ),
        iam.statement("FindManifest", ["s3:GetObject"], [f"{input_}/{args.manifests}*"]),
        iam.statement("ReadStageResults", ["s3:GetObject"], [f"{output}/shards/*", f"{output}/reports/*"]),
        # without it a missing object answers 403, which reads like a permission problem
        iam.statement("DistinguishMissingFromForbidden", ["s3:ListBucket"], [input_, output]),
        # source: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        iam.statement(
            "WriteMapResults",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            [f"{output}/maps/*"],
        ),
        iam.statement("PublishNotifications", ["sns:Publish"], [args.topic.arn]),
        # a Distributed Map starts its children as executions of the same machine; a run stops an older one of its date
        iam.statement("StartChildren", ["states:StartExecution"], [machine.arn]),
        iam.statement(
            "FollowChildren",
            ["states:DescribeExecution", "states:StopExecution"],
            [names.arn("states", f"execution:{machine.name}{mark}*") for mark in (":", "/")],
        ),
    ]
