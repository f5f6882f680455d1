"""Rules on a schedule and EventBridge Scheduler's schedules: what is due, and its delivery."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.events.models import Rule, events_backends
from moto.scheduler.models import Schedule, scheduler_backends

from sandbox.reactions.account import ACCOUNT_ID, Account, DeniedError
from sandbox.reactions.events import recurrence, targets
from sandbox.reactions.events.bus import RETRIED, Bus
from sandbox.reactions.metrics import Metrics

NAMESPACE = "AWS/Scheduler"
SERVICE = "scheduler.amazonaws.com"
RETRY_SECONDS = 60


class Schedules:
    """Everything in the account that happens by the clock."""

    def __init__(self, account: Account, bus: Bus, metrics: Metrics) -> None:
        self._account, self._bus, self._metrics = account, bus, metrics

    def install(self) -> None:
        """Asks the clock to be asked."""
        self._account.clock.due(self._due)

    def _due(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, Any]]:
        for backend in list(events_backends[ACCOUNT_ID].values()):
            for rule in list(backend.event_buses["default"].rules.values()):
                if rule.state == "ENABLED" and rule.scheduled_expression:
                    moment = self._next(rule.name, rule.scheduled_expression, "UTC", after)
                    if moment and moment <= until:
                        yield moment, lambda rule=rule, moment=moment: self._trigger(rule, moment)
        for scheduler in list(scheduler_backends[ACCOUNT_ID].values()):
            for group in list(scheduler.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    if schedule.state != "ENABLED":
                        continue
                    moment = self._next(
                        schedule.name, schedule.schedule_expression, schedule.schedule_expression_timezone, after
                    )
                    if moment and moment <= until:
                        yield moment, lambda s=schedule, b=scheduler, m=moment: self._invoke(s, b.region_name, m)

    def _next(self, name: str, expression: str, timezone: str, after: datetime) -> datetime | None:
        try:
            return recurrence.following(expression, timezone, after)
        except recurrence.ExpressionError as error:
            self._account.tell_once("scheduler", f"NOT EMULATED: schedule {name}: {error}")
            return None

    def _trigger(self, rule: Rule, moment: datetime) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT_ID,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": rule.region_name,
            "resources": [rule.arn],
            "detail": {},
        }
        self._bus.trigger(rule, event)

    def _invoke(self, schedule: Schedule, region: str, moment: datetime) -> None:
        self._account.tell("scheduler", f"{schedule.name} is due")
        self._account.background(self._deliver, schedule, region, moment, 0)

    def _deliver(self, schedule: Schedule, region: str, moment: datetime, attempt: int) -> None:
        target = schedule.target
        group = f"arn:aws:scheduler:{region}:{ACCOUNT_ID}:schedule-group/{schedule.group_name}"
        body = _filled(target.get("Input", "{}"), schedule, moment, attempt)
        self._measure(region, schedule, "InvocationAttemptCount")
        try:
            targets.deliver(
                self._account,
                targets.Delivery(
                    service=SERVICE,
                    source_arn=group,
                    target_arn=target["Arn"],
                    role_arn=target.get("RoleArn"),
                    body=body,
                    region=region,
                    session=f"{schedule.name}-{moment:%Y%m%dT%H%M}"[-64:],
                ),
            )
        except (ClientError, DeniedError, targets.NotEmulatedError) as error:
            code, message = targets.explained(error)
            self._account.tell("scheduler", f"{schedule.name} could not reach {target['Arn']}: {code}: {message}")
            self._measure(region, schedule, "TargetErrorCount")
            policy: Mapping[str, Any] = target.get("RetryPolicy") or {}
            if code in RETRIED and attempt < policy.get("MaximumRetryAttempts", 185):
                self._account.clock.after(
                    RETRY_SECONDS,
                    lambda: self._account.background(self._deliver, schedule, region, moment, attempt + 1),
                )
                return
            self._give_up(schedule, region, target, body, (code, message), attempt)

    def _give_up(
        self,
        schedule: Schedule,
        region: str,
        target: Mapping[str, Any],
        body: str,
        why: tuple[str, str],
        attempts: int,
    ) -> None:
        """The dead-letter queue takes the input, sent with the schedule's role."""
        self._measure(region, schedule, "InvocationDroppedCount")
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        attributes = {
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": why[0],
            "ERROR_MESSAGE": why[1],
            "RETRY_ATTEMPTS": str(attempts),
        }
        try:
            role = self._account.assume(
                target["RoleArn"], SERVICE, region, source_arn=schedule.arn, session="dead-letters"
            )
            sqs = self._account.client("sqs", region, role)
            url = f"{self._account.endpoint}/{ACCOUNT_ID}/{queue.split(':')[5]}"
            sqs.send_message(
                QueueUrl=url,
                MessageBody=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value[:1000]} for name, value in attributes.items()
                },
            )
            self._measure(region, schedule, "InvocationsSentToDeadLetterCount")
        except (ClientError, DeniedError) as error:
            self._account.tell("scheduler", f"{schedule.name}: its dead-letter queue takes nothing: {error}")
            self._measure(region, schedule, "InvocationsFailedToBeSentToDeadLetterCount")

    def _measure(self, region: str, schedule: Schedule, name: str) -> None:
        self._metrics.put(region, NAMESPACE, name, {"ScheduleGroup": schedule.group_name}, 1)


def _filled(template: str, schedule: Schedule, moment: datetime, attempt: int) -> str:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""
    for name, value in (
        ("schedule-arn", schedule.arn),
        ("scheduled-time", moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("execution-id", str(uuid.uuid4())),
        ("attempt-number", str(attempt + 1)),
    ):
        template = template.replace(f"<aws.scheduler.{name}>", json.dumps(value)[1:-1])
    return template
