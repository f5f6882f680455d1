"""For each settings field a change, as the sections of the stack file before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from batchctl.settings_docs import nested_model
from settings.jobs import Job
from settings.models import Settings

Sections: TypeAlias = Mapping[str, Mapping[str, Any]]
SECRET: Final = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
KEY: Final = "arn:aws:kms:us-east-1:123456789012:key/6f5b2f1e-0d3a-4c5e-9a53-2f1f6c1b7a10"
RETAINING: Final[Sections] = {"platform": {"teardown": False}}
REACHES_SESSIONS: Final = {"network": {"extraEndpoints": ["kms", "ssmmessages"]}}
REACHES_SECRETS: Final = {"network": {"extraEndpoints": ["secretsmanager"]}}


def fields(path: str, model: type[BaseModel]) -> Iterator[str]:
    """Every field below `model`, by its path in a stack file; a section that is always there counts by its fields."""
    for name, field in model.model_fields.items():
        key = f"{path}.{field.alias or name}"
        inner = nested_model(field.annotation)
        if inner is None or not isinstance(field.default, BaseModel):
            yield key
        if inner is not None:
            yield from fields(key, inner)


def every_field() -> list[str]:
    """The path of every field of every section; a job's as `jobs.cpu`."""
    return [
        path
        for name, field in Settings.model_fields.items()
        if (model := Job if name == "jobs" else nested_model(field.annotation)) is not None
        for path in fields(name, model)
    ]


def job(name: str = "data-ingestion", **values: Any) -> Sections:
    return {"jobs": {name: values}}


def both(*parts: Sections) -> Sections:
    sections: dict[str, dict[str, Any]] = {}
    for part in parts:
        for section, values in part.items():
            sections.setdefault(section, {}).update(values)
    return sections


def queue(**values: Any) -> Sections:
    """A queue worker whose tasks leave the nightly run its share of the quota."""
    return both(
        {"network": {"extraEndpoints": ["sqs"]}},
        job(queue={"acceptableLatency": 600, **values}, scaling={"maxTasks": 2}),
    )


def fan_out(**values: Any) -> Sections:
    return job("risk-calculation", fanOut=values)


def guard_duty(**values: Any) -> Sections:
    return {"network": {"guardDuty": values}}


def object_lock(**values: Any) -> Sections:
    return {"data": {"objectLock": {"days": 400, **values}}}


def start(**values: Any) -> Sections:
    return {"workflow": {"start": values}}


def deadline(**values: Any) -> Sections:
    return {"workflow": {"deadline": values}}


NOTHING: Final[Sections] = {}
READS_BOTH: Final = job(reads=[{"bucket": "input", "prefix": prefix} for prefix in ("incoming/", "arriving/")])
CASES: Final[Mapping[str, tuple[Sections, Sections]]] = {
    "platform.environment": (NOTHING, {"platform": {"environment": "other"}}),
    "platform.teardown": (NOTHING, {"platform": {"teardown": False}}),
    "platform.capacity": (NOTHING, {"platform": {"capacity": "on-demand"}}),
    "platform.permissionsBoundary": (
        NOTHING,
        {"platform": {"permissionsBoundary": "arn:aws:iam::123456789012:policy/platform-boundary"}},
    ),
    "platform.permissionsPath": (NOTHING, {"platform": {"permissionsPath": "/batch/"}}),
    "platform.customerKeys": (NOTHING, {"platform": {"customerKeys": ["ephemeral-storage", "state-machines"]}}),
    "platform.acknowledge": (NOTHING, {"platform": {"acknowledge": ["data-output"]}}),
    "platform.logRetentionDays": (NOTHING, {"platform": {"logRetentionDays": 7}}),
    "tags.repository": (NOTHING, {"tags": {"repository": "our-team/batch-platform"}}),
    "tags.commitAuthor": (NOTHING, {"tags": {"commitAuthor": "jane"}}),
    "tags.prNumber": (NOTHING, {"tags": {"prNumber": "42"}}),
    "tags.team": (NOTHING, {"tags": {"team": "market-risk"}}),
    "tags.createdAt": (NOTHING, {"tags": {"createdAt": "2026-11-20T00:00:00Z"}}),
    "network.cidr": (NOTHING, {"network": {"cidr": "10.2.0.0/16"}}),
    "network.zones": (NOTHING, {"network": {"zones": 2}}),
    "network.zoneIds": (NOTHING, {"network": {"zoneIds": ["use1-az2", "use1-az4", "use1-az5"]}}),
    "network.subnets": (NOTHING, {"network": {"subnets": ["10.0.0.0/22", "10.0.4.0/22", "10.0.8.0/22"]}}),
    "network.endpointZones": (NOTHING, {"network": {"endpointZones": 3}}),
    "network.extraEndpoints": (NOTHING, REACHES_SECRETS),
    "network.dnsFirewall": (NOTHING, {"network": {"dnsFirewall": True}}),
    "network.guardDuty": (NOTHING, guard_duty()),
    "network.guardDuty.agentAccount": (guard_duty(), guard_duty(agentAccount="210987654321")),
    "network.flowLogs": (NOTHING, {"network": {"flowLogs": False}}),
    "data.inputDays": (NOTHING, {"data": {"inputDays": 30}}),
    "data.outputDays": (NOTHING, {"data": {"outputDays": 800}}),
    "data.previousVersionDays": (NOTHING, {"data": {"previousVersionDays": 7}}),
    "data.auditDays": (NOTHING, {"data": {"auditDays": 90}}),
    "data.ledgerDays": (NOTHING, {"data": {"ledgerDays": 30}}),
    "data.objectLock": (NOTHING, object_lock()),
    "data.objectLock.days": (object_lock(), object_lock(days=800)),
    "data.objectLock.mode": (both(RETAINING, object_lock()), both(RETAINING, object_lock(mode="compliance"))),
    "data.senders": (NOTHING, {"data": {"senders": ["arn:aws:iam::210987654321:role/trade-export"]}}),
    "registry.keepImages": (NOTHING, {"registry": {"keepImages": 3}}),
    "registry.untaggedDays": (NOTHING, {"registry": {"untaggedDays": 1}}),
    "jobs.cpu": (NOTHING, job(cpu=4096, memory=16384)),
    "jobs.memory": (NOTHING, job(memory=8192)),
    "jobs.architecture": (NOTHING, job(architecture="ARM64")),
    "jobs.ephemeralStorage": (NOTHING, job(ephemeralStorage=100)),
    "jobs.capacity": (NOTHING, job(capacity="on-demand")),
    "jobs.scaling.maxTasks": (NOTHING, job(scaling={"maxTasks": 50})),
    "jobs.scaling.cpuTarget": (NOTHING, job(scaling={"cpuTarget": 50})),
    "jobs.scaling.cooldown": (NOTHING, job(scaling={"cooldown": 60})),
    "jobs.queue": ({"network": {"extraEndpoints": ["sqs"]}}, queue()),
    "jobs.queue.acceptableLatency": (queue(), queue(acceptableLatency=1200)),
    "jobs.queue.secondsPerMessage": (queue(), queue(secondsPerMessage=10)),
    "jobs.queue.visibilityTimeout": (queue(), queue(visibilityTimeout=1800)),
    "jobs.queue.maxReceives": (queue(), queue(maxReceives=5)),
    "jobs.fanOut": (NOTHING, job("report-generation", fanOut={"concurrency": 2})),
    "jobs.fanOut.inlineLimit": (NOTHING, fan_out(inlineLimit=10)),
    "jobs.fanOut.batch": (NOTHING, fan_out(batch=5)),
    "jobs.fanOut.concurrency": (NOTHING, fan_out(concurrency=1)),
    "jobs.fanOut.toleratedFailurePercent": (NOTHING, fan_out(toleratedFailurePercent=10)),
    "jobs.retry.attempts": (NOTHING, job(retry={"attempts": 5})),
    "jobs.retry.capacityAttempts": (NOTHING, job(retry={"capacityAttempts": 3})),
    "jobs.retry.backoffSeconds": (NOTHING, job(retry={"backoffSeconds": 60})),
    "jobs.timeout": (NOTHING, job(timeout=600)),
    "jobs.debug": (REACHES_SESSIONS, both(REACHES_SESSIONS, job(debug=True))),
    "jobs.image": (NOTHING, job(image="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")),
    "jobs.command": (NOTHING, job(command=["python", "-m", "my_job"])),
    "jobs.environment": (NOTHING, job(environment={"LOG_LEVEL": "DEBUG", "DB_PASSWORD": "hunter2"})),
    "jobs.secrets": (REACHES_SECRETS, both(REACHES_SECRETS, job(secrets={"DB_PASSWORD": SECRET}))),
    "jobs.secretKeyArns": (
        both(REACHES_SECRETS, job(secrets={"DB_PASSWORD": SECRET})),
        both(REACHES_SECRETS, job(secrets={"DB_PASSWORD": SECRET}, secretKeyArns=[KEY])),
    ),
    "jobs.healthCheck": (NOTHING, job(healthCheck=["CMD", "true"])),
    "jobs.user": (NOTHING, job(user="10001:20002")),
    "jobs.reads": (
        NOTHING,
        job(reads=[{"bucket": "input", "prefix": "incoming/"}, {"bucket": "output", "prefix": "x/"}]),
    ),
    "jobs.reads.bucket": (
        job("report-generation", reads=[{"bucket": "output", "prefix": "results/"}]),
        job("report-generation", reads=[{"bucket": "input", "prefix": "results/"}]),
    ),
    "jobs.reads.prefix": (
        job("report-generation", reads=[{"bucket": "output", "prefix": "results/"}]),
        job("report-generation", reads=[{"bucket": "output", "prefix": "other/"}]),
    ),
    "jobs.writes": (NOTHING, job(writes=[{"bucket": "output", "prefix": "shards/"}])),
    "jobs.writes.bucket": (
        job(writes=[{"bucket": "output", "prefix": "shards/"}]),
        job(writes=[{"bucket": "input", "prefix": "shards/"}]),
    ),
    "jobs.writes.prefix": (
        job(writes=[{"bucket": "output", "prefix": "shards/"}]),
        job(writes=[{"bucket": "output", "prefix": "parts/"}]),
    ),
    "workflow.order": (NOTHING, {"workflow": {"order": ["data-ingestion", "risk-calculation"]}}),
    "workflow.fargateVcpuQuota": (NOTHING, {"workflow": {"fargateVcpuQuota": 100}}),
    "workflow.start.prefix": (READS_BOTH, both(READS_BOTH, start(prefix="arriving/"))),
    "workflow.start.suffix": (NOTHING, start(suffix="done.json")),
    "workflow.start.schedule": (NOTHING, start(schedule="04:00")),
    "workflow.start.maxAgeDays": (NOTHING, start(maxAgeDays=3)),
    "workflow.start.maxAheadDays": (NOTHING, start(maxAheadDays=2)),
    "workflow.start.maxEventAgeMinutes": (NOTHING, start(maxEventAgeMinutes=30)),
    "workflow.deadline.time": (NOTHING, deadline(time="10:30")),
    "workflow.deadline.warn": (NOTHING, deadline(warn="08:00")),
    "workflow.deadline.escalate": (NOTHING, deadline(escalate="09:00")),
    "workflow.deadline.windowOpens": (NOTHING, deadline(windowOpens="21:00")),
    "workflow.deadline.timezone": (NOTHING, deadline(timezone="Europe/London")),
    "workflow.deadline.holidays": (NOTHING, deadline(holidays=["2026-12-31"])),
    "workflow.deadline.calendar": (NOTHING, deadline(calendar="none")),
    "workflow.deadline.forecastMinutes": (NOTHING, deadline(forecastMinutes=[60])),
    "workflow.onNewerManifest": (NOTHING, {"workflow": {"onNewerManifest": "wait"}}),
    "alerts.failurePercent": (NOTHING, {"alerts": {"failurePercent": 20}}),
    "alerts.failurePeriod": (NOTHING, {"alerts": {"failurePeriod": 3600}}),
    "alerts.longRunMinutes": (NOTHING, {"alerts": {"longRunMinutes": 60}}),
    "alerts.logErrors": (NOTHING, {"alerts": {"logErrors": 100}}),
    "alerts.emails": (NOTHING, {"alerts": {"emails": ["batch-team@example.com"]}}),
}
UNSEEN: Final = frozenset({"tags.commitAuthor", "tags.prNumber", "tags.createdAt"})
"""Fields of tags of time and commit, which no comparison looks at."""
