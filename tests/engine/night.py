"""A deployed stack in an account that reacts, a client who sends files, and somebody who hears what is announced.

BATCH_NIGHT_PERMISSIONS=1 has every policy evaluated as well.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest
import yaml

from sandbox import server
from sandbox.checkout import copy_checkout
from sandbox.demo import portfolio
from sandbox.tasks import images
from tests.engine.conftest import Deployed, Engine

JOBS = ("data-ingestion", "risk-calculation", "report-generation")
ROOT = Path(__file__).resolve().parent.parent.parent
FRIDAY = date(2026, 11, 20)
REGION = "us-east-1"
Config: TypeAlias = Mapping[str, Any]
"""Of a stack file: section to settings."""


@dataclass
class Night:
    """The deployed stack with a subscriber and a client."""

    sandbox: server.Sandbox
    deployed: Deployed
    folder: Path
    inbox: str
    """URL of a queue that hears the topic."""
    sent: int = field(default=0)

    def client(self, service: str) -> Any:
        return self.deployed.client(service)

    @property
    def outputs(self) -> dict[str, Any]:
        return self.deployed.outputs

    def send(self, day: date, *, trades: int = 200) -> str:
        """Trade files and the manifest, put by a role of the client's own; returns the manifest's version."""
        self.sent += 1
        folder = self.folder / str(self.sent)
        made = portfolio.write(folder, trades=trades, business_date=day, seed=self.sent)
        assumed = self.client("sts").assume_role(RoleArn=self._client_role(), RoleSessionName="client")["Credentials"]
        s3 = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.sandbox.url,
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
        )
        for path in (*made.files, made.manifest):
            key = path.relative_to(folder).as_posix()
            answer = s3.put_object(Bucket=self.outputs["inputBucketName"], Key=key, Body=path.read_bytes())
        return str(answer["VersionId"])

    def _client_role(self) -> str:
        iam = self.client("iam")
        me = "arn:aws:iam::123456789012:root"
        trust = {"Effect": "Allow", "Principal": {"AWS": me}, "Action": "sts:AssumeRole"}
        bucket = f"arn:aws:s3:::{self.outputs['inputBucketName']}/incoming/*"
        statements = [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": bucket},
            {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"},
        ]
        try:
            arn = iam.create_role(
                RoleName="client",
                AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            )["Role"]["Arn"]
        except iam.exceptions.EntityAlreadyExistsException:
            return str(iam.get_role(RoleName="client")["Role"]["Arn"])
        iam.put_role_policy(
            RoleName="client",
            PolicyName="send",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        return str(arn)

    def run_of(self, version: str, seconds: float = 240) -> dict[str, Any]:
        """The ended execution for a manifest's version."""

        def look() -> dict[str, Any] | None:
            for one in self.executions():
                if version in one["input"] and one["status"] != "RUNNING":
                    return one
            return None

        return dict(eventually(look, seconds))

    def executions(self) -> list[dict[str, Any]]:
        sfn = self.client("stepfunctions")
        listed = sfn.list_executions(stateMachineArn=self.outputs["stateMachineArn"])["executions"]
        return [sfn.describe_execution(executionArn=one["executionArn"]) for one in listed]

    def ledger(self, version: str) -> dict[str, str]:
        """The entry of a manifest's version, without type letters; empty when there is none."""
        items = self.client("dynamodb").scan(TableName=self.outputs["ledgerTableName"])["Items"]
        plain = [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]
        return next((item for item in plain if item["manifest"].endswith(f"#{version}")), {})

    def heard(self) -> list[str]:
        """Subjects of what was announced since the last time."""
        found: list[str] = []
        while (
            messages := self.client("sqs")
            .receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
            .get("Messages", [])
        ):
            for message in messages:
                found.append(str(json.loads(message["Body"])["Subject"]))
                self.client("sqs").delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def hears(self, *words: str) -> str:
        """The first announcement with all `words`, sent within the account's next minutes."""

        def look() -> str | None:
            return next((one for one in self.heard() if all(word in one for word in words)), None)

        return str(eventually(look, 60))

    def expect(self, job: str, kind: str, **more: Any) -> None:
        self.sandbox.post("outcomes", job=job, kind=kind, **more)

    def advance_to(self, moment: str) -> None:
        """Moves the account's clock forward to an ISO moment."""
        now = datetime.fromisoformat(self.sandbox.get("clock")["now"])
        self.sandbox.post("clock", advance=(datetime.fromisoformat(moment) - now).total_seconds())

    def log_lines(self, group: str) -> int:
        return len(self.client("logs").filter_log_events(logGroupName=group)["events"])


def eventually(holds: Callable[[], Any], seconds: float) -> Any:
    """What `holds` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{holds} did not come true within {seconds} s")


def configure(engine: Engine, settings: Config) -> None:
    """Puts `settings` over those of the dev stack's file."""
    file = engine.directory / "Pulumi.dev.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["config"] = _over(content["config"], settings)
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


def _over(below: Config, above: Config) -> dict[str, Any]:
    both = {**below, **above}
    return {
        key: _over(below[key], value) if isinstance(value, Mapping) and isinstance(below.get(key), Mapping) else value
        for key, value in both.items()
    }


@contextmanager
def deployed_night(engine: Engine, folders: pytest.TempPathFactory, settings: Config | None = None) -> Iterator[Night]:
    """The dev stack, with `settings` over its own, up in an account of its own on a Friday before the client sends."""
    folder = folders.mktemp("night")
    evaluates = bool(os.environ.get("BATCH_NIGHT_PERMISSIONS"))
    with server.running(record=folder / "calls.jsonl", log=folder / "server.log", permissions=evaluates) as sandbox:
        sandbox.post("clock", set="2026-11-20T10:00:00Z")
        state = folders.mktemp("night-state").as_uri()
        own = Engine(
            copy_checkout(folders.mktemp("night-checkout") / "platform") if settings else engine.directory,
            engine.account,
            {**engine.environment, **sandbox.environment(REGION), "PULUMI_BACKEND_URL": state},
        )
        own.run("stack", "init", "dev")
        if settings:
            configure(own, settings)
        own.run("up", "--yes", "--skip-preview", "--stack", "dev")
        deployed = Deployed(own, "dev", own.outputs("dev"))
        for job in JOBS:
            images.push(
                deployed.client("ecr"), f"repository-{job}-dev", "release-0", ROOT / "jobs" / job / "Dockerfile"
            )
        sqs = deployed.client("sqs")
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        deployed.client("sns").subscribe(TopicArn=deployed.outputs["topicArn"], Protocol="sqs", Endpoint=arn)
        sandbox.post("clock", advance=30)
        sandbox.post("clock", speed=20)
        yield Night(sandbox, deployed, folder, inbox)
