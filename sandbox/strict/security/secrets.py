"""What Secrets Manager demands of secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"

rules = Rules("secretsmanager")


def _secret(account: Account, name: str) -> Any:
    """moto's secret of this name or ARN; None where there is none."""
    return account.backend("secretsmanager").secrets.get(name)


@rules.add("CreateSecret", source=f"{_API}API_CreateSecret.html", code="ValidationException")
def secret_name(call: Call, _: Account) -> Iterator[str]:
    """A secret's name has ASCII letters, digits and `/_+=.@-!`."""
    if not re.fullmatch(r"[A-Za-z0-9/_+=.@!-]{1,512}", call.parameters["Name"]):
        yield (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )


@rules.add(
    "CreateSecret",
    "PutSecretValue",
    "UpdateSecret",
    source=f"{_API}API_CreateSecret.html",
    code="InvalidParameterException",
)
def secret_value(call: Call, _: Account) -> Iterator[str]:
    """A secret's value is a text or bytes, not both."""
    if "SecretString" in call.parameters and "SecretBinary" in call.parameters:
        yield "You can't specify both a binary secret value and a string secret value in the same secret."


@rules.add(
    "CreateSecret", source=f"{_API}API_CreateSecret.html#API_CreateSecret_Errors", code="InvalidRequestException"
)
def secret_scheduled_for_deletion(call: Call, account: Account) -> Iterator[str]:
    """A name is free again once the secret that is scheduled for deletion is gone."""
    secret = _secret(account, call.parameters["Name"])
    if secret is not None and secret.is_deleted():
        yield ("You can't create this secret because a secret with this name is already scheduled for deletion.")


@rules.add(
    "PutResourcePolicy",
    source=f"{_API}API_PutResourcePolicy.html#API_PutResourcePolicy_Errors",
    code="MalformedPolicyDocumentException",
)
def secret_policy(call: Call, account: Account) -> Iterator[str]:
    """A secret's policy follows the grammar and names principals that exist."""
    kind = Kind(principal=True, action_prefixes=("secretsmanager",), principal_exists=account.principal_exists)
    yield from faults(call.parameters["ResourcePolicy"], kind)


@rules.add(
    "RotateSecret", source=f"{_API}API_RotateSecret.html#API_RotateSecret_Errors", code="InvalidRequestException"
)
def rotation_function(call: Call, account: Account) -> Iterator[str]:
    """A secret is rotated by a function, given now or before."""
    secret = _secret(account, call.parameters["SecretId"])
    if secret is not None and not (
        call.parameters.get("RotationLambdaARN") or getattr(secret, "rotation_lambda_arn", None)
    ):
        yield "No Lambda rotation function ARN is associated with this secret."
