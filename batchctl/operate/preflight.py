"""What would keep a first `pulumi up` from working, from the committed settings alone.

The program is recorded as for a preview, so that bucket names and endpoint services are those that `pulumi up` would
ask for; the account, its quotas and its zones are AWS's own answers.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from batchctl.operate.diagnosis import Diagnosis, Outcome
from batchctl.operate.doctor import FARGATE_QUOTA
from batchctl.operate.stack import CLIENT_CONFIG
from batchctl.outputs import only_stack
from batchctl.program import recorded, stack_settings
from batchctl.project import Project
from policy.rules import Graph, kinds
from settings import Settings

FARGATE_SPOT_QUOTA: Final = "L-36FBB829"
"""Service Quotas' code of "Fargate Spot vCPU resource count"."""
VPC_QUOTA: Final = "L-F678F1CE"
"""Service Quotas' code of "VPCs per Region"."""
SERVICE_LINKED_ROLES: Final = {
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForApplicationAutoScaling_ECSService": "ecs.application-autoscaling.amazonaws.com",
}
"""Role to the service that it is made for."""
_SECONDS: Final = 20


@dataclass
class Preflight:
    """What the checks ask: the recorded program, its settings, and AWS in the stack's region."""

    stack: str
    region: str
    config: Settings
    graph: Graph
    recorded_account: str
    """The account id that stands in the recording's names."""
    account: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of `service`, with the credentials and endpoint of the environment."""
        if service not in self.clients:
            self.clients[service] = boto3.client(service, region_name=self.region, config=CLIENT_CONFIG)  # type: ignore[call-overload]
        return self.clients[service]


def examine(stack: str | None, project: Project) -> list[Diagnosis]:
    """Every check; one that AWS does not answer is "unknown", never "ok".

    Raises OperatorError when the settings cannot be used. Without usable credentials only what needs none is checked.
    """
    name = stack or only_stack(project)
    file = project.stack(name)
    recording = recorded(project, file, "resolved")
    flight = Preflight(
        stack=name,
        region=str(recording.outputs["region"]),
        config=stack_settings(file),
        graph=recording.graph(project.name),
        recorded_account=str(recording.outputs["accountId"]),
    )
    diagnoses = list(_credentials(flight))
    for what, check in _CHECKS if flight.account else ():
        try:
            diagnoses += check(flight)
        except (ClientError, BotoCoreError) as error:
            to_do = "ask again with a role that may read it"
            diagnoses.append(Diagnosis(what=what, outcome="unknown", observed=str(error), to_do=to_do))
    return [*diagnoses, *_programs()]


def _credentials(flight: Preflight) -> Iterator[Diagnosis]:
    try:
        identity = flight.client("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        to_do = "sign in (`aws sso login`) or set AWS_PROFILE, until `aws sts get-caller-identity` works"
        yield Diagnosis(what="credentials", outcome="fail", observed=f"{error}; nothing else was checked", to_do=to_do)
        return
    flight.account = str(identity["Account"])
    yield Diagnosis(
        what="credentials", outcome="ok", observed=f"{identity['Arn']}; is {flight.account} the right account?"
    )


def _zones(flight: Preflight) -> Iterator[Diagnosis]:
    try:
        answer = flight.client("ec2").describe_availability_zones(
            Filters=[
                {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
                {"Name": "state", "Values": ["available"]},
            ]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AuthFailure", "OptInRequired"):
            raise
        to_do = f"enable {flight.region} for the account (console: Account, AWS Regions), or set aws:region"
        yield Diagnosis(
            what="region", outcome="fail", observed=f"{flight.region} does not accept the account", to_do=to_do
        )
        return
    yield Diagnosis(what="region", outcome="ok", observed=flight.region)
    zones = {zone["ZoneName"] for zone in answer["AvailabilityZones"]}
    required = flight.config.network.zones
    enough = len(zones) >= required
    yield Diagnosis(
        what="availability zones",
        outcome="ok" if enough else "fail",
        observed=f"{', '.join(sorted(zones))}; network.zones is {required}",
        to_do="" if enough else f"set batch-platform:network.zones to {len(zones)}, or take another region",
    )
    yield from _endpoint_services(flight, zones)


def _endpoint_services(flight: Preflight, zones: set[str]) -> Iterator[Diagnosis]:
    services = sorted(
        {str(r.props["serviceName"]) for r in flight.graph if r.type == "aws:ec2/vpcEndpoint:VpcEndpoint"}
    )
    pages = flight.client("ec2").get_paginator("describe_vpc_endpoint_services").paginate()
    offered: dict[str, set[str]] = {}
    for page in pages:
        for service in page["ServiceDetails"]:
            offered.setdefault(service["ServiceName"], set()).update(service.get("AvailabilityZones", ()))
    if missing := [service for service in services if service not in offered]:
        to_do = "take another region, or leave them out of network.extraEndpoints"
        yield Diagnosis(
            what="endpoint services",
            outcome="fail",
            observed=f"not in {flight.region}: {', '.join(missing)}",
            to_do=to_do,
        )
        return
    lacking = {service: sorted(zones - offered[service]) for service in services if zones - offered[service]}
    if lacking:
        zones_without = "; ".join(f"{service} not in {', '.join(where)}" for service, where in lacking.items())
        to_do = "the subnets must lie in other zones"
        yield Diagnosis(what="endpoint services", outcome="warn", observed=zones_without, to_do=to_do)
    else:
        yield Diagnosis(what="endpoint services", outcome="ok", observed=", ".join(services))


def _quotas(flight: Preflight) -> Iterator[Diagnosis]:
    need = float(flight.config.workflow.fargate_vcpu_quota)
    setting = "set batch-platform:workflow.fargateVcpuQuota to what there is"
    yield _quota(flight, "Fargate vCPU quota", "fargate", FARGATE_QUOTA, need, setting)
    if any(job.capacity != "on-demand" for job in flight.config.jobs.values()):
        yield _quota(flight, "Fargate Spot vCPU quota", "fargate", FARGATE_SPOT_QUOTA, need, setting)
    pages = flight.client("ec2").get_paginator("describe_vpcs").paginate()
    networks = sum(len(page["Vpcs"]) for page in pages)
    yield _quota(flight, "VPC quota", "vpc", VPC_QUOTA, networks + 1, "delete a VPC that is not used")


def _quota(flight: Preflight, what: str, service: str, code: str, need: float, otherwise: str) -> Diagnosis:
    answer = flight.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)
    have = float(answer["Quota"]["Value"])
    state = f"{have:g}, {need:g} needed"
    if have >= need:
        return Diagnosis(what=what, outcome="ok", observed=state)
    request = f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code}"
    return Diagnosis(
        what=what, outcome="fail", observed=state, to_do=f"{request} --desired-value {need:g}; or {otherwise}"
    )


def _service_linked_roles(flight: Preflight) -> Iterator[Diagnosis]:
    for role, service in SERVICE_LINKED_ROLES.items():
        try:
            flight.client("iam").get_role(RoleName=role)
            yield Diagnosis(what=role, outcome="ok", observed="there")
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            yield Diagnosis(
                what=role,
                outcome="warn",
                observed="not in this account; AWS makes it on first use, for a caller who may",
                to_do=f"aws iam create-service-linked-role --aws-service-name {service}",
            )


def _buckets(flight: Preflight) -> Iterator[Diagnosis]:
    s3 = flight.client("s3")
    for resource in flight.graph:
        if resource.type != "aws:s3/bucket:Bucket":
            continue
        name = str(resource.props["bucket"]).replace(flight.recorded_account, flight.account)
        outcome: Outcome = "ok"
        state, to_do = "free", ""
        try:
            s3.head_bucket(Bucket=name)
            outcome, state = "warn", "there already, in this account"
            to_do = f"nothing if stack {flight.stack} is up; otherwise empty and delete the bucket"
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != 404:
                outcome, state = "fail", f"not yours to use (S3 answers {status})"
                to_do = "choose another platform.environment; bucket names are the world's"
        yield Diagnosis(what=f"bucket {name}", outcome=outcome, observed=state, to_do=to_do)


def _insights_group(flight: Preflight) -> Iterator[Diagnosis]:
    """Late events may make Container Insights' group again after a destroy; the next `up` would find it there."""
    for resource in flight.graph:
        name = str(resource.props.get("name", ""))
        if resource.type != kinds.LOG_GROUP or not name.startswith("/aws/ecs/containerinsights/"):
            continue
        groups = flight.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        left = [group for group in groups if group["logGroupName"] == name and not group.get("kmsKeyId")]
        yield Diagnosis(
            what=f"log group {name}",
            outcome="fail" if left else "ok",
            observed="there without the stack's key: left after a destroy" if left else "not in the way",
            to_do=f"aws logs delete-log-group --log-group-name {name}" if left else "",
        )


def _programs() -> Iterator[Diagnosis]:
    if shutil.which("pulumi"):
        yield Diagnosis(what="Pulumi CLI", outcome="ok", observed="on PATH")
    else:
        to_do = "https://www.pulumi.com/docs/install/"
        yield Diagnosis(what="Pulumi CLI", outcome="fail", observed="no `pulumi` on PATH", to_do=to_do)
    to_do = "start or install Docker, or let the pipeline build the images"
    try:
        subprocess.run(["docker", "info"], check=True, capture_output=True, timeout=_SECONDS)
        yield Diagnosis(what="Docker", outcome="ok", observed="its daemon answers")
    except FileNotFoundError:
        yield Diagnosis(what="Docker", outcome="warn", observed="not on PATH: `batchctl push` needs it", to_do=to_do)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        state = "its daemon does not answer: `batchctl push` needs it"
        yield Diagnosis(what="Docker", outcome="warn", observed=state, to_do=to_do)


Check = Callable[[Preflight], Iterator[Diagnosis]]

_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("region, zones, endpoint services", _zones),
    ("quotas", _quotas),
    ("service-linked roles", _service_linked_roles),
    ("buckets", _buckets),
    ("Container Insights", _insights_group),
)
