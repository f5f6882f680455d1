"""A small platform in an emulated account, made with boto3: enough for everything that reacts to react."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from sandbox.server import Sandbox

REGION, ACCOUNT = "us-east-1", "123456789012"


def eventually(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """What `holds` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := holds():
            return result
        time.sleep(0.05)
    raise AssertionError(f"{holds} did not come true within {seconds} s")


@dataclass
class World:
    """The account and the platform's names in it; each world has names of its own."""

    sandbox: Sandbox
    folder: Path
    name: str = field(default_factory=lambda: f"w{uuid.uuid4().hex[:8]}")

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=REGION,
            endpoint_url=self.sandbox.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"

    def role(self, purpose: str, service: str, statements: list[dict[str, Any]] | None = None) -> str:
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
        name, iam = f"{purpose}-{self.name}", self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        allowed = statements or [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document)
        return str(arn)

    def distrust(self, role_arn: str) -> None:
        """From now on only Lambda may assume the role; services refuse to be given such a one from the start."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.client("iam").update_assume_role_policy(
            RoleName=role_arn.rpartition("/")[2],
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )

    def bucket(self, *, eventbridge: bool = True, versioned: bool = True) -> str:
        s3, name = self.client("s3"), f"bucket-{self.name}-{uuid.uuid4().hex[:6]}"
        s3.create_bucket(Bucket=name)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if eventbridge:
            s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
        return name

    def queue(self, purpose: str) -> tuple[str, str]:
        """URL and ARN."""
        url = self.client("sqs").create_queue(QueueName=f"{purpose}-{self.name}")["QueueUrl"]
        return str(url), self.arn("sqs", f"{purpose}-{self.name}")

    def messages(self, url: str) -> list[dict[str, Any]]:
        """Takes up to ten messages off a queue."""
        answer = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        messages = list(answer.get("Messages", []))
        for message in messages:
            self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def subscribed_topic(self, purpose: str = "topic") -> tuple[str, str]:
        """A topic's ARN and the URL of a queue that is subscribed to it."""
        sns = self.client("sns")
        topic = sns.create_topic(Name=f"{purpose}-{self.name}")["TopicArn"]
        url, arn = self.queue(f"{purpose}-inbox")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return str(topic), url

    def rule(self, pattern: dict[str, Any], target: dict[str, Any], purpose: str = "rule", **more: Any) -> str:
        name, events = f"{purpose}-{self.name}", self.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)
        events.put_targets(Rule=name, Targets=[{"Id": "one", **target}])
        return name

    def machine(self, definition: dict[str, Any], purpose: str = "machine", role: str | None = None) -> str:
        arn = self.client("stepfunctions").create_state_machine(
            name=f"{purpose}-{self.name}",
            definition=json.dumps({"QueryLanguage": "JSONata", **definition}),
            roleArn=role or self.role(f"{purpose}-role", "states.amazonaws.com"),
        )["stateMachineArn"]
        return str(arn)

    def executions(self, machine: str, status: str | None = None) -> list[dict[str, Any]]:
        executions = self.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return [one for one in executions if status in (None, one["status"])]

    def ended(self, execution: str) -> dict[str, Any]:
        """The execution's description once it has ended."""

        def look() -> dict[str, Any] | None:
            description: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        return dict(eventually(look))

    def started(self, machine: str, execution_input: dict[str, Any] | None = None) -> str:
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(execution_input or {})
        )
        return str(answer["executionArn"])

    def timeline_lines(self, *words: str) -> list[str]:
        """Lines of the timeline that hold all `words`."""
        lines = [f"{line['source']} {line['what']}" for line in self.sandbox.get("timeline")]
        return [line for line in lines if all(word in line for word in words)]


def hours(world: World, number: float) -> None:
    """Moves the account's clock."""
    world.sandbox.post("clock", advance=number * 3600)
