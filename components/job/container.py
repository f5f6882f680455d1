"""A job's container definition.

Every container runs without root, on a read-only root file system with one writable directory (unless it is debugged),
is stopped gently, has a health check, and logs without ever blocking the job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from conventions.naming import Names, Reference

if TYPE_CHECKING:
    from settings.jobs import Job

SCRATCH: Final = "/scratch"
STOP_TIMEOUT_SECONDS: Final = 120
"""The longest that ECS waits between SIGTERM and SIGKILL; a Spot interruption gives no more.

Source: docs/aws-facts.md#fargate-spot
"""
START_PERIOD_SECONDS: Final = 120
"""Health checks do not count before; stands in for the service's grace period, which needs a load balancer."""


def container(
    names: Names, job: str, job_settings: Job, image: str, buckets: Mapping[str, Reference]
) -> dict[str, object]:
    """The job's container definition, as the ECS API takes it."""
    variables: Mapping[str, str] = {
        "BATCH_JOB": job,
        "BATCH_ENVIRONMENT": names.suffix,
        "BATCH_INPUT_BUCKET": buckets["input"].name,
        "BATCH_OUTPUT_BUCKET": buckets["output"].name,
        "BATCH_SCRATCH": SCRATCH,
        **({"BATCH_QUEUE": names.name("queue", job)} if job_settings.queue else {}),
        **job_settings.environment,
    }
    definition: dict[str, object] = {
        "name": job,
        "image": image,
        "essential": True,
        "user": job_settings.user,
        # the agent of a session writes into the container (docs/aws-facts.md#ecs-exec)
        "readonlyRootFilesystem": not job_settings.debug,
        "privileged": False,
        "stopTimeout": STOP_TIMEOUT_SECONDS,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": SCRATCH, "readOnly": False}],
        "environment": [{"name": key, "value": value} for key, value in sorted(variables.items())],
        "secrets": [{"name": key, "valueFrom": arn} for key, arn in sorted(job_settings.secrets.items())],
        "healthCheck": {
            "command": list(job_settings.health_check),
            "interval": 30,
            "timeout": 5,
            "retries": 3,
            "startPeriod": START_PERIOD_SECONDS,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": names.log_group(job),
                "awslogs-region": names.region,
                "awslogs-stream-prefix": job,
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        },
    }
    if job_settings.command:
        definition["command"] = list(job_settings.command)
    return {key: value for key, value in definition.items() if value != []}
