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
from sandbox.tasks import images

REGION, ACCOUNT = "us-east-1", "123456789012"
JOB = """
import json, os, signal, sys, time
print(json.dumps({"level": os.environ.get("LEVEL", "info"), "event": "ran", "who": os.environ.get("BATCH_WHO", "")}))
print("scratch", os.path.isdir(os.environ["SCRATCH"]), flush=True)
if os.environ.get("STAY"):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    while True:
        time.sleep(0.1)
sys.exit(int(os.environ.get("EXIT", "0")))
"""


def eventually(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """What `holds` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
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
        found = list(answer.get("Messages", []))
        for message in found:
            self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def heard(self, purpose: str = "topic") -> tuple[str, str]:
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
        found = self.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return [one for one in found if status in (None, one["status"])]

    def ended(self, execution: str) -> dict[str, Any]:
        """The execution's description once it has ended."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return dict(eventually(look))

    def started(self, machine: str, given: dict[str, Any] | None = None) -> str:
        answer = self.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given or {}))
        return str(answer["executionArn"])

    def told(self, *words: str) -> list[str]:
        """Lines of the timeline that hold all `words`."""
        lines = [f"{line['source']} {line['what']}" for line in self.sandbox.get("timeline")]
        return [line for line in lines if all(word in line for word in words)]


@dataclass
class Cluster:
    """A network as the platform's, a cluster, an image and a task definition in a world."""

    world: World

    def __post_init__(self) -> None:
        ec2 = self.world.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
        self.tasks_group, self.endpoints_group = (self._group(purpose) for purpose in ("tasks", "endpoints"))
        (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"]
        self.route_table = table["RouteTableId"]
        for group in (self.tasks_group,):
            everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
            ec2.authorize_security_group_egress(
                GroupId=group,
                IpPermissions=[
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                ],
            )
        ec2.authorize_security_group_ingress(
            GroupId=self.endpoints_group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "UserIdGroupPairs": [{"GroupId": self.tasks_group}],
                }
            ],
        )
        self.endpoints = {service: self._endpoint(service) for service in ("ecr.api", "ecr.dkr", "logs")}
        self.gateway = ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.s3",
            VpcEndpointType="Gateway",
            RouteTableIds=[self.route_table],
        )["VpcEndpoint"]["VpcEndpointId"]
        self.name = f"cluster-{self.world.name}"
        self.arn = self.world.client("ecs").create_cluster(
            clusterName=self.name, capacityProviders=["FARGATE", "FARGATE_SPOT"]
        )["cluster"]["clusterArn"]
        self.log_group = f"/batch/{self.world.name}"
        self.world.client("logs").create_log_group(logGroupName=self.log_group)
        self.repository = f"repository-{self.world.name}"
        self.world.client("ecr").create_repository(repositoryName=self.repository)
        self.execution_role = self.world.role("execution", "ecs-tasks.amazonaws.com")
        self.task_role = self.world.role("task", "ecs-tasks.amazonaws.com")
        self.push()
        self.task_definition = self.register()

    @property
    def network(self) -> dict[str, Any]:
        return {
            "awsvpcConfiguration": {
                "subnets": [self.subnet],
                "securityGroups": [self.tasks_group],
                "assignPublicIp": "DISABLED",
            }
        }

    def push(self, tag: str = "release-1") -> str:
        script = self.world.folder / f"job-{self.world.name}.py"
        script.write_text(JOB, encoding="utf-8")
        dockerfile = self.world.folder / f"Dockerfile-{self.world.name}"
        dockerfile.write_text(f'FROM python:3.13-slim\nENTRYPOINT ["python", "{script}"]\n', encoding="utf-8")
        return images.push(self.world.client("ecr"), self.repository, tag, dockerfile)

    def register(self, tag: str = "release-1", **environment: str) -> str:
        container: dict[str, Any] = {
            "name": "job",
            "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.repository}:{tag}",
            "essential": True,
            "stopTimeout": 2,
            "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}],
            "environment": [
                {"name": name, "value": value} for name, value in {"SCRATCH": "/scratch", **environment}.items()
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.log_group,
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "job",
                },
            },
        }
        answer = self.world.client("ecs").register_task_definition(
            family=f"family-{self.world.name}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=self.execution_role,
            taskRoleArn=self.task_role,
            volumes=[{"name": "scratch"}],
            containerDefinitions=[container],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def run(self, **environment: str) -> str:
        """Starts a task; returns its ARN."""
        answer = self.world.client("ecs").run_task(
            cluster=self.arn,
            taskDefinition=self.task_definition,
            capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
            networkConfiguration=self.network,
            overrides={
                "containerOverrides": [
                    {
                        "name": "job",
                        "environment": [{"name": key, "value": value} for key, value in environment.items()],
                    }
                ]
            },
        )
        (task,) = answer["tasks"]
        return str(task["taskArn"])

    def task(self, arn: str) -> dict[str, Any]:
        (found,) = self.world.client("ecs").describe_tasks(cluster=self.arn, tasks=[arn])["tasks"]
        return dict(found)

    def stopped(self, arn: str) -> dict[str, Any]:
        """The task once it has stopped."""
        return dict(eventually(lambda: (found := self.task(arn))["lastStatus"] == "STOPPED" and found))

    def lines(self) -> list[str]:
        """Everything in the log group."""
        events = self.world.client("logs").filter_log_events(logGroupName=self.log_group)["events"]
        return [event["message"] for event in events]

    def run_task_state(self, **more: Any) -> dict[str, Any]:
        """A state that runs the task to its end."""
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Arguments": {
                "Cluster": self.arn,
                "TaskDefinition": self.task_definition,
                "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
                "NetworkConfiguration": {
                    "AwsvpcConfiguration": {
                        "Subnets": [self.subnet],
                        "SecurityGroups": [self.tasks_group],
                        "AssignPublicIp": "DISABLED",
                    }
                },
                "Overrides": {
                    "ContainerOverrides": [
                        {"Name": "job", "Environment": [{"Name": "BATCH_WHO", "Value": "{% $states.input.who %}"}]}
                    ]
                },
            },
            "End": True,
            **more,
        }

    def _group(self, purpose: str) -> str:
        ec2 = self.world.client("ec2")
        made = ec2.create_security_group(GroupName=f"{purpose}-{self.world.name}", Description=purpose, VpcId=self.vpc)
        return str(made["GroupId"])

    def _endpoint(self, service: str) -> str:
        made = self.world.client("ec2").create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[self.endpoints_group],
            PrivateDnsEnabled=True,
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])
