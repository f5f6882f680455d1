"""What would keep tonight's run from working, each with what to do about it.

Whether the stack is what it should be is `batchctl verify`'s question, not this one's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from batchctl.operate.diagnosis import Diagnosis
from batchctl.operate.stack import Stack
from components.registry import DEPLOYED_PREFIX
from settings import Settings

FARGATE_QUOTA = "L-3032A538"
"""Service Quotas' code of "Fargate On-Demand vCPU resource count"."""


def examine(stack: Stack, config: Settings) -> list[Diagnosis]:
    """Every check; one that AWS does not answer is "unknown", never "ok"."""
    diagnoses: list[Diagnosis] = []
    for name, check in _CHECKS:
        try:
            diagnoses += check(stack, config)
        except (ClientError, BotoCoreError) as error:
            diagnoses.append(
                Diagnosis(
                    what=name, outcome="unknown", observed=str(error), to_do="ask again with a role that may read it"
                )
            )
    return diagnoses


def _account(stack: Stack, config: Settings) -> Iterator[Diagnosis]:
    here = stack.client("sts").get_caller_identity()["Account"]
    if here == stack.outputs.account:
        yield Diagnosis(what="account", outcome="ok", observed=f"{here}, {stack.outputs.region}")
    else:
        yield Diagnosis(
            what="account",
            outcome="fail",
            observed=f"signed in to {here}, the stack is in {stack.outputs.account}",
            to_do="set AWS_PROFILE to the stack's account",
        )


def _quota(stack: Stack, config: Settings) -> Iterator[Diagnosis]:
    quota = stack.client("service-quotas").get_service_quota(ServiceCode="fargate", QuotaCode=FARGATE_QUOTA)
    have, need = float(quota["Quota"]["Value"]), config.workflow.fargate_vcpu_quota
    if have >= need:
        yield Diagnosis(what="Fargate vCPU quota", outcome="ok", observed=f"{have:g}, the settings count on {need}")
    else:
        yield Diagnosis(
            what="Fargate vCPU quota",
            outcome="fail",
            observed=f"{have:g}, the settings count on {need}",
            to_do=f"request an increase of {FARGATE_QUOTA}, or set workflow.fargateVcpuQuota to {have:g}",
        )


def _service_role(stack: Stack, config: Settings) -> Iterator[Diagnosis]:
    try:
        stack.client("iam").get_role(RoleName="AWSServiceRoleForECS")
        yield Diagnosis(what="ECS service-linked role", outcome="ok", observed="AWSServiceRoleForECS")
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        yield Diagnosis(
            what="ECS service-linked role",
            outcome="fail",
            observed="not in this account",
            to_do="aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
        )


def _images(stack: Stack, config: Settings) -> Iterator[Diagnosis]:
    ecr, ecs = stack.client("ecr"), stack.client("ecs")
    for job, arn in sorted(stack.outputs.by_key("taskDefinitionArns").items()):
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        image = definition["containerDefinitions"][0]["image"]
        repository = image.partition("/")[2].partition("@")[0].partition(":")[0]
        image_id = {"imageDigest": image.rpartition("@")[2]} if "@" in image else {"imageTag": image.rpartition(":")[2]}
        try:
            (details,) = ecr.describe_images(repositoryName=repository, imageIds=[image_id])["imageDetails"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ImageNotFoundException":
                raise
            yield Diagnosis(
                what=f"image of {job}",
                outcome="fail",
                observed=f"{image} is not in its repository",
                to_do=f"batchctl push {job} --stack {stack.outputs.stack}",
            )
            continue
        protected = any(tag.startswith(DEPLOYED_PREFIX) for tag in details.get("imageTags", []))
        if protected:
            yield Diagnosis(what=f"image of {job}", outcome="ok", observed=image)
        else:
            yield Diagnosis(
                what=f"image of {job}",
                outcome="warn",
                observed=f"{image} has no {DEPLOYED_PREFIX} tag: the lifecycle may expire it",
                to_do=f"batchctl push {job} --stack {stack.outputs.stack}, or tag the digest {DEPLOYED_PREFIX}<n>",
            )


def _endpoints(stack: Stack, config: Settings) -> Iterator[Diagnosis]:
    ids = stack.outputs.by_key("endpointIds")
    endpoints = stack.client("ec2").describe_vpc_endpoints(VpcEndpointIds=list(ids.values()))["VpcEndpoints"]
    states = {endpoint["VpcEndpointId"]: endpoint["State"].lower() for endpoint in endpoints}
    bad = [service for service, endpoint in ids.items() if states.get(endpoint) != "available"]
    if bad:
        yield Diagnosis(
            what="endpoints",
            outcome="fail",
            observed=f"not available: {', '.join(bad)}",
            to_do=f"pulumi refresh --stack {stack.outputs.stack}, then pulumi up",
        )
    else:
        yield Diagnosis(what="endpoints", outcome="ok", observed=", ".join(sorted(ids)))


def _connection(stack: Stack, config: Settings) -> Iterator[Diagnosis]:
    if "connectionArn" not in stack.outputs:
        return
    arn = stack.outputs.text("connectionArn")
    status = stack.client("codestar-connections").get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"]
    if status == "AVAILABLE":
        yield Diagnosis(what="source connection", outcome="ok", observed=status)
    else:
        to_do = "complete the handshake in the console: Developer Tools, Settings, Connections"
        yield Diagnosis(what="source connection", outcome="fail", observed=status, to_do=to_do)


Check = Callable[[Stack, Settings], Iterator[Diagnosis]]

_CHECKS: tuple[tuple[str, Check], ...] = (
    ("account", _account),
    ("Fargate vCPU quota", _quota),
    ("ECS service-linked role", _service_role),
    ("images", _images),
    ("endpoints", _endpoints),
    ("source connection", _connection),
)
