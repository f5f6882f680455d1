"""The recorded stack in Terraform's language, so that scanners made for it can read what the program registers.

The provider's schema is Terraform's: names in camel case become snake case, a list of objects becomes blocks of the
singular, and a property that comes from another resource becomes a reference, which scanners follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.rules import Graph, Resource

_TYPES: Final = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "aws_default_security_group",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "aws_vpc_security_group_egress_rule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "aws_vpc_security_group_ingress_rule",
    "aws:cloudwatch/logGroup:LogGroup": "aws_cloudwatch_log_group",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "aws_cloudwatch_log_metric_filter",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "aws_cloudwatch_log_resource_policy",
    "aws:cloudwatch/eventRule:EventRule": "aws_cloudwatch_event_rule",
    "aws:cloudwatch/eventTarget:EventTarget": "aws_cloudwatch_event_target",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "aws_cloudwatch_metric_alarm",
    "aws:cloudwatch/dashboard:Dashboard": "aws_cloudwatch_dashboard",
    "aws:s3/bucketLogging:BucketLogging": "aws_s3_bucket_logging",
    "aws:ec2/flowLog:FlowLog": "aws_flow_log",
    "aws:ec2/subnet:Subnet": "aws_subnet",
    "aws:ec2/vpc:Vpc": "aws_vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "aws_vpc_endpoint",
    "aws:ec2/routeTable:RouteTable": "aws_route_table",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "aws_route_table_association",
    "aws:ec2/securityGroup:SecurityGroup": "aws_security_group",
}
"""Types whose Terraform name is not `aws_<module>_<name>`."""
_COMPUTED: Final = ("id", "arn", "urn", "tagsAll", "region")
_MAPS: Final = ("tags", "variables", "dimensions", "options")
"""Properties whose keys are names of the user's, not of the provider's."""
_SINGULAR: Final = {"ingress": "ingress", "egress": "egress"}
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def terraform(graph: Graph) -> str:
    """Every resource of the provider's as a block; `graph` is recorded with values resolved."""
    ours = [one for one in graph.resources if one.type.startswith("aws:")]
    names = {}
    for attribute in ("arn", "id"):
        names.update({str(one.props[attribute]): (one, attribute) for one in ours if attribute in one.props})
    return "\n".join(line for one in ours for line in _Block(one, names).lines())


def address(resource: Resource) -> str:
    """`aws_s3_bucket.data_input`."""
    return f"{kind(resource.type)}.{_identifier(resource.name)}"


def kind(token: str) -> str:
    """Terraform's name of a type."""
    if token in _TYPES:
        return _TYPES[token]
    _, module, name = token.split(":")
    return f"aws_{module.partition('/')[0]}_{_snake(name)}"


class _Block:
    """One resource; a value that is another one's id or ARN becomes a reference to it."""

    def __init__(self, resource: Resource, names: Mapping[str, tuple[Resource, str]]) -> None:
        self._resource, self._names = resource, names

    def lines(self) -> Iterator[str]:
        """The block."""
        yield f'resource "{kind(self._resource.type)}" "{_identifier(self._resource.name)}" {{'
        for name, value in self._resource.props.items():
            if name not in _COMPUTED:
                yield from self._property(_snake(name), value, "  ")
        yield "}"

    def _property(self, name: str, value: Any, indent: str) -> Iterator[str]:
        if isinstance(value, Mapping) and name not in _MAPS:
            yield f"{indent}{name} {{"
            for key, item in value.items():
                yield from self._property(_snake(str(key)), item, indent + "  ")
            yield f"{indent}}}"
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            for item in value:
                yield from self._property(_SINGULAR.get(name, name.removesuffix("s")), item, indent)
        elif isinstance(value, list):
            yield f"{indent}{name} = [{', '.join(map(self._expression, value))}]"
        elif value is not None:
            yield f"{indent}{name} = {self._expression(value)}"

    def _expression(self, value: Any) -> str:
        """JSON is an expression of Terraform's, but for `${` and `%{`, which begin one in a text."""
        named = self._names.get(value) if isinstance(value, str) else None
        if named and named[0] is not self._resource:
            return f"{address(named[0])}.{named[1]}"
        return json.dumps(value, default=str).replace("${", "$${").replace("%{", "%%{")


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _snake(name: str) -> str:
    return _WORDS.sub("_", name).lower()
