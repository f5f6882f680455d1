"""What is in use is not deleted."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.endpoints import endpoints_of
from sandbox.strict.rules import Rules

_EC2_ERRORS = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-codes-table-client"

ec2 = Rules("ec2")
ecs = Rules("ecs")
iam = Rules("iam")


@ec2.add("DeleteSubnet", source=_EC2_ERRORS, code="DependencyViolation")
def subnet_in_use(call: Call, account: Account) -> Iterator[str]:
    """A subnet with an endpoint or an ECS service in it is not deleted."""
    subnet = call.parameters["SubnetId"]
    if subnet in _used(account, "subnet_ids", "subnets"):
        yield f"The subnet '{subnet}' has dependencies and cannot be deleted."


@ec2.add("DeleteSecurityGroup", source=_EC2_ERRORS, code="DependencyViolation")
def group_in_use(call: Call, account: Account) -> Iterator[str]:
    """A security group of an endpoint or an ECS service, or that another group's rule names, is not deleted."""
    group = call.parameters.get("GroupId")
    if group in _used(account, "security_group_ids", "securityGroups") or group in _named(account, group):
        yield f"resource {group} has a dependent object"


def _used(account: Account, of_endpoint: str, of_service: str) -> set[str]:
    """Subnets or groups of the endpoints and services that there are."""
    services = [item for item in list(account.backend("ecs").services.values()) if item.status == "ACTIVE"]
    networks = [(item.network_configuration or {}).get("awsvpcConfiguration", {}) for item in services]
    used = {name for item in endpoints_of(account) for name in getattr(item, of_endpoint) or []}
    return used | {name for network in networks for name in network.get(of_service, [])}


def _named(account: Account, but: str | None) -> set[str]:
    """Groups that the rules of other groups name."""
    groups = [group for groups in list(account.backend("ec2").groups.values()) for group in list(groups.values())]
    rules = [rule for group in groups if group.id != but for rule in (*group.ingress_rules, *group.egress_rules)]
    return {str(rule.source_group["GroupId"]) for rule in rules if (rule.source_group or {}).get("GroupId")}


@ecs.add(
    "DeleteCluster",
    source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html#API_DeleteCluster_Errors",
    code="ClusterContainsServicesException",
)
def cluster_in_use(call: Call, account: Account) -> Iterator[str]:
    """A cluster with services is not deleted."""
    name = call.parameters["cluster"].rpartition("/")[2]
    services = list(account.backend("ecs").services.values())
    if any(item.cluster_name == name and item.status == "ACTIVE" for item in services):
        yield "The Cluster cannot be deleted while Services are active."


@iam.add(
    "DeletePolicy",
    source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html#API_DeletePolicy_Errors",
    code="DeleteConflict",
    status=409,
)
def policy_in_use(call: Call, account: Account) -> Iterator[str]:
    """A managed policy that is attached is not deleted."""
    policy = account.backend("iam").managed_policies.get(call.parameters["PolicyArn"])
    if policy is not None and policy.attachment_count:
        yield "Cannot delete a policy attached to entities."


RULES = [*ec2.all, *ecs.all, *iam.all]
