"""What a recorded stack would have in its account, as far as a night needs it: buckets, ledger, topic.

Everything comes from a recording of the program: the names, the ledger's keys, the definitions of the state machines.
Nothing here has an architecture of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policy.rules import Graph, Resource
from workflow import run_ledger

MACHINE = "aws:sfn/stateMachine:StateMachine"


@dataclass(frozen=True)
class Blueprint:
    """A stack, out of the program's recording."""

    graph: Graph
    region: str = "us-east-1"

    def one(self, type_: str, name: str) -> Resource:
        """The resource of this type and logical name."""
        (resource,) = [resource for resource in self.graph.of_type(type_) if resource.name == name]
        return resource

    @property
    def input_bucket(self) -> str:
        """Where the client puts manifest and trade files."""
        return str(self.one("aws:s3/bucket:Bucket", "data-input").props["bucket"])

    @property
    def output_bucket(self) -> str:
        """Where the jobs put everything."""
        return str(self.one("aws:s3/bucket:Bucket", "data-output").props["bucket"])

    @property
    def ledger(self) -> Mapping[str, Any]:
        """The run ledger's table."""
        return self.one("aws:dynamodb/table:Table", "data-ledger").props

    @property
    def topic(self) -> str:
        """Name of the topic on which runs are announced."""
        return str(self.one("aws:sns/topic:Topic", "notifications").props["name"])

    def definition(self, purpose: str = "nightly") -> dict[str, Any]:
        """The state machine of this purpose, as it is deployed."""
        return definition_of(self.graph, purpose)

    def container_environment(self, job: str) -> dict[str, str]:
        """The variables that the job's task definition sets."""
        task = self.one("aws:ecs/taskDefinition:TaskDefinition", f"{job}-task")
        (container,) = [c for c in json.loads(task.props["containerDefinitions"]) if c["name"] == job]
        return {pair["name"]: pair["value"] for pair in container["environment"]}


def definition_of(graph: Graph, purpose: str) -> dict[str, Any]:
    """The definition of one of a recorded program's machines."""
    (machine,) = [m for m in graph.of_type(MACHINE) if str(m.props["name"]).startswith(f"statemachine-{purpose}-")]
    definition: dict[str, Any] = json.loads(machine.props["definition"])
    return definition


@dataclass(frozen=True)
class Furnished:
    """An account with a stack's buckets, ledger and topic in it, and a queue in the place of a person's mailbox."""

    blueprint: Blueprint
    client: Callable[[str], Any]
    """A boto3 client of the account, by the service's name."""
    inbox: str
    """URL of the queue that gets whatever the topic announces."""

    def notifications(self) -> list[dict[str, str]]:
        """Subject and message of everything that was announced since the last call."""
        sqs = self.client("sqs")
        read: list[dict[str, str]] = []
        while messages := sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                read.append({"subject": body["Subject"], "message": body["Message"]})
                sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return read

    def ledger_entries(self) -> list[dict[str, str]]:
        """The run ledger, without DynamoDB's type letters."""
        items = self.client("dynamodb").scan(TableName=self.blueprint.ledger["name"])["Items"]
        entries = [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]
        return [entry for entry in entries if entry["manifest"] != run_ledger.DATE_ITEM]


def furnish(blueprint: Blueprint, client: Callable[[str], Any]) -> Furnished:
    """Creates what the blueprint names in the account that `client` leads to."""
    s3, dynamodb, sns, sqs = (client(service) for service in ("s3", "dynamodb", "sns", "sqs"))
    for bucket in (blueprint.input_bucket, blueprint.output_bucket):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    table = blueprint.ledger
    dynamodb.create_table(
        TableName=table["name"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a["name"], "AttributeType": a["type"]} for a in table["attributes"]],
        KeySchema=[
            {"AttributeName": table["hashKey"], "KeyType": "HASH"},
            {"AttributeName": table["rangeKey"], "KeyType": "RANGE"},
        ],
    )
    topic = sns.create_topic(Name=blueprint.topic)["TopicArn"]
    inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return Furnished(blueprint, client, inbox)
