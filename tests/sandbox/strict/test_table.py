"""Every rule of the table takes a request that keeps it and refuses one that breaks it, with the code it documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.strict import document
from sandbox.strict.table import RULES
from tests.sandbox.strict import tags
from tests.sandbox.strict.conftest import Strict, trust
from tests.sandbox.strict.containers import scaling_seeds
from tests.sandbox.strict.containers import seeds as container_seeds
from tests.sandbox.strict.delivery import seeds as delivery_seeds
from tests.sandbox.strict.monitoring import seeds as monitoring_seeds
from tests.sandbox.strict.network import dns_firewall_seeds, group_seeds
from tests.sandbox.strict.network import seeds as network_seeds
from tests.sandbox.strict.security import identity_seeds
from tests.sandbox.strict.security import seeds as security_seeds
from tests.sandbox.strict.seeds import Seed, overlaid
from tests.sandbox.strict.services import event_seeds, message_seeds, state_seeds
from tests.sandbox.strict.storage import seeds as storage_seeds
from tests.sandbox.strict.storage import table_seeds

_MODULES = (
    *(network_seeds, group_seeds, dns_firewall_seeds),
    *(identity_seeds, security_seeds),
    *(container_seeds, scaling_seeds),
    *(delivery_seeds, tags),
    *(monitoring_seeds, event_seeds, state_seeds, message_seeds),
    *(storage_seeds, table_seeds),
)
SEEDS = [seed for module in _MODULES for seed in module.SEEDS]
CODES = {rule.name: rule.code for rule in RULES}


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.rule)
def test_a_rule_takes_what_keeps_it_and_refuses_what_breaks_it(strict: Strict, seed: Seed) -> None:
    keeps = seed.keeps(strict)
    assert strict.refusal(seed.service, seed.operation, keeps) is None, keeps
    changes = seed.breaks(strict)
    assert changes
    for change in changes:
        broken = overlaid(seed.keeps(strict), change)
        rule, code = strict.refusal(seed.service, seed.operation, broken) or (None, None)
        by_model = rule == "model" and seed.rule.endswith(("tag_format", "tag_count"))
        assert by_model or (rule, code) == (seed.rule, CODES[seed.rule]), change


def test_every_seed_is_of_a_rule() -> None:
    """That every rule has a request which it refuses is held in `test_documented.py`."""
    assert {seed.rule for seed in SEEDS} <= set(CODES)


def test_every_rule_says_what_is_demanded_and_where_that_is_written() -> None:
    for rule in RULES:
        assert rule.demand.endswith(".") and rule.source.startswith("https://"), rule.name
    assert len(CODES) == len(RULES)


def test_the_page_is_current() -> None:
    """`python -m sandbox.strict.document > docs/sandbox/strictness.md` writes it."""
    assert (Path(__file__).parents[3] / "docs" / "sandbox" / "strictness.md").read_text() == document.text()


def test_what_was_deleted_is_in_nobodys_way(strict: Strict) -> None:
    """An endpoint is replaced, and its group and subnet go, once it is deleted; moto keeps it as deleted."""
    ec2 = strict.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.5.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    request = {
        "VpcId": vpc,
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.us-east-1.kms",
        "SubnetIds": [subnet],
        "SecurityGroupIds": [group],
    }
    for _ in range(2):
        endpoint = ec2.create_vpc_endpoint(**request)["VpcEndpoint"]["VpcEndpointId"]
        assert strict.refusal("ec2", "CreateVpcEndpoint", request) == ("ec2.endpoint_private_dns", "InvalidParameter")
        assert strict.refusal("ec2", "DeleteSubnet", {"SubnetId": subnet}) == (
            "ec2.subnet_in_use",
            "DependencyViolation",
        )
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)


def test_a_regional_principal_is_the_service_too(strict: Strict) -> None:
    document = trust("states.us-east-1.amazonaws.com")
    role = strict.client("iam").create_role(RoleName=strict.name(), AssumeRolePolicyDocument=document)["Role"]["Arn"]
    definition = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    request = {"name": strict.name(), "definition": definition, "roleArn": role}
    assert strict.refusal("stepfunctions", "CreateStateMachine", request) is None
