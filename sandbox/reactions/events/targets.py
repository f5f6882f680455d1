"""Deliveries to what a rule, a schedule or an alarm points at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.reactions.account import Account, DeniedError


class NotEmulatedError(Exception):
    """A target of a kind that the sandbox does not deliver to."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message on its way."""

    service: str
    """Who delivers: "events.amazonaws.com"."""
    source_arn: str
    """On whose behalf: a rule, a schedule."""
    target_arn: str
    role_arn: str | None
    body: str
    region: str
    session: str
    """The name of the role's session."""
    group_id: str | None = None


def deliver(account: Account, delivery: Delivery) -> None:
    """Delivers, with the role when there is one. Raises `ClientError`, `DeniedError` or `NotEmulatedError`."""
    service = delivery.target_arn.split(":")[2]
    if service == "states":
        _start_execution(account, delivery)
    elif service == "sqs":
        send_to_queue(
            account,
            delivery.service,
            delivery.source_arn,
            delivery.target_arn,
            delivery.body,
            group_id=delivery.group_id,
        )
    elif service == "sns":
        publish(account, delivery.service, delivery.source_arn, delivery.target_arn, delivery.body)
    elif service == "logs":
        _log(account, delivery)
    else:
        raise NotEmulatedError(f"the sandbox does not deliver to {service}; it knows states, sqs, sns and logs")


def explained(error: Exception) -> tuple[str, str]:
    """Code and message of a failed delivery, as a dead letter bears them."""
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"]), str(error.response["Error"]["Message"])
    if isinstance(error, DeniedError):
        return "NO_PERMISSIONS", error.message
    return ("SDK_CLIENT_ERROR" if not isinstance(error, NotEmulatedError) else "NOT_EMULATED"), str(error)


def _start_execution(account: Account, delivery: Delivery) -> None:
    if not delivery.role_arn:
        raise DeniedError("states:StartExecution", "a state machine as a target needs a role")
    credentials = account.assume(
        delivery.role_arn,
        delivery.service,
        delivery.region,
        source_arn=delivery.source_arn,
        session=delivery.session.replace("/", "-"),
    )
    client = account.client("stepfunctions", delivery.region, credentials)
    started = client.start_execution(stateMachineArn=delivery.target_arn, input=delivery.body)
    account.tell(delivery.service.split(".")[0], f"started {started['executionArn']}")


def send_to_queue(
    account: Account,
    service: str,
    source_arn: str,
    queue_arn: str,
    body: str,
    *,
    attributes: Mapping[str, str] | None = None,
    group_id: str | None = None,
) -> None:
    """A message from a service. Raises `ClientError` when there is no such queue, `DeniedError`."""
    account.check(service, "sqs:SendMessage", queue_arn, source_arn)
    region, owner, name = queue_arn.split(":")[3:6]
    _exists(name in sqs_backends[owner][region].queues, "AWS.SimpleQueueService.NonExistentQueue", queue_arn)
    sqs_backends[owner][region].send_message(
        queue_name=name,
        message_body=body,
        group_id=group_id,
        message_attributes={
            key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()
        },
    )


def publish(
    account: Account, service: str, source_arn: str, topic_arn: str, message: str, subject: str | None = None
) -> None:
    """A message to a topic from a service. Raises `ClientError` when there is no such topic, `DeniedError`."""
    account.check(service, "sns:Publish", topic_arn, source_arn)
    region, owner = topic_arn.split(":")[3:5]
    _exists(topic_arn in sns_backends[owner][region].topics, "NotFound", topic_arn)
    sns_backends[owner][region].publish(message=message, arn=topic_arn, subject=subject[:100] if subject else None)


def _log(account: Account, delivery: Delivery) -> None:
    """Delivered by the log delivery service, which asks the log group's resource policy."""
    group_arn = delivery.target_arn.removesuffix(":*")
    region, owner = group_arn.split(":")[3:5]
    name = group_arn.split(":", 6)[6]
    stream_arn = f"{group_arn}:log-stream:{delivery.session}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        account.check(delivery.service, action, stream_arn, delivery.source_arn)
    backend = logs_backends[owner][region]
    _exists(name in backend.groups, "ResourceNotFoundException", group_arn)
    stream = delivery.session
    if stream not in backend.groups[name].streams:
        backend.create_log_stream(name, stream)
    moment = int(account.clock.now().timestamp() * 1000)
    backend.put_log_events(name, stream, [{"timestamp": moment, "message": delivery.body}])


def _exists(is_there: bool, code: str, arn: str) -> None:
    if not is_there:
        missing: Any = {"Error": {"Code": code, "Message": f"{arn} does not exist"}}
        raise ClientError(missing, "Deliver")
