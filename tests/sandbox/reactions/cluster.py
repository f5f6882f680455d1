"""A cluster on Fargate with a job whose tasks run as processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.tasks import images
from tests.sandbox.reactions.world import ACCOUNT, REGION, World, eventually

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

    def register(self, tag: str = "release-1", health_check: dict[str, Any] | None = None, **environment: str) -> str:
        container: dict[str, Any] = {
            "name": "job",
            "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.repository}:{tag}",
            "essential": True,
            "stopTimeout": 2,
            **({"healthCheck": health_check} if health_check else {}),
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
        (task,) = self.world.client("ecs").describe_tasks(cluster=self.arn, tasks=[arn])["tasks"]
        return dict(task)

    def stopped(self, arn: str) -> dict[str, Any]:
        """The task once it has stopped."""
        return dict(eventually(lambda: (task := self.task(arn))["lastStatus"] == "STOPPED" and task))

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
        created = ec2.create_security_group(
            GroupName=f"{purpose}-{self.world.name}", Description=purpose, VpcId=self.vpc
        )
        return str(created["GroupId"])

    def _endpoint(self, service: str) -> str:
        created = self.world.client("ec2").create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[self.endpoints_group],
            PrivateDnsEnabled=True,
        )
        return str(created["VpcEndpoint"]["VpcEndpointId"])
