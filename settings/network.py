"""Section `network`."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from conventions import address_ranges, endpoint_services

from .base import Section, refused


class GuardDuty(Section):
    """Runtime monitoring of the tasks by Amazon GuardDuty: its agent runs beside each job.

    Source: docs/aws-facts.md#guardduty-runtime-monitoring
    """

    agent_account: str | None = Field(default=None, pattern=r"^\d{12}$", examples=["593207742271"])
    """AWS's own account from whose repository the agent is pulled, as AWS's page lists it for the Region; not set: what
    this version knows of the Region."""


class Network(Section):
    """The VPC. There is no NAT, no internet gateway and no public address, and no setting that adds one."""

    cidr: IPv4Network = Field(default=IPv4Network("10.0.0.0/16"), examples=["10.0.0.0/16"])
    """The VPC's range, /16 to /28; stacks that are ever to be connected need different ones."""
    zones: int = Field(default=3, ge=2, le=6, examples=[3])
    """Private subnets, one a zone."""
    zone_ids: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+[0-9]-az[0-9]+$")], ...] = Field(
        default=(), examples=[["use1-az1", "use1-az2", "use1-az4"]]
    )
    """Ids of the zones, which mean the same place in every account; empty: the first that have Fargate and the
    endpoint services. Set it before AWS adds a zone that would come first."""
    subnets: tuple[IPv4Network, ...] = Field(default=(), examples=[["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]])
    """Ranges of the subnets, one a zone; empty: split from `cidr`."""
    endpoint_zones: int = Field(default=1, ge=1, le=6, examples=[1])
    """Zones the interface endpoints live in; each costs about 7.30 USD a month for each endpoint.

    Source: docs/aws-facts.md#endpoint-cost
    """
    extra_endpoints: tuple[Literal[tuple(sorted(endpoint_services.OPTIONAL))], ...] = Field(  # type: ignore[valid-type]
        default=(), examples=[["secretsmanager"]]
    )
    """Interface endpoints beside the required `ecr.api`, `ecr.dkr` and `logs`."""
    dns_firewall: bool = Field(default=False, examples=[True])
    """Whether the VPC resolves nothing but the names of the services that have an endpoint in it (Route 53 Resolver DNS
    Firewall): without it a task can still ask the resolver for any name, and say something in the question."""
    guard_duty: GuardDuty | None = Field(default=None, examples=['{agentAccount: "593207742271"}'])
    """Lets GuardDuty's runtime monitoring into the tasks; `{}` where the Region's account is known. Without it the
    cluster is excluded from runtime monitoring by tag."""
    flow_logs: bool = Field(default=True, examples=[True])
    """Whether the VPC's traffic is logged, in aggregates of ten minutes; the policy pack lets a stack without it pass
    with an exemption of `companions-present` only."""

    @model_validator(mode="after")
    def _subnets_fit(self) -> Self:
        if not address_ranges.LARGEST_PREFIX <= self.cidr.prefixlen <= address_ranges.SMALLEST_PREFIX:
            raise refused("cidr", "a VPC's range is between /16 and /28", "cidr: 10.0.0.0/16")
        if self.endpoint_zones > self.zones:
            raise refused(
                "endpointZones",
                f"more than zones ({self.zones})",
                f"endpointZones: {self.zones}",
            )
        if self.zone_ids and (len(self.zone_ids) != self.zones or len(set(self.zone_ids)) < self.zones):
            raise refused(
                "zoneIds", f"needs {self.zones} different ids, one for each of zones", "zoneIds: [use1-az1, use1-az2]"
            )
        if len(set(self.extra_endpoints)) < len(self.extra_endpoints):
            raise refused("extraEndpoints", "an endpoint is named twice", "extraEndpoints: [secretsmanager, sqs]")
        if self.subnets and len(self.subnets) != self.zones:
            raise refused(
                "subnets",
                f"{len(self.subnets)} ranges for {self.zones} zones",
                "one range a zone",
            )
        try:
            ranges = self.subnets or tuple(address_ranges.split(self.cidr, self.zones))
        except ValueError as error:
            raise refused("cidr", str(error), "cidr: 10.0.0.0/16") from error
        if problem := address_ranges.problem_with(self.cidr, ranges):
            raise refused("subnets", problem, "subnets: [10.0.0.0/20, 10.0.16.0/20, 10.0.32.0/20]")
        return self

    @property
    def subnet_ranges(self) -> tuple[IPv4Network, ...]:
        """One range a zone, in order."""
        return self.subnets or tuple(address_ranges.split(self.cidr, self.zones))

    def agent_account(self, region: str) -> str | None:
        """AWS's account that GuardDuty's agent is pulled from in `region`; None where runtime monitoring is kept out.

        Raises KeyError for a Region that this version does not know, which `settings.load` refuses.
        """
        if self.guard_duty is None:
            return None
        return self.guard_duty.agent_account or endpoint_services.GUARDDUTY_AGENT_ACCOUNTS[region]
