"""A small account that the operator's commands are asked about, and how a test asks.

moto lacks the Fargate code of Service Quotas, and runs no Fargate task; those answers are put in at the boto3 client,
where the test says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
from typer.testing import CliRunner, Result

from batchctl import cli
from batchctl.errors import OperatorError

ACCOUNT, REGION = "123456789012", "us-east-1"
JOBS = ("data-ingestion", "risk-calculation", "report-generation")
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:statemachine-nightly-dev"


class Account:
    """A small account with what the commands ask for."""

    def __init__(self, outputs: Path) -> None:
        self.outputs = outputs
        self.values: dict[str, Any] = {
            "environment": "dev",
            "region": REGION,
            "accountId": ACCOUNT,
            "stateMachineArn": MACHINE,
            "inputBucketName": "bucket-input-dev",
            "ledgerTableName": "table-ledger-dev",
            "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/cluster-batch-dev",
            "logGroupNames": {job: f"/batch/{job}-dev" for job in JOBS},
            "deadLetterQueueUrls": {"nightly-start": "https://sqs/x"},
            "jobDeadLetterQueueUrls": {},
        }
        self._network()
        self._tasks()
        self._ledger()
        self.write()

    def write(self) -> None:
        self.outputs.write_text(json.dumps(self.values))

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

    def _network(self) -> None:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")["VpcEndpoint"]
        self.values |= {
            "privateSubnetIds": [subnet],
            "taskSecurityGroupId": group,
            "endpointIds": {"s3": endpoint["VpcEndpointId"]},
        }

    def _tasks(self) -> None:
        ecs, ecr = self.client("ecs"), self.client("ecr")
        ecs.create_cluster(clusterName="cluster-batch-dev")
        arns = {}
        for job in JOBS:
            ecr.create_repository(repositoryName=f"repository-{job}-dev")
            image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/repository-{job}-dev:release-0"
            definition = ecs.register_task_definition(
                family=f"task-{job}-dev",
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="256",
                memory="512",
                containerDefinitions=[{"name": job, "image": image}],
            )
            arns[job] = definition["taskDefinition"]["taskDefinitionArn"]
        self.values["taskDefinitionArns"] = arns

    def _ledger(self) -> None:
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName="table-ledger-dev",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "business_date", "KeyType": "HASH"},
                {"AttributeName": "manifest", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "business_date", "AttributeType": "S"},
                {"AttributeName": "manifest", "AttributeType": "S"},
            ],
        )
        for day, status in (("2026-11-19", "SUCCEEDED"), ("2026-11-20", "FAILED")):
            dynamodb.put_item(
                TableName="table-ledger-dev",
                Item={
                    "business_date": {"S": day},
                    "manifest": {"S": f"incoming/{day}/manifest.json#v1"},
                    "status": {"S": status},
                    "run_id": {"S": f"run-{day}"},
                    "started_at": {"S": f"{day}T07:00:00.000Z"},
                    "duration_seconds": {"N": "600"},
                    "report_uri": {"S": f"s3://out/reports/{day}/report.pdf" if status == "SUCCEEDED" else ""},
                },
            )

    def machine(self) -> None:
        role = f"arn:aws:iam::{ACCOUNT}:role/role-x"
        definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
        self.client("stepfunctions").create_state_machine(
            name="statemachine-nightly-dev", definition=definition, roleArn=role
        )


def ask(account: Account, *arguments: str) -> Result:
    return CliRunner().invoke(cli.app, [*arguments, "--outputs", str(account.outputs)])


def refused(result: Result) -> OperatorError:
    """The one message that the command ends in; `main` prints it and exits with its code."""
    assert isinstance(result.exception, OperatorError), result.output
    return result.exception
