"""What the program asks of the account before it makes anything: read-only look-ups, once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from conventions.zones import Zone


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account and region that the stack is deployed to."""

    id: str
    """Twelve digits."""
    zones: Sequence[Zone]
    """Availability zones that need no opt-in; Local and Wavelength Zones do, and have neither Fargate nor endpoints."""
    endpoint_services: Mapping[str, Sequence[str]]
    """Names of the zones that each endpoint service serves, by service."""
    s3_prefix_list_id: str
    """The region's managed prefix list of S3 addresses."""
    deployed_environment: str | None
    """The suffix under which the stack is up already; None before its first deployment and after its last destroy."""


def look_up(region: str, endpoint_services: Sequence[str]) -> Account:
    """Asks AWS for the account, its zones in `region` and where `endpoint_services` are to be had."""
    zones = aws.get_availability_zones(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    )
    return Account(
        id=aws.get_caller_identity().account_id,
        zones=[Zone(name=name, id=zone_id) for name, zone_id in zip(zones.names, zones.zone_ids, strict=True)],
        endpoint_services={
            service: aws.ec2.get_vpc_endpoint_service(
                service_name=f"com.amazonaws.{region}.{service}", service_type="Interface"
            ).availability_zones
            for service in endpoint_services
        },
        deployed_environment=_deployed_environment(),
        s3_prefix_list_id=aws.ec2.get_managed_prefix_list(name=f"com.amazonaws.{region}.s3").id,
    )


def _deployed_environment() -> str | None:
    """What the stack's own last outputs say, as the engine keeps them.

    Source: `readStackOutputs` of the engine's built-in provider,
    https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/builtins.go
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value or {}
    environment = answer.get("outputs", {}).get("environment")
    return str(environment) if environment else None
