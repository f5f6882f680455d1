"""An emulated account with what the deployed program would have made of it, as far as a night needs it.

Everything comes from a recording of the program for a committed stack: the state machine's definition, the task
definitions' environments, the names of buckets, ledger and topic. The demo invents no architecture of its own.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

from batchctl import program, project
from policy.rules import Graph, Resource

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator takes any."""


@dataclass(frozen=True)
class Blueprint:
    """What a stack would be, out of the program's recording."""

    graph: Graph
    region: str

    def one(self, type_: str, name: str) -> Resource:
        """The resource of this type and logical name."""
        (found,) = [resource for resource in self.graph.of_type(type_) if resource.name == name]
        return found

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
        return str(self.one("aws:sns/topic:Topic", "announcements").props["name"])

    @property
    def definition(self) -> dict[str, Any]:
        """The nightly state machine, as it is deployed."""
        loaded: dict[str, Any] = json.loads(
            self.one("aws:sfn/stateMachine:StateMachine", "nightly-machine").props["definition"]
        )
        return loaded

    def container_environment(self, job: str) -> dict[str, str]:
        """The variables that the job's task definition sets."""
        task = self.one("aws:ecs/taskDefinition:TaskDefinition", f"{job}-task")
        (container,) = [c for c in json.loads(task.props["containerDefinitions"]) if c["name"] == job]
        return {pair["name"]: pair["value"] for pair in container["environment"]}


def read_blueprint(stack: str) -> Blueprint:
    """Run the program for a committed stack under the recorder. Raises `batchctl.errors.OperatorError`."""
    found = project.find()
    stack_file = found.stack(stack)
    recording = program.recorded(found, stack_file, "resolved")
    return Blueprint(recording.graph(found.name), str(stack_file.config.get("aws:region", "us-east-1")))


@dataclass(frozen=True)
class Account:
    """The emulated account."""

    blueprint: Blueprint
    endpoint: str
    s3: "S3Client"
    inbox: str
    """URL of a queue that hears what the topic announces, in the place of a person's mailbox."""

    def client(self, service: str) -> Any:
        """A client of an emulated service."""
        return _client(service, self.endpoint, self.blueprint.region)

    def announcements(self) -> list[str]:
        """The subjects of what was announced so far; each is given once."""
        answer = self.client("sqs").receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
        return [str(json.loads(message["Body"])["Subject"]) for message in answer.get("Messages", [])]

    def ledger_entries(self) -> list[dict[str, str]]:
        """The run ledger, without DynamoDB's type letters."""
        items = self.client("dynamodb").scan(TableName=self.blueprint.ledger["name"])["Items"]
        return [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in items]


@contextmanager
def emulated(blueprint: Blueprint) -> Iterator[Account]:
    """Start an emulator on loopback and make buckets, ledger and topic in it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield _furnish(blueprint, f"http://{host}:{port}")
    finally:
        server.stop()


def _furnish(blueprint: Blueprint, endpoint: str) -> Account:
    s3, dynamodb, sns, sqs = (
        _client(service, endpoint, blueprint.region) for service in ("s3", "dynamodb", "sns", "sqs")
    )
    for bucket in (blueprint.input_bucket, blueprint.output_bucket):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    table = blueprint.ledger
    dynamodb.create_table(
        TableName=table["name"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
            for attribute in table["attributes"]
        ],
        KeySchema=[
            {"AttributeName": table["hashKey"], "KeyType": "HASH"},
            {"AttributeName": table["rangeKey"], "KeyType": "RANGE"},
        ],
    )
    topic = sns.create_topic(Name=blueprint.topic)["TopicArn"]
    inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return Account(blueprint=blueprint, endpoint=endpoint, s3=s3, inbox=inbox)


def _client(service: str, endpoint: str, region: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
