"""What malformed requests speak of, made anew for each: a bucket with an object, an alarm, a machine that has run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.strict.grammar.principals import endpoint_names
from tests.sandbox.strict.conftest import Strict, policy, trust


class Scenery(Strict):
    """The account with new things in it; their names are returned."""

    def unused_service(self) -> str:
        """A service without an endpoint in the account's VPC."""
        endpoints = self.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        used = {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints}
        return min(endpoint_names() - used - {"s3", "dynamodb"})

    def new_vpc(self) -> str:
        return str(self.client("ec2").create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"])

    def new_table(self) -> str:
        return str(self.client("ec2").create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])

    def new_role(self) -> str:
        name = self.name()
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com"))
        return name

    def new_key(self) -> str:
        return str(self.client("kms").create_key()["KeyMetadata"]["KeyId"])

    def new_task(self) -> str:
        network = {"awsvpcConfiguration": {"subnets": [self.subnet], "securityGroups": [self.group]}}
        ecs = self.client("ecs")
        started = ecs.run_task(
            cluster="cluster", taskDefinition="fargate", launchType="FARGATE", networkConfiguration=network
        )
        return str(started["tasks"][0]["taskArn"])

    def new_definition(self) -> str:
        container = {"name": "main", "image": "image", "memory": 256}
        registered = self.client("ecs").register_task_definition(family=self.name(), containerDefinitions=[container])
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def new_service(self, count: int) -> str:
        name = self.name()
        network = {"awsvpcConfiguration": {"subnets": [self.subnet], "securityGroups": [self.group]}}
        self.client("ecs").create_service(
            cluster="cluster",
            serviceName=name,
            taskDefinition="fargate",
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration=network,
        )
        return name

    def new_repository(self) -> str:
        return str(self.client("ecr").create_repository(repositoryName=self.name())["repository"]["repositoryName"])

    def new_object(self, key: str = "object") -> str:
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=b"x")
        return key

    def new_bucket(self) -> str:
        name = self.name()
        self.client("s3").create_bucket(Bucket=name)
        return name

    def full_bucket(self) -> str:
        name = self.new_bucket()
        self.client("s3").put_object(Bucket=name, Key="k", Body=b"x")
        return name

    def log_bucket(self) -> str:
        """A bucket that S3 may write access logs to."""
        name = self.new_bucket()
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}/*",
        }
        self.client("s3").put_bucket_policy(Bucket=name, Policy=policy(statement))
        return name

    def new_upload(self, key: str) -> str:
        return str(self.client("s3").create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"])

    def new_parts(self, key: str, order: Sequence[int] = (1,)) -> dict[str, Any]:
        """The request that completes an upload of a byte in each part, which it lists in this order."""
        s3, upload = self.client("s3"), self.new_upload(key)
        parts = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=b"x")[
                    "ETag"
                ],
            }
            for number in order
        ]
        return {"Bucket": self.bucket, "Key": key, "UploadId": upload, "MultipartUpload": {"Parts": parts}}

    def new_alarm(self) -> str:
        name = self.name()
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )
        return name

    def new_stream(self) -> str:
        name = self.name()
        self.client("logs").create_log_stream(logGroupName="/batch/group", logStreamName=name)
        return name

    def new_group(self) -> str:
        name = f"/batch/{self.name()}"
        self.client("logs").create_log_group(logGroupName=name)
        return name

    def new_rule(self, *, targets: bool = False) -> str:
        name, events = self.name(), self.client("events")
        events.put_rule(Name=name, ScheduleExpression="rate(1 day)")
        if targets:
            events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": self.queue}])
        return name

    def new_schedule(self) -> str:
        name = self.name()
        self.client("scheduler").create_schedule(
            Name=name,
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": self.machine, "RoleArn": self.scheduler_role},
        )
        return name

    def new_schedule_group(self) -> str:
        name = self.name()
        self.client("scheduler").create_schedule_group(Name=name)
        return name

    def new_subscription(self) -> str:
        subscribed = self.client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.queue)
        return str(subscribed["SubscriptionArn"])

    def new_receipt(self) -> str:
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName="receipts")["QueueUrl"]
        for to in (url, self.queue_url):
            sqs.send_message(QueueUrl=to, MessageBody="m")
        return str(sqs.receive_message(QueueUrl=self.queue_url)["Messages"][0]["ReceiptHandle"])

    def new_execution_arn(self) -> str:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.machine, name=self.name(), input="{}"
        )
        return str(started["executionArn"])

    def new_execution(self) -> str:
        return self.new_execution_arn().rpartition(":")[2]

    def new_project(self) -> str:
        name = self.name()
        self.client("codebuild").create_project(
            name=name,
            source={"type": "GITHUB", "location": "https://github.com/an/example"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=self.codebuild_role,
        )
        return name

    def new_pipeline(self) -> str:
        from tests.sandbox.strict.delivery.seeds import _CREATE_PIPELINE

        parameters = _CREATE_PIPELINE[1](self)
        self.client("codepipeline").create_pipeline(**parameters)
        return str(parameters["pipeline"]["name"])
