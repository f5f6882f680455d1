"""The private network: VPC, subnets, route tables, endpoints, security groups and flow logs.

There is no NAT, internet gateway, elastic IP or public address, and no argument that adds one: tasks reach AWS through
endpoints. Which names resolve is decided in `components/dns_firewall.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.shared.stack_context import StackContext
from conventions import endpoint_services, iam
from conventions.naming import Reference

if TYPE_CHECKING:
    from settings.network import Network

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class NetworkingArgs:
    """Inputs of `Networking`."""

    context: StackContext
    settings: Network
    zones: Sequence[str]
    """Names of the availability zones, as many as the settings ask for."""
    services: Sequence[str]
    """Services with an interface endpoint: `ecr.api`, `logs`, …"""
    s3_prefix_list_id: pulumi.Input[str]
    """The region's managed prefix list of S3 addresses."""
    repositories: Sequence[Reference]
    """Repositories that tasks may pull from."""
    buckets: Sequence[Reference]
    """Buckets that tasks may reach."""
    agent_repository_arns: Sequence[str] = ()
    """Repositories that GuardDuty's agent is pulled from."""
    debug: bool = False
    """Whether people may open sessions in tasks."""

    def __post_init__(self) -> None:
        if len(self.zones) < self.settings.zones:
            raise ValueError(f"{self.settings.zones} zones are configured, but the region offers {len(self.zones)}")


class Networking(pulumi.ComponentResource):
    """A VPC whose tasks reach AWS and nothing else."""

    vpc_id: pulumi.Output[str]
    subnet_ids: list[pulumi.Output[str]]
    route_table_ids: list[pulumi.Output[str]]
    task_security_group_id: pulumi.Output[str]
    endpoint_security_group_id: pulumi.Output[str]
    endpoint_ids: dict[str, pulumi.Output[str]]
    flow_log_group: aws.cloudwatch.LogGroup | None
    """None when the settings turn flow logs off."""

    def __init__(self, name: str, args: NetworkingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:networking:Networking", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(args.settings.cidr),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": f"vpc-batch-{args.context.names.suffix}"},
            opts=self._child,
        )
        self.vpc_id = vpc.id
        aws.ec2.DefaultSecurityGroup(f"{name}-default-group", vpc_id=vpc.id, ingress=[], egress=[], opts=self._child)
        self.flow_log_group = self._flow_logs() if args.settings.flow_logs else None
        self._subnets()
        self._security_groups()
        self._endpoints()
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "subnet_ids": self.subnet_ids,
                "task_security_group_id": self.task_security_group_id,
            }
        )

    def _subnets(self) -> None:
        self.subnet_ids, self.route_table_ids = [], []
        suffix = self._args.context.names.suffix
        for zone, cidr in zip(self._args.zones, self._args.settings.subnet_ranges, strict=False):
            letter = zone[-1]
            subnet = aws.ec2.Subnet(
                f"{self._name}-private-{letter}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=str(cidr),
                map_public_ip_on_launch=False,
                tags={"Name": f"subnet-private-{letter}-{suffix}"},
                opts=self._child,
            )
            table = aws.ec2.RouteTable(
                f"{self._name}-routes-{letter}",
                vpc_id=self.vpc_id,
                tags={"Name": f"routes-private-{letter}-{suffix}"},
                opts=self._child,
            )
            aws.ec2.RouteTableAssociation(
                f"{self._name}-routes-{letter}-association",
                subnet_id=subnet.id,
                route_table_id=table.id,
                opts=self._child,
            )
            self.subnet_ids.append(subnet.id)
            self.route_table_ids.append(table.id)

    def _security_groups(self) -> None:
        suffix = self._args.context.names.suffix
        tasks = aws.ec2.SecurityGroup(
            f"{self._name}-tasks",
            name=f"group-tasks-{suffix}",
            description="Batch tasks. Outbound only, on purpose: nothing connects to a task, so no ingress rule.",
            vpc_id=self.vpc_id,
            opts=self._child,
        )
        endpoints = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            name=f"group-endpoints-{suffix}",
            description="Interface endpoints. Inbound only, on purpose: endpoints answer tasks and open no connection.",
            vpc_id=self.vpc_id,
            opts=self._child,
        )
        self.task_security_group_id, self.endpoint_security_group_id = tasks.id, endpoints.id
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-tasks-to-endpoints",
            security_group_id=tasks.id,
            referenced_security_group_id=endpoints.id,
            description="HTTPS to the interface endpoints (ECR, CloudWatch Logs and what the settings add)",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self._child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-tasks-to-s3",
            security_group_id=tasks.id,
            prefix_list_id=self._args.s3_prefix_list_id,
            description="HTTPS to S3 through the gateway endpoint, which routes the public addresses of S3",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints-from-tasks",
            security_group_id=endpoints.id,
            referenced_security_group_id=tasks.id,
            description="HTTPS from batch tasks and from nothing else",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self._child,
        )

    def _endpoints(self) -> None:
        names, region = self._args.context.names, self._args.context.names.region
        repository_arns = [repository.arn for repository in self._args.repositories]
        self.endpoint_ids = {}
        for service in self._args.services:
            label = service.replace(".", "-")
            endpoint = aws.ec2.VpcEndpoint(
                f"{self._name}-endpoint-{label}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.subnet_ids[: self._args.settings.endpoint_zones],
                security_group_ids=[self.endpoint_security_group_id],
                policy=endpoint_services.interface_policy(
                    names,
                    service,
                    repository_arns,
                    agent_arns=self._args.agent_repository_arns,
                    debug=self._args.debug,
                ),
                tags={"Name": f"endpoint-{label}-{names.suffix}"},
                opts=self._child,
            )
            self.endpoint_ids[service] = endpoint.id
        gateway = aws.ec2.VpcEndpoint(
            f"{self._name}-endpoint-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=self.route_table_ids,
            policy=endpoint_services.s3_policy(names, [bucket.arn for bucket in self._args.buckets]),
            tags={"Name": f"endpoint-s3-{names.suffix}"},
            opts=self._child,
        )
        self.endpoint_ids["s3"] = gateway.id

    def _flow_logs(self) -> aws.cloudwatch.LogGroup:
        names = self._args.context.names
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-flow-logs",
            name=names.log_group("flow-logs"),
            retention_in_days=self._args.context.log_retention_days,
            kms_key_id=self._args.context.logs_key_arn,
            opts=self._child,
        )
        role = aws.iam.Role(
            f"{self._name}-flow-logs-role",
            name=names.name("role", "flow-logs"),
            description="Lets VPC flow logs write to their log group",
            assume_role_policy=iam.trust(
                "vpc-flow-logs.amazonaws.com",
                account=names.account,
                source_arn=names.arn("ec2", "vpc-flow-log/*"),
            ),
            opts=self._child,
        )
        arn = names.log_group_arn(names.log_group("flow-logs"))
        may_write = aws.iam.RolePolicy(
            f"{self._name}-flow-logs-policy",
            name="write-flow-logs",
            role=role.name,
            policy=iam.document(
                iam.statement(
                    "WriteFlowLogs",
                    ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    [arn, f"{arn}:*"],
                ),
            ),
            opts=self._child,
        )
        aws.ec2.FlowLog(
            f"{self._name}-flow-log",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[may_write]),
        )
        return group
