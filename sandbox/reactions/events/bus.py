"""EventBridge: events meet rules, and rules deliver them to targets with their roles, or to a dead-letter queue.

Delivery that a permission or a missing target prevents is not tried again: the event goes to the dead-letter queue at
once (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html); other failures are retried.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.events.models import Rule, events_backends

from sandbox.reactions.account import ACCOUNT_ID, Account, DeniedError
from sandbox.reactions.events import patterns, target_input, targets
from sandbox.reactions.hooks import replace
from sandbox.reactions.metrics import Metrics

NAMESPACE = "AWS/Events"
RETRIED = ("ThrottlingException", "ServiceUnavailable", "InternalFailure", "TooManyRequestsException")
RETRY_SECONDS = 60
"""Between two deliveries; AWS backs off exponentially with jitter over as many attempts as the policy allows."""


class Bus:
    """The default event bus of each region."""

    def __init__(self, account: Account, metrics: Metrics) -> None:
        self._account, self._metrics = account, metrics

    def install(self) -> None:
        """Takes the place of moto's delivery, which knows queues and logs only."""

        def send(rule: Rule, original_event: Mapping[str, Any], transform_input: bool = True) -> None:
            self._account.background(self._offer, rule, self._completed(original_event, rule.region_name))

        replace(Rule, "send_to_targets", send)

    def publish(
        self, region: str, source: str, detail_type: str, resources: list[str], detail: Mapping[str, Any]
    ) -> None:
        """An event of an AWS service."""
        self._account.background(
            self._deliver_everywhere,
            region,
            self._completed(
                {"source": source, "detail-type": detail_type, "resources": resources, "detail": detail}, region
            ),
        )

    def _completed(self, event: Mapping[str, Any], region: str) -> dict[str, Any]:
        moment = event.get("time")
        when = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int | float) else self._account.clock.now()
        return {
            "version": "0",
            "id": event["id"] if event.get("detail-type") and event.get("ingestion-time") else str(uuid.uuid4()),
            "detail-type": event["detail-type"],
            "source": event["source"],
            "account": ACCOUNT_ID,
            "time": moment if isinstance(moment, str) and moment else when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": list(event.get("resources", [])),
            "detail": event["detail"],
        }

    def _deliver_everywhere(self, region: str, event: Mapping[str, Any]) -> None:
        self._account.tell("events", f"{event['source']} {event['detail-type']}: {_about(event)}")
        for bus in events_backends[ACCOUNT_ID][region].event_buses.values():
            if bus.name == "default":
                for rule in list(bus.rules.values()):
                    self._offer(rule, event)

    def _offer(self, rule: Rule, event: Mapping[str, Any]) -> None:
        """Hands `event` to the rule's targets if it matches."""
        if rule.state != "ENABLED" or not (pattern := rule.event_pattern.get_pattern()):
            return
        try:
            if not patterns.matches(pattern, event):
                return
        except patterns.UnknownOperatorError as error:
            self._account.tell("events", f"NOT EMULATED in {rule.name}: {error}")
            return
        self.trigger(rule, event)

    def trigger(self, rule: Rule, event: Mapping[str, Any]) -> None:
        """Delivers `event` to every target of the rule."""
        self._account.tell("events", f"rule {rule.name} matches {event['detail-type']}: {_about(event)}")
        self._measure(rule, "MatchedEvents", "TriggeredRules")
        for target in list(rule.targets):
            self._account.background(self._deliver, rule, target, event, 0)

    def _deliver(self, rule: Rule, target: Mapping[str, Any], event: Mapping[str, Any], attempt: int) -> None:
        if attempt == 0:
            self._measure(rule, "Invocations")
        policy = target.get("RetryPolicy") or {}
        try:
            event_input = target_input.of_target(target, event, rule.arn, rule.name)
            targets.deliver(
                self._account,
                targets.Delivery(
                    service="events.amazonaws.com",
                    source_arn=rule.arn,
                    target_arn=target["Arn"],
                    role_arn=target.get("RoleArn"),
                    body=event_input,
                    region=rule.region_name,
                    session=f"{rule.name}-{event['id']}"[:64],
                    group_id=(target.get("SqsParameters") or {}).get("MessageGroupId"),
                ),
            )
        except (ClientError, DeniedError, target_input.InvalidInputError, targets.NotEmulatedError) as error:
            code, message = targets.explained(error)
            self._account.tell("events", f"rule {rule.name} could not deliver to {target['Arn']}: {code}: {message}")
            if code in RETRIED and attempt < policy.get("MaximumRetryAttempts", 185):
                self._account.clock.after(
                    RETRY_SECONDS, lambda: self._account.background(self._deliver, rule, target, event, attempt + 1)
                )
                return
            self._measure(rule, "FailedInvocations")
            self._give_up(rule, target, event, code, message, attempt)

    def _give_up(
        self, rule: Rule, target: Mapping[str, Any], event: Mapping[str, Any], code: str, message: str, attempts: int
    ) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message,
            "RETRY_ATTEMPTS": str(attempts),
        }
        try:
            targets.send_to_queue(
                self._account, "events.amazonaws.com", rule.arn, queue, json.dumps(event), attributes=attributes
            )
            self._measure(rule, "InvocationsSentToDlq")
        except (ClientError, DeniedError) as error:
            self._account.tell("events", f"rule {rule.name}: its dead-letter queue does not take the event: {error}")
            self._measure(rule, "InvocationsFailedToBeSentToDlq")

    def _measure(self, rule: Rule, *names: str) -> None:
        for name in names:
            self._metrics.put(rule.region_name, NAMESPACE, name, {"RuleName": rule.name}, 1)


def _about(event: Mapping[str, Any]) -> str:
    """What an event is about, in a few words."""
    detail = event["detail"]
    if event["source"] == "aws.s3":
        return str(detail["object"]["key"])
    if event["source"] == "aws.ecs" and "lastStatus" in detail:
        return f"{detail['group']} {detail['lastStatus']}"
    if event["source"] == "aws.states":
        return f"{detail['name']} {detail['status']}"
    return ", ".join(event["resources"])
