"""Systems Manager's parameters, Secrets Manager and Budgets: names, values, policies, notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.rules import Rule, Rules

_SSM: Final = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/"
_SECRETS: Final = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"
_BUDGETS: Final = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/"
_LARGEST: Final = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
"""Bytes of a parameter's value by its tier."""
_MOST_LEVELS: Final = 15

ssm, secretsmanager, budgets = Rules("ssm"), Rules("secretsmanager"), Rules("budgets")


@ssm.add("PutParameter", source=f"{_SSM}API_PutParameter.html", code="ValidationException")
def parameter_name(call: Call, _: Account) -> Iterator[str]:
    """A parameter's name has letters, digits and `_.-/`, and begins with a slash if it has one."""
    name = call.parameters["Name"]
    if not re.fullmatch(r"[A-Za-z0-9_.\-/]+", name) or ("/" in name and not name.startswith("/")):
        yield (
            "Parameter name: can't contain anything but a mix of letters, numbers and the symbols .-_ divided by "
            f"slashes, of which the first is one: {name}"
        )


@ssm.add("PutParameter", source=f"{_SSM}API_PutParameter.html", code="HierarchyLevelLimitExceededException")
def parameter_levels(call: Call, _: Account) -> Iterator[str]:
    """A parameter is at most 15 levels deep."""
    if call.parameters["Name"].strip("/").count("/") >= _MOST_LEVELS:
        yield f"A hierarchy can have a maximum of {_MOST_LEVELS} levels."


@ssm.add("PutParameter", source=f"{_SSM}API_PutParameter.html", code="ValidationException")
def parameter_value(call: Call, _: Account) -> Iterator[str]:
    """A value has at most 4 KB, with the advanced tier 8 KB; a key is for a SecureString."""
    most = _LARGEST[call.parameters.get("Tier", "Standard")]
    if len(call.parameters["Value"].encode()) > most:
        yield f"The value exceeds the maximum of {most} bytes of its tier."
    if call.parameters.get("KeyId") and call.parameters.get("Type", "SecureString") != "SecureString":
        yield "KeyId is required for SecureString type parameter only."


@ssm.add("PutParameter", source=f"{_SSM}API_PutParameter.html", code="ParameterPatternMismatchException")
def parameter_pattern(call: Call, _: Account) -> Iterator[str]:
    """A value matches the pattern that it is given with."""
    pattern = call.parameters.get("AllowedPattern")
    try:
        fits = pattern is None or re.search(pattern, call.parameters["Value"]) is not None
    except re.error:
        fits = False
    if not fits:
        yield f"Parameter value, cannot be validated against allowedPattern: {pattern}"


@ssm.add("GetParametersByPath", source=f"{_SSM}API_GetParametersByPath.html", code="ValidationException")
def parameter_path(call: Call, _: Account) -> Iterator[str]:
    """A path begins with a slash."""
    if not call.parameters["Path"].startswith("/"):
        yield "The parameter doesn't meet the parameter name requirements: it must begin with a forward slash."


@secretsmanager.add("CreateSecret", source=f"{_SECRETS}API_CreateSecret.html", code="ValidationException")
def secret_name(call: Call, _: Account) -> Iterator[str]:
    """A secret's name has letters, digits and `-/_+=.@!`."""
    if not re.fullmatch(r"[A-Za-z0-9\-/_+=.@!]+", call.parameters["Name"]):
        yield (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )


@secretsmanager.add(
    "CreateSecret",
    "PutSecretValue",
    "UpdateSecret",
    source=f"{_SECRETS}API_CreateSecret.html",
    code="InvalidParameterException",
)
def secret_value(call: Call, _: Account) -> Iterator[str]:
    """A secret is text or bytes."""
    if call.parameters.get("SecretString") is not None and call.parameters.get("SecretBinary") is not None:
        yield "You can't specify both a binary secret value and a string secret value in the same secret."


@secretsmanager.add(
    "PutResourcePolicy",
    source=f"{_SECRETS}API_PutResourcePolicy.html#API_PutResourcePolicy_Errors",
    code="MalformedPolicyDocumentException",
)
def secret_policy(call: Call, account: Account) -> Iterator[str]:
    """A secret's policy names principals that exist and actions of Secrets Manager."""
    kind = Kind(principal=True, action_prefixes=("secretsmanager",), principal_exists=account.principal_exists)
    for fault in faults(call.parameters["ResourcePolicy"], kind):
        yield f"This resource policy contains a syntax error: {fault}"


@budgets.add(
    "CreateBudget",
    "CreateNotification",
    "CreateSubscriber",
    source=f"{_BUDGETS}API_budgets_Subscriber.html",
    code="InvalidParameterException",
)
def subscriber_address(call: Call, _: Account) -> Iterator[str]:
    """Who is told of a budget is an e-mail address or a topic, as its type says."""
    notices = [call.parameters, *call.parameters.get("NotificationsWithSubscribers", [])]
    listed = [item for notice in notices for item in notice.get("Subscribers", [])]
    for item in [*listed, *([call.parameters["Subscriber"]] if "Subscriber" in call.parameters else [])]:
        pattern = r"\S+@\S+\.\S+" if item["SubscriptionType"] == "EMAIL" else r"arn:aws[a-z-]*:sns:[^:]+:\d{12}:\S+"
        if not re.fullmatch(pattern, item["Address"]):
            yield f"Invalid address for {item['SubscriptionType']}: {item['Address']}"


RULES: tuple[Rule, ...] = (*ssm.all, *secretsmanager.all, *budgets.all)
