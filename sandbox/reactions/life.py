"""Everything that happens by itself in the account, put together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.clock import Clock, machine_time
from sandbox.reactions.account import Account, Permission, trusted_by_name
from sandbox.reactions.control import BadRequestError, Control, moment
from sandbox.reactions.events import storage
from sandbox.reactions.events.bus import Bus
from sandbox.reactions.events.schedules import Schedules
from sandbox.reactions.metrics import Metrics
from sandbox.reactions.monitoring import log_filters
from sandbox.reactions.monitoring.alarms import Alarms
from sandbox.reactions.monitoring.scaling import Scaling
from sandbox.reactions.states.executions import Executions
from sandbox.tasks.fargate import Fargate
from sandbox.tasks.outcomes import UnknownOutcomeError
from sandbox.tasks.scans import Scans, UnknownFindingsError
from sandbox.tasks.services import Services

CREDENTIALS_LAST = timedelta(hours=6)
"""As ECS renews them; on the machine's clock, which is the task's."""


class Life:
    """What AWS does by itself."""

    def __init__(self, endpoint: str, permission: Permission = trusted_by_name) -> None:
        self.clock = Clock()
        self.account = Account(endpoint, self.clock, permission)
        self.metrics = Metrics(self.account)
        self.bus = Bus(self.account, self.metrics)
        self.executions = Executions(self.account, self.bus, self.metrics)
        self.fargate = Fargate(self.account, self.bus)
        self.services = Services(self.account, self.bus, self.fargate)
        self.schedules = Schedules(self.account, self.bus, self.metrics)
        self.alarms = Alarms(self.account, self.bus, self.metrics)
        self.scaling = Scaling(self.account)
        self.scans = Scans()
        self.control = Control()

    def install(self) -> None:
        """Hangs everything on moto's objects and lets time pass."""
        self.bus.install()
        storage.install(self.bus)
        self.executions.install()
        self.fargate.install()
        self.services.install()
        self.schedules.install()
        self.alarms.install()
        self.alarms.scale = self.scaling.scale
        self.scaling.install()
        self.scans.install()
        log_filters.install(self.account, self.metrics)
        self._add_controls()
        self.clock.start()

    def _add_controls(self) -> None:
        add = self.control.add
        add("GET", "timeline", lambda rest, parameters: self.account.timeline_lines(int(parameters.get("since", 0))))
        add("GET", "clock", lambda rest, parameters: {"now": self.clock.now().isoformat()})
        add("POST", "clock", lambda rest, parameters: self._move_clock(parameters))
        add("GET", "settle", lambda rest, parameters: self.account.settle())
        add("POST", "outcomes", lambda rest, parameters: self._expect(parameters))
        add("POST", "scan-findings", lambda rest, parameters: self._find(parameters))
        add("GET", "credentials", lambda rest, parameters: self._credentials(rest))
        add("POST", "metrics", lambda rest, parameters: self._measure(parameters))

    def _move_clock(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        if "set" in parameters:
            self.clock.set(moment(parameters["set"]))
        elif "advance" in parameters:
            self.clock.advance(float(parameters["advance"]))
        elif "speed" in parameters:
            self.clock.speed(float(parameters["speed"]))
        else:
            raise BadRequestError('the clock takes {"set": ISO moment}, {"advance": seconds} or {"speed": factor}')
        return {"now": self.clock.now().isoformat()}

    def _expect(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        try:
            self.fargate.outcomes.add(parameters)
        except UnknownOutcomeError as error:
            raise BadRequestError(str(error)) from error
        return {}

    def _find(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        try:
            self.scans.set(parameters)
        except UnknownFindingsError as error:
            raise BadRequestError(str(error)) from error
        return {}

    def _measure(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """A data point that an agent of AWS would publish, such as Container Insights'."""
        self.metrics.put(
            str(parameters.get("region", "us-east-1")),
            str(parameters["namespace"]),
            str(parameters["name"]),
            dict(parameters.get("dimensions", {})),
            float(parameters["value"]),
            str(parameters.get("unit", "Count")),
        )
        return {}

    def _credentials(self, task_id: str) -> dict[str, str]:
        role = self.fargate.credentials.get(task_id)
        if role is None:
            raise BadRequestError(f"no running task {task_id} with a task role")
        return {
            "RoleArn": role.role_arn,
            "AccessKeyId": role.access_key_id,
            "SecretAccessKey": role.secret_access_key,
            "Token": role.session_token,
            "Expiration": (machine_time() + CREDENTIALS_LAST).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
