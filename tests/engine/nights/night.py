"""A stack that the deploy role took up in an account that reacts, a client who sends files, and somebody who hears.

Every policy is evaluated: of the deployment, of the client, of each machine, job and service.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest
import yaml

from conventions import iam as documents
from conventions.naming import Names
from sandbox import server
from sandbox.checkout import copy_checkout
from sandbox.demo import portfolio
from sandbox.tasks import images
from tests.engine.conftest import Deployed, Engine
from tooling.delivery import permissions, step_role

JOBS = ("data-ingestion", "risk-calculation", "report-generation")
ROOT = Path(__file__).resolve().parents[3]
FRIDAY = date(2026, 11, 20)
REGION, ACCOUNT = "us-east-1", "123456789012"
DEPLOYER = "deployer"
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

    @property
    def today(self) -> date:
        """The account's date, which a test before may have moved: the manifest of an older date would be held."""
        return datetime.fromisoformat(self.sandbox.get("clock")["now"]).date()

    def send(self, day: date, *, trades: int = 200) -> str:
        """Trade files and the manifest, put by a role of the client's own; returns the manifest's version."""
        self.sent += 1
        folder = self.folder / str(self.sent)
        written = portfolio.write(folder, trades=trades, business_date=day, seed=self.sent)
        assumed = self.client("sts").assume_role(RoleArn=self._client_role(), RoleSessionName="client")["Credentials"]
        s3 = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.sandbox.url,
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
        )
        for path in (*written.files, written.manifest):
            key = path.relative_to(folder).as_posix()
            answer = s3.put_object(Bucket=self.outputs["inputBucketName"], Key=key, Body=path.read_bytes())
        return str(answer["VersionId"])

    def _client_role(self) -> str:
        iam = self.client("iam")
        bucket = f"arn:aws:s3:::{self.outputs['inputBucketName']}/incoming/*"
        statements = [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": bucket},
            {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"},
        ]
        try:
            arn = iam.create_role(
                RoleName="client",
                AssumeRolePolicyDocument=trusting_root(),
            )["Role"]["Arn"]
        except iam.exceptions.EntityAlreadyExistsException:
            return str(iam.get_role(RoleName="client")["Role"]["Arn"])
        iam.put_role_policy(
            RoleName="client",
            PolicyName="send",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        return str(arn)

    def run_of(self, version: str, seconds: float = 600) -> dict[str, Any]:
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

    def new_subjects(self) -> list[str]:
        """Subjects of what was announced since the last time."""
        subjects: list[str] = []
        while (
            messages := self.client("sqs")
            .receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
            .get("Messages", [])
        ):
            for message in messages:
                subjects.append(str(json.loads(message["Body"])["Subject"]))
                self.client("sqs").delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return subjects

    def hears(self, *words: str) -> str:
        """The first announcement with all `words`, sent within the account's next minutes."""

        def look() -> str | None:
            return next((one for one in self.new_subjects() if all(word in one for word in words)), None)

        return str(eventually(look, 120))

    def expect(self, job: str, kind: str, **more: Any) -> None:
        self.sandbox.post("outcomes", job=job, kind=kind, **more)

    def advance_to(self, moment: str) -> None:
        """Moves the account's clock forward to an ISO moment."""
        now = datetime.fromisoformat(self.sandbox.get("clock")["now"])
        self.sandbox.post("clock", advance=(datetime.fromisoformat(moment) - now).total_seconds())

    def log_lines(self, group: str) -> list[str]:
        """The messages in a log group."""
        return [event["message"] for event in self.client("logs").filter_log_events(logGroupName=group)["events"]]


def eventually(holds: Callable[[], Any], seconds: float) -> Any:
    """What `holds` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := holds():
            return result
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


def trusting_root() -> str:
    """A trust policy for the account's own root."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]}
    )


def deployers_variables(sandbox: server.Sandbox, stack: str) -> dict[str, str]:
    """Credentials of a role with the very policies that the delivery pipeline's deploy role has for this stack."""

    def client(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=sandbox.url,
            aws_access_key_id="AKIAROOT",
            aws_secret_access_key="root",
        )

    iam = client("iam")
    role = iam.create_role(RoleName=DEPLOYER, AssumeRolePolicyDocument=trusting_root())["Role"]["Arn"]
    names = Names(suffix=stack, account=ACCOUNT, region=REGION)
    for number, chunk in enumerate(step_role.chunks(permissions.deploys(names))):
        created = iam.create_policy(PolicyName=f"{DEPLOYER}-{number}", PolicyDocument=documents.document(*chunk))
        iam.attach_role_policy(RoleName=DEPLOYER, PolicyArn=created["Policy"]["Arn"])
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="up")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


@contextmanager
def deployed_night(
    engine: Engine, folders: pytest.TempPathFactory, settings: Config | None = None, *, stack: str = "dev"
) -> Iterator[Night]:
    """The stack, with `settings` over dev's own, up in an account of its own on a Friday before the client sends."""
    folder = folders.mktemp("night")
    with server.running(record=folder / "calls.jsonl", log=folder / "server.log", permissions=True) as sandbox:
        sandbox.post("clock", set="2026-11-20T10:00:00Z")
        state = folders.mktemp("night-state").as_uri()
        stack_engine = Engine(
            copy_checkout(folders.mktemp("night-checkout") / "platform") if settings else engine.directory,
            engine.account,
            {**engine.environment, **sandbox.environment(REGION), "PULUMI_BACKEND_URL": state},
        )
        deployer = replace(
            stack_engine, environment={**stack_engine.environment, **deployers_variables(sandbox, stack)}
        )
        deployer.run("stack", "init", stack)
        if settings:
            configure(stack_engine, settings)
        deployer.run("up", "--yes", "--skip-preview", "--stack", stack)
        deployed = Deployed(stack_engine, stack, stack_engine.outputs(stack))
        for job in JOBS:
            push(deployed, job)
        sqs = deployed.client("sqs")
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        deployed.client("sns").subscribe(TopicArn=deployed.outputs["topicArn"], Protocol="sqs", Endpoint=arn)
        sandbox.post("clock", advance=30)
        sandbox.post("clock", speed=20)
        yield Night(sandbox, deployed, folder, inbox)


def push(deployed: Deployed, job: str) -> None:
    """Puts the job's image where the task definition looks for it."""
    dockerfile = ROOT / "jobs" / job / "Dockerfile"
    images.push(deployed.client("ecr"), f"repository-{job}-{deployed.stack}", "release-0", dockerfile)
