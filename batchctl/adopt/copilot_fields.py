"""Fields of AWS Copilot's manifests that have no counterpart here, and the way out of each.

Source: https://aws.github.io/copilot-cli/docs/manifest/scheduled-job/ and
https://aws.github.io/copilot-cli/docs/manifest/worker-service/ (2026-11)
"""

from __future__ import annotations

from typing import Final

WAYS_OUT: Final[dict[str, str]] = {
    "image.location": "images come from the job's own repository: `FROM {value}` in jobs/{job}/Dockerfile, then "
    "`batchctl push {job}`",
    "image.build": "write a Dockerfile that needs no build argument, target or cache to jobs/{job}/Dockerfile",
    "image.labels": "write `LABEL` into jobs/{job}/Dockerfile",
    "image.depends_on": "a task has one container; start what it needs from the container's own entry point",
    "image.healthcheck": "a check runs every 30 s, may take 5 s, fails after 3, and starts to count after 120 s",
    "image.port": "nothing can connect to a task",
    "image.credentials": "images come from the job's own repository, which needs no credentials",
    "entrypoint": "write `ENTRYPOINT` into jobs/{job}/Dockerfile; `jobs.{job}.command` replaces its arguments",
    "env_file": "write each variable under `jobs.{job}.environment`",
    "variables": "`jobs.{job}.environment` takes plain values under names of capitals, digits and underscores; an "
    "exported value is in `aws cloudformation list-exports`, and what is secret goes to Secrets Manager and its ARN "
    "under `jobs.{job}.secrets`",
    "secrets": "`jobs.{job}.secrets` takes the ARN of a parameter or secret: pass --account, --region, --app and "
    "--environment, or write it by hand (`aws secretsmanager describe-secret`, `aws ssm get-parameter`)",
    "network.vpc.placement": "there is no public subnet: a task reaches AWS services with an endpoint "
    "(`network.extraEndpoints`) and nothing else",
    "network.vpc.security_groups": "tasks have one security group, with no way in and HTTPS to endpoints out; a "
    "database elsewhere is reached over an AWS API or not at all",
    "network.connect": "nothing can connect to a task; hand data on through the buckets",
    "storage.ephemeral": "Fargate takes 21 to 200 GiB: `jobs.{job}.ephemeralStorage`",
    "storage.readonly_fs": "the root file system is always read-only; write to /scratch",
    "storage.volumes": "there is no EFS: use the buckets (`jobs.{job}.reads`, `writes`), and /scratch meanwhile",
    "logging.retention": "one for all jobs: `platform.logRetentionDays`",
    "logging": "logs go to CloudWatch Logs; subscribe the log group (output `logGroupNames`) to where they should go",
    "sidecars": "a task has one container",
    "taskdef_overrides": "add a setting (CONTRIBUTING.md says how), or leave it away",
    "publish": "hand results on through the output bucket; its events reach EventBridge",
    "exec": "there is no shell into a task; try the image with `docker run`, and read `batchctl logs {job}`",
    "count": "the service rests at 0 and scales to `jobs.{job}.scaling.maxTasks`",
    "deployment": "a service is updated as its circuit breaker allows; a run keeps the revision it began with",
    "observability": "there is no tracing; logs, metrics and the dashboard are the platform's own",
    "subscribe.topics": "nothing is subscribed to the job's queue: give your topic a subscription to it (output "
    "`jobQueueUrls`) and the queue's policy a statement for the topic, in a program of your own",
    "subscribe.queue.fifo": "the queue is a standard one: a job that may see a message twice is safe on it",
    "subscribe.queue": "the queue keeps messages for 14 days and hands them out at once",
    "on.schedule": "the nightly run starts Monday to Friday at one time (`workflow.start.schedule`) or when a manifest "
    "arrives; for another rhythm an EventBridge schedule of your own starts the job's task definition",
    "retries": "`jobs.{job}.retry.attempts` takes 0 to 10",
    "timeout": "`jobs.{job}.timeout` takes 60 to 86400 seconds",
    "platform": "Linux on X86_64 or ARM64: `jobs.{job}.architecture`",
    "environments": "choose one with --environment",
}
"""Path, or beginning of a path, to what to do instead; the longest that fits counts."""

UNKNOWN: Final = "Copilot's own reference has no such field, so it had no effect: remove it"

OTHER_TYPES: Final[dict[str, str]] = {
    "Backend Service": "it answers requests, or runs for ever: a worker that polls a queue of its own can be rewritten "
    "as a Worker Service, a job that ends as a Scheduled Job",
    "Load Balanced Web Service": "it answers requests from the internet, which this platform keeps out",
    "Request-Driven Web Service": "it answers requests from the internet, which this platform keeps out",
    "Static Site": "it answers requests from the internet, which this platform keeps out",
}
"""Manifest types that are refused whole, and why."""


def way_out(path: str, value: object, job: str) -> str:
    """What to do instead of the field at `path`."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        if advice := WAYS_OUT.get(".".join(parts[:length])):
            return advice.format(job=job, value=value)
    return UNKNOWN
