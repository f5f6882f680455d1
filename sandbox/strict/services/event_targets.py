"""EventBridge: paths and subnets of a rule's targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.vpc import subnet_of
from sandbox.strict.rules import Rules

_EVENTS: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/"

rules = Rules("events")


@rules.add("PutTargets", source=f"{_EVENTS}API_PutTargets.html", code="ValidationException")
def target_paths(call: Call, _: Account) -> Iterator[str]:
    """Paths are written with dots, not with quoted brackets, and a variable is no key of the template's objects."""
    for target in call.parameters["Targets"]:
        transformer = target.get("InputTransformer", {})
        for path in (target.get("InputPath", "$"), *transformer.get("InputPathsMap", {}).values()):
            if re.search(r"\[\s*['\"]", str(path)):
                yield f"Parameter {path} is not valid. Reason: use JSON dot notation."
        if re.search(r"[{,]\s*<[A-Za-z0-9._-]+>\s*:", transformer.get("InputTemplate", "")):
            yield "InputTemplate: a placeholder cannot be used as an object key."


@rules.add("PutTargets", source=f"{_EVENTS}API_AwsVpcConfiguration.html", code="ValidationException")
def target_subnets(call: Call, account: Account) -> Iterator[str]:
    """The subnets of a task that a rule starts are of one VPC."""
    for target in call.parameters["Targets"]:
        network: Mapping[str, Any] = target.get("EcsParameters", {}).get("NetworkConfiguration", {})
        subnets = [subnet_of(account, name) for name in network.get("awsvpcConfiguration", {}).get("Subnets", [])]
        if len({subnet.vpc_id for subnet in subnets if subnet is not None}) > 1:
            yield f"The subnets of target {target['Id']} are not in one VPC."
