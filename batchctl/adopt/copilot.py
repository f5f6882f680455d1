"""AWS Copilot's manifests as settings: what has a counterpart is converted, everything else is named.

A field that this module does not take is refused, so that nothing is lost without a word.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from batchctl import project as projects
from batchctl.adopt import copilot_fields, schedules
from batchctl.adopt.manifest import Manifest, merged, seconds
from batchctl.errors import OperatorError
from policy.rules.tables.properties.documents.containers import SECRET_NAME
from settings.jobs import DEFAULT_JOBS

SCHEDULED, WORKER = "Scheduled Job", "Worker Service"
ARCHITECTURES: Final = {"amd64": "X86_64", "x86_64": "X86_64", "arm64": "ARM64"}
VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")
NOT_SHOWN: Final = "[not shown]"
NO_CHECK: Final = ["CMD-SHELL", "exit 0"]
"""Copilot adds no health check to an image; this platform's default one is its own runtime's."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A field without a counterpart."""

    manifest: str
    """Name of the job or service."""
    path: str
    value: Any
    way_out: str


@dataclass(frozen=True, kw_only=True)
class CopilotEnvironment:
    """Where the Copilot application runs, as far as it is needed to name its secrets."""

    app: str | None = None
    environment: str | None = None
    account: str | None = None
    region: str | None = None


@dataclass
class Conversion:
    """The settings that manifests become."""

    jobs: dict[str, Any] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)
    """Job to the time (UTC) at which it starts Monday to Friday."""
    endpoints: set[str] = field(default_factory=set)
    refused: list[Refused] = field(default_factory=list)

    @property
    def next_steps(self) -> list[str]:
        """What to do beside the settings."""
        steps = [f"the image of {job}: jobs/{job}/Dockerfile, then `batchctl push {job}`" for job in self.jobs]
        if self.starts:
            last = max(self.starts, key=lambda job: self.starts[job])
            steps.append(
                "a night begins with a manifest, incoming/<business date>/manifest.json in the input bucket, whether it"
                f" starts by the schedule or by the manifest's arrival; {last} writes reports/<business date>/_SUCCESS "
                "last of all, without which the night counts as failed (docs/jobs.md)"
            )
        return steps

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of a stack file, without their prefix."""
        sections: dict[str, Any] = {}
        if self.endpoints:
            sections["network"] = {"extraEndpoints": sorted(self.endpoints)}
        sections["jobs"] = dict(self.jobs)
        if self.starts:
            order = sorted(self.starts, key=lambda job: self.starts[job])
            jobs = dict.fromkeys(DEFAULT_JOBS) | sections["jobs"]
            jobs[order[0]] = {**jobs[order[0]], "reads": [{"bucket": "input", "prefix": "incoming/"}]}
            jobs[order[-1]] = {**jobs[order[-1]], "writes": [{"bucket": "output", "prefix": "reports/"}]}
            sections["jobs"] = jobs
            start = {"schedule": self.starts[order[0]]}
            sections["workflow"] = {"order": order, "start": start, "deadline": {"timezone": "UTC"}}
        return sections


def convert(files: Sequence[Path], copilot: CopilotEnvironment) -> Conversion:
    """The settings that the manifests in `files` become; raises OperatorError for a file that is no such manifest."""
    conversion = Conversion()
    for file in files:
        fields = projects.read_yaml(file)
        if not isinstance(fields, Mapping) or not isinstance(fields.get("name"), str):
            raise OperatorError(f"{file} is no manifest of Copilot's: it has no `name`, for example `name: report`.")
        _convert(file, fields, copilot, conversion)
    return conversion


def _convert(file: Path, fields: Mapping[str, Any], copilot: CopilotEnvironment, conversion: Conversion) -> None:
    name, kind = str(fields["name"]), str(fields.get("type"))
    if kind not in (SCHEDULED, WORKER):
        reason = copilot_fields.OTHER_TYPES.get(kind, "valid: `type: Scheduled Job` or `type: Worker Service`")
        raise OperatorError(f"{file}: type {kind!r} is not converted: {reason}.")
    if name in conversion.jobs:
        raise OperatorError(f"{file}: a second manifest for {name!r}; pass each job once.")
    environments = fields.get("environments") or {}
    if copilot.environment in environments:
        fields = merged(fields, environments[copilot.environment] or {})
    manifest = Manifest({key: value for key, value in fields.items() if key not in ("name", "type", "environments")})
    converter = _Converter(name, manifest, copilot, conversion)
    job = {**converter.common(), **(converter.scheduled() if kind == SCHEDULED else converter.worker())}
    conversion.jobs[name] = job
    if environments and copilot.environment is None:
        converter.refuse("environments", sorted(environments))
    for path, value in manifest.left():
        converter.refuse(path, value)


class _Converter:
    """One manifest's fields, each taken where its counterpart is set."""

    def __init__(self, job: str, manifest: Manifest, copilot: CopilotEnvironment, conversion: Conversion) -> None:
        self._job, self._manifest, self._copilot, self._conversion = job, manifest, copilot, conversion

    def refuse(self, path: str, value: Any) -> None:
        """Names a field that is not converted."""
        way_out = copilot_fields.way_out(path, value, self._job)
        self._conversion.refused.append(Refused(manifest=self._job, path=path, value=value, way_out=way_out))

    def common(self) -> dict[str, Any]:
        """What jobs and services share."""
        take = self._manifest.take
        job: dict[str, Any] = {"cpu": take("cpu") or 256, "memory": take("memory") or 512}
        for path in ("image.build", "image.build.dockerfile", "image.build.context"):
            take(path, str)
        if architecture := self._architecture():
            job["architecture"] = architecture
        if command := take("command", str, list):
            job["command"] = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
        check = take("image.healthcheck.command", str, list)
        job["healthCheck"] = ["CMD-SHELL", check] if isinstance(check, str) else check or NO_CHECK
        for name, values in (("environment", self._variables()), ("secrets", self._secrets())):
            if values:
                job[name] = values
        if (placement := take("network.vpc.placement", str)) != "private":
            self.refuse("network.vpc.placement", placement or "public, as by default")
        if (size := take("storage.ephemeral", int)) is not None:
            if 21 <= size <= 200:
                job["ephemeralStorage"] = size
            else:
                self.refuse("storage.ephemeral", size)
        for path, ours in (("storage.readonly_fs", True), ("exec", False)):
            if take(path, bool) not in (None, ours):
                self.refuse(path, not ours)
        return job

    def scheduled(self) -> dict[str, Any]:
        """What a Scheduled Job has beside; Copilot retries none that does not ask for it."""
        take = self._manifest.take
        job: dict[str, Any] = {"retry": {"attempts": 0}}
        if (retries := take("retries")) is not None:
            if isinstance(retries, int) and 0 <= retries <= 10:
                job["retry"] = {"attempts": retries}
            else:
                self.refuse("retries", retries)
        if (timeout := take("timeout")) is not None:
            if (limit := seconds(timeout)) and 60 <= limit <= 86_400:
                job["timeout"] = int(limit)
            else:
                self.refuse("timeout", timeout)
        schedule = take("on.schedule")
        at = schedules.weekday_time(str(schedule))
        if at and not "02:00" <= at <= "03:00":  # refused by workflow.start.schedule: a day in March has no such time
            self._conversion.starts[self._job] = at
        elif schedule not in (None, "none"):
            self.refuse("on.schedule", schedule)
        return job

    def worker(self) -> dict[str, Any]:
        """What a Worker Service has beside: a queue, and scaling."""
        take = self._manifest.take
        queue: dict[str, Any] = {}
        for path, name in (
            ("count.queue_delay.acceptable_latency", "acceptableLatency"),
            ("count.queue_delay.msg_processing_time", "secondsPerMessage"),
            ("subscribe.queue.timeout", "visibilityTimeout"),
        ):
            if (value := take(path)) is None:
                continue
            if (duration := seconds(value)) is None:
                self.refuse(path, value)
            else:
                queue[name] = int(duration) if duration.is_integer() else duration
        if (tries := take("subscribe.queue.dead_letter.tries", int)) is not None:
            queue["maxReceives"] = tries
        self._conversion.endpoints.add("sqs")
        if topics := take("subscribe.topics", list):
            names = [topic.get("name", topic) if isinstance(topic, Mapping) else topic for topic in topics]
            self.refuse("subscribe.topics", names)
        return {"queue": queue, **self._scaling()}

    def _scaling(self) -> dict[str, Any]:
        """`scaling` and `capacity`; a service rests at 0 here and wakes by itself, so that no least number is kept."""
        take = self._manifest.take
        spot = take("count.spot", int)
        most = take("count.range.max", int) or take("count", int) or spot
        take("count.range.min", int)
        if text := take("count.range", str):
            if re.fullmatch(r"\d+-\d+", text):
                most = int(text.partition("-")[2])
            else:
                self.refuse("count.range", text)
        scaling: dict[str, Any] = {"maxTasks": most} if most else {}
        if target := take("count.cpu_percentage", int) or take("count.cpu_percentage.value", int):
            scaling["cpuTarget"] = target
        capacity = {"capacity": "spot-with-fallback"} if spot or take("count.range.spot_from", int) else {}
        return {**({"scaling": scaling} if scaling else {}), **capacity}

    def _architecture(self) -> str | None:
        platform = self._manifest.take("platform", str)
        family, _, name = (platform or "").partition("/")
        if platform is None:
            family = self._manifest.take("platform.osfamily", str) or "linux"
            name = self._manifest.take("platform.architecture", str) or "x86_64"
        if family == "linux" and name in ARCHITECTURES:
            return ARCHITECTURES[name]
        self.refuse("platform", platform or f"{family}/{name}")
        return None

    def _variables(self) -> dict[str, str]:
        environment = {}
        for name, value in (self._manifest.take("variables", dict) or {}).items():
            if isinstance(value, (dict, list)) or value is None or not VARIABLE.fullmatch(name):
                self.refuse(f"variables.{name}", value)
            elif SECRET_NAME.search(name):
                self.refuse(f"variables.{name}", NOT_SHOWN)
            elif isinstance(value, bool):
                environment[name] = str(value).lower()
            else:
                environment[name] = str(value)
        return environment

    def _secrets(self) -> dict[str, str]:
        secrets = {}
        for name, value in (self._manifest.take("secrets", dict) or {}).items():
            arn = self._secret_arn(value)
            if arn is None or not VARIABLE.fullmatch(name):
                self.refuse(f"secrets.{name}", value)
            else:
                secrets[name] = arn
                self._conversion.endpoints.add(arn.split(":")[2])
        return secrets

    def _secret_arn(self, value: object) -> str | None:
        """The ARN of what Copilot names: a parameter by its name, or anything by its ARN."""
        if isinstance(value, dict) and set(value) == {"secretsmanager"}:
            value = value["secretsmanager"]
            if not str(value).startswith("arn:"):
                return None  # a secret's ARN ends in six characters that its name does not have
        copilot = self._copilot
        variables = {"COPILOT_APPLICATION_NAME": copilot.app, "COPILOT_ENVIRONMENT_NAME": copilot.environment}
        text = str(value) if isinstance(value, str) else "${}"
        for variable, replacement in variables.items():
            text = text.replace(f"${{{variable}}}", replacement) if replacement else text
        if "${" in text:
            return None
        if text.startswith("arn:"):
            return text
        if not copilot.account or not copilot.region:
            return None
        return f"arn:aws:ssm:{copilot.region}:{copilot.account}:parameter/{text.removeprefix('/')}"
