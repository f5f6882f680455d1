"""EC2, ECS, ECR and Application Auto Scaling."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute, data
from tests.sandbox.strict.conftest import ACCOUNT, Strict
from tests.sandbox.strict.documented import ABSENT, Request, request

_EGRESS: Final = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
_BUCKET_LOGS: Final = {
    "LogDestinationType": "s3",
    "LogGroupName": ABSENT,
    "DeliverLogsPermissionArn": ABSENT,
}


def _container(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        first, second = compute.task(a)["containerDefinitions"]
        container = {name: value for name, value in {**first, **members}.items() if value is not ABSENT}
        return {"containerDefinitions": [container, second]}

    return change


def _track(**members: Any) -> dict[str, Any]:
    return {"TargetTrackingScalingPolicyConfiguration": members}


_ALB: Final = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization", "ResourceLabel": "app/x/1/targetgroup/y/2"}
_AWSLOGS: Final = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"}
SENTENCES: Final[dict[str, list[Request]]] = {
    "ec2": [
        request(
            "CreateVpc",
            {"CidrBlock": "10.50.0.0/16"},
            ipv6_without_pool={"Ipv6CidrBlock": "2600:1f18::/56"},
            border_without_ipv6={"Ipv6CidrBlockNetworkBorderGroup": "us-east-1"},
            host={"InstanceTenancy": "host"},
            own_and_amazons={"AmazonProvidedIpv6CidrBlock": True, "Ipv6CidrBlock": "2600:1f18::/56", "Ipv6Pool": "p"},
            no_block={"CidrBlock": ABSENT},
        ),
        request(
            "CreateSecurityGroup",
            lambda a: {"GroupName": a.name(), "Description": "plain", "VpcId": a.vpc},
            case={"GroupName": "SPARE_GROUP"},
        ),
        request(
            "AuthorizeSecurityGroupEgress",
            lambda a: {"GroupId": a.spare_group, "IpPermissions": [_EGRESS]},
            flat={"IpPermissions": ABSENT, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8"},
            codes={"IpPermissions": [{**_EGRESS, "IpProtocol": "icmp", "FromPort": -1, "ToPort": 3}]},
            no_type={"IpPermissions": [{"IpProtocol": "icmp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]},
            pair=lambda a: {
                "IpPermissions": [
                    {
                        **{name: _EGRESS[name] for name in ("IpProtocol", "FromPort", "ToPort")},
                        "UserIdGroupPairs": [{"GroupId": a.group, "Description": "d" * 256}],
                    }
                ]
            },
        ),
        request(
            "CreateFlowLogs",
            data.flow_log,
            no_role={"DeliverLogsPermissionArn": ABSENT},
            many={"ResourceIds": [f"vpc-{n:017x}" for n in range(301)]},
            folder={**_BUCKET_LOGS, "LogDestination": "arn:aws:s3:::a-bucket-of-ours/AWSLogs/"},
            format={"LogFormat": ""},
            interval={"MaxAggregationInterval": 120},
        ),
        request(
            "CreateTags",
            lambda a: {"Resources": [a.vpc], "Tags": [{"Key": "k", "Value": "v"}]},
            many={"Resources": [f"vpc-{n:017x}" for n in range(1001)]},
            key={"Tags": [{"Key": "k" * 128, "Value": "v"}]},
        ),
        request(
            "CreateVpcEndpoint",
            data.endpoint,
            policy={"PolicyDocument": "allow"},
        ),
    ],
    "ecs": [
        request(
            "RegisterTaskDefinition",
            compute.task,
            digest=_container(image="repository/image@sha256:abc"),
            image=_container(image="i" * 256),
            port_name=_container(portMappings=[{"containerPort": 80, "name": "n" * 65}]),
            hyphen=_container(portMappings=[{"containerPort": 80, "name": "-web"}]),
            upside_down=_container(portMappings=[{"containerPortRange": "90-80"}]),
            wide_range=_container(portMappings=[{"containerPortRange": "1000-1200"}]),
            low_range=_container(portMappings=[{"containerPortRange": "0-10"}]),
            exit_codes=_container(restartPolicy={"enabled": True, "ignoredExitCodes": list(range(51))}),
            short_restart=_container(restartPolicy={"enabled": True, "restartAttemptPeriod": 59}),
            long_restart=_container(restartPolicy={"enabled": True, "restartAttemptPeriod": 1801}),
            files=_container(environmentFiles=[{"type": "s3", "value": f"arn:aws:s3:::b/{n}.env"} for n in range(11)]),
            file=_container(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/variables.txt"}]),
            swappiness=_container(linuxParameters={"swappiness": 101}),
            hostname=_container(hostname="job"),
            user=_container(user="-1"),
            two_delimiters=_container(
                logConfiguration={
                    "logDriver": "awslogs",
                    "options": {**_AWSLOGS, "awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "^x"},
                }
            ),
            firelens=_container(firelensConfiguration={"type": "logstash"}),
            inference={"inferenceAccelerators": [{"deviceName": "d", "deviceType": "t"}]},
            family={"family": "f" * 256},
            security=_container(dockerSecurityOptions=["no-new-privileges"]),
        ),
        request(
            "CreateService",
            compute.service,
            no_count={"desiredCount": ABSENT},
            no_weight={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 0}]},
            many={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}] * 21},
            daemon={"schedulingStrategy": "DAEMON", "desiredCount": ABSENT},
            token={"clientToken": "t" * 37},
            name={"serviceName": "a service"},
            percent={"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}},
            circuit={"deploymentController": {"type": "EXTERNAL"}},
            registries={"serviceRegistries": [{"registryArn": "arn:x", "containerPort": 80, "port": 80}]},
        ),
    ],
    "ecr": [
        request(
            "CreateRepository",
            compute.repository,
            region={
                "encryptionConfiguration": {
                    "encryptionType": "KMS",
                    "kmsKey": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
                }
            },
        ),
    ],
    "application-autoscaling": [
        request(
            "PutScalingPolicy",
            compute.tracking,
            label=_track(CustomizedMetricSpecification=ABSENT, PredefinedMetricSpecification=_ALB),
            huge=_track(TargetValue=1e120),
        ),
        request(
            "PutScalingPolicy",
            compute.stepping,
            negative={
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "ExactCapacity",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": -1}],
                }
            },
            bounds={
                "StepScalingPolicyConfiguration": {
                    "StepAdjustments": [
                        {"MetricIntervalLowerBound": 5.0, "MetricIntervalUpperBound": 1.0, "ScalingAdjustment": 1}
                    ]
                }
            },
            aggregation={"StepScalingPolicyConfiguration": {"MetricAggregationType": "Sum"}},
        ),
    ],
}
