"""The names under which AWS's services act."""

from __future__ import annotations

import functools
import re

from botocore.session import get_session

_OTHER_PRINCIPALS = frozenset(
    [
        "ecs-tasks",
        "vpc-flow-logs",
        "delivery.logs",
        "spot",
        "spotfleet",
        "edgelambda",
        "replicator.lambda",
        "opsworks",
        "cloudwatch",
        "cloudwatch-crossaccount",
        "export.rds",
        "s3.rds",
        "ops.apigateway",
        "ec2fleet",
        "ssm-incidents",
        "pods.eks",
        "eks-fargate-pods",
        "eks-nodegroup",
        "lambda",
        "events",
        "states",
        "scheduler",
        "pipes",
        "monitoring",
        "ec2",
        "malware-protection-plan.guardduty",
        "logging.s3",
        "batchoperations.s3",
        "logger.cloudfront",
        "billingreports",
        "mediastore",
        "cloudformation",
    ]
)
"""First labels of service principals that are the name of no endpoint."""


def is_service_principal(value: str) -> bool:
    """Whether an AWS service goes by this name: `ecs-tasks.amazonaws.com`, `logs.eu-west-1.amazonaws.com`."""
    match = re.fullmatch(r"([a-z0-9.-]+)\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)", value)
    if match is None:
        return False
    labels = re.sub(r"\.[a-z]{2,4}(-[a-z]+)+-\d$", "", match[1])
    return labels in _OTHER_PRINCIPALS or labels.rpartition(".")[2] in endpoint_names()


@functools.cache
def endpoint_names() -> frozenset[str]:
    """Names of services and of their endpoints, as botocore lists them."""
    session = get_session()
    endpoints = session.get_data("endpoints")
    names = {name for partition in endpoints["partitions"] for name in partition["services"]}
    return frozenset({part for name in names for part in (name, name.rpartition(".")[2])}) | frozenset(
        session.get_available_services()
    )
