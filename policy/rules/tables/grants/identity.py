"""What a role may do, by the service that assumes it."""

from __future__ import annotations

from typing import Final

from ...graph import kinds
from .model import ARN, always, grant, like, names_one_of
from .needs import (
    buckets_of,
    calls,
    dead_letters_of,
    executes,
    flow_groups,
    job_groups,
    reaches_buckets,
    roles_of,
    started,
    started_machines,
    starts_no_pipeline,
    starts_pipelines,
    tasks_of,
    uses_keys,
    writes_logs,
    writes_traces,
)

_PREFIX: Final = r"/[A-Za-z0-9_./=*-]*[*]"


_SCHEDULE_QUEUE: Final = "scheduler"


IDENTITY_GRANTS: Final = (
    # the execution role: image and log, secrets where the job has some
    grant("ecs-tasks", "ecr:GetAuthorizationToken", form=r"\*", needed=executes),
    grant(
        "ecs-tasks",
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
        kinds.REPOSITORY,
        needed=executes,
    ),
    grant(
        "ecs-tasks",
        "logs:CreateLogStream logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=executes,
        covers=job_groups,
    ),
    grant(
        "ecs-tasks",
        "secretsmanager:GetSecretValue",
        form=ARN + r"secretsmanager:{region}:{account}:secret:[\w/+=.@:-]+",
    ),
    grant("ecs-tasks", "ssm:GetParameters", form=ARN + r"ssm:{region}:{account}:parameter/[\w./-]+"),
    # the task role: prefixes of the buckets, through their key
    grant("ecs-tasks", "s3:GetObject s3:GetObjectVersion", kinds.BUCKET, part=_PREFIX),
    grant("ecs-tasks", "s3:PutObject s3:GetObject s3:DeleteObject s3:AbortMultipartUpload", kinds.BUCKET, part=_PREFIX),
    grant("ecs-tasks", "s3:ListBucket", kinds.BUCKET, when={"s3:prefix": like(r"[A-Za-z0-9_./=-]*[*]?")}),
    grant("ecs-tasks", "kms:Decrypt kms:GenerateDataKey", kinds.KEY, needed=reaches_buckets, complete=False),
    grant(
        "ecs-tasks",
        "ecs:GetTaskProtection ecs:UpdateTaskProtection",
        form=ARN + r"ecs:{region}:{account}:task/cluster-[a-z0-9-]+-{suffix}/\*",
        complete=False,
    ),
    grant(
        "ecs-tasks",
        "sqs:ChangeMessageVisibility sqs:GetQueueAttributes sqs:GetQueueUrl",
        kinds.QUEUE,
        complete=False,
    ),
    grant("ecs-tasks", "sqs:ReceiveMessage sqs:DeleteMessage", kinds.QUEUE),
    # state machines
    grant(
        "states",
        "ecs:RunTask",
        kinds.TASK_DEFINITION,
        part=r":(\*|\d+)",
        when={"ecs:cluster": names_one_of(kinds.CLUSTER)},
        needed=calls("ecs:runTask"),
        covers=tasks_of,
    ),
    grant(
        "states",
        "ecs:StopTask ecs:DescribeTasks",
        form=r"\*",
        when={"ecs:cluster": names_one_of(kinds.CLUSTER)},
        needed=calls("ecs:runTask"),
    ),
    grant(
        "states",
        "ecs:TagResource",
        form=ARN + r"ecs:{region}:{account}:task/cluster-[a-z0-9-]+-{suffix}/\*",
        when={"ecs:createaction": like("RunTask")},
        needed=calls("ecs:runTask"),
    ),
    grant(
        "states",
        "iam:PassRole",
        kinds.ROLE,
        when={"iam:passedtoservice": like("ecs-tasks.amazonaws.com")},
        needed=calls("ecs:runTask"),
        covers=roles_of,
    ),
    grant(
        "states",
        "events:DescribeRule events:PutRule events:PutTargets",
        form=ARN + "events:{region}:{account}:rule/StepFunctionsGetEventsForECSTaskRule",
        needed=calls("ecs:runTask.sync"),
    ),
    grant("states", "dynamodb:PutItem", kinds.TABLE, needed=calls("dynamodb:putItem")),
    grant("states", "dynamodb:UpdateItem", kinds.TABLE, needed=calls("dynamodb:updateItem")),
    grant("states", "dynamodb:Query", kinds.TABLE, needed=calls("dynamodb:query")),
    grant("states", "dynamodb:GetItem", kinds.TABLE, needed=calls("dynamodb:getItem")),
    grant("states", "dynamodb:DeleteItem", kinds.TABLE, needed=calls("dynamodb:deleteItem")),
    grant(
        "states",
        "s3:GetObject",
        kinds.BUCKET,
        part=_PREFIX,
        needed=calls("s3:getObject", "s3:headObject"),
        covers=buckets_of,
    ),
    grant("states", "s3:ListBucket", kinds.BUCKET, needed=calls("s3:getObject", "s3:headObject"), covers=buckets_of),
    grant(
        "states",
        "s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload",
        kinds.BUCKET,
        within="-output-",
        part=_PREFIX,
        needed=calls("s3:putObject"),
    ),
    grant(
        "states",
        "states:StartExecution",
        kinds.STATE_MACHINE,
        needed=calls('"DISTRIBUTED"', "sfn:startExecution"),
        covers=started_machines,
    ),
    grant(
        "states",
        "states:DescribeExecution states:StopExecution",
        kinds.STATE_MACHINE,
        within=":execution:",
        part=r":[*]",
        needed=calls('"DISTRIBUTED"', "sfn:stopExecution", "sfn:describeExecution"),
        covers=started_machines,
    ),
    grant(
        "states",
        "states:DescribeExecution states:StopExecution",
        kinds.STATE_MACHINE,
        within=":execution:",
        part=r"/(?:[\w-]+:)?[*]",
        covers=started_machines,
    ),
    grant(
        "states",
        "states:RedriveExecution",
        form=ARN
        + r"states:{region}:{account}:(execution|mapRun):statemachine-[a-z0-9-]+-{suffix}(/\*|:\*|/[\w-]+:\*|\*)?.*",
    ),
    grant("states", "states:ListExecutions", kinds.STATE_MACHINE),
    grant("states", "sns:Publish", kinds.TOPIC, needed=calls("sns:publish")),
    grant("states", "sqs:SendMessage", kinds.QUEUE),
    grant(
        "states",
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery",
        form=r"\*",
        needed=writes_logs,
    ),
    grant(
        "states",
        "xray:GetSamplingRules xray:GetSamplingTargets xray:PutTelemetryRecords xray:PutTraceSegments",
        form=r"\*",
        needed=writes_traces,
    ),
    grant("states", "kms:Decrypt kms:DescribeKey kms:GenerateDataKey", kinds.KEY, needed=uses_keys),
    # what starts machines
    grant("events", "states:StartExecution", kinds.STATE_MACHINE, needed=starts_no_pipeline, covers=started),
    grant("events", "codepipeline:StartPipelineExecution", kinds.PIPELINE, needed=starts_pipelines),
    grant("events", "ecs:RunTask", kinds.TASK_DEFINITION, part=r":(\*|\d+)"),
    grant("events", "iam:PassRole", kinds.ROLE, when={"iam:passedtoservice": like("ecs-tasks.amazonaws.com")}),
    grant("scheduler", "states:StartExecution", kinds.STATE_MACHINE, needed=always, covers=started),
    grant("scheduler", "sqs:SendMessage", kinds.QUEUE, needed=always, covers=dead_letters_of),
    grant("scheduler", "kms:Decrypt kms:DescribeKey kms:GenerateDataKey", kinds.KEY, needed=always),
    grant(
        "vpc-flow-logs",
        "logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents",
        kinds.LOG_GROUP,
        part=r":\*",
        needed=always,
        covers=flow_groups,
    ),
    grant(
        "vpc-flow-logs",
        "logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents",
        kinds.LOG_GROUP,
        covers=flow_groups,
    ),
)
"""By the service that assumes the role. Roles of other services (the pipeline's) have rules of their own."""
