"""What Parameter Store demands of parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_PUT: Final = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"
_ERRORS: Final = f"{_PUT}#API_PutParameter_Errors"
_NAMES: Final = "https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html"
_MOST_LEVELS: Final = 15
_MOST_CHARACTERS: Final = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}

rules = Rules("ssm")


@rules.add("PutParameter", source=_NAMES, code="ValidationException")
def parameter_name(call: Call, _: Account) -> Iterator[str]:
    """A parameter's name has letters, digits, `.`, `_`, `-` and `/`, and begins with `/` where it has one."""
    name = call.parameters["Name"]
    if not re.fullmatch(r"[A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+)+", name):
        yield (
            "Parameter name must be a fully qualified name: it can include letters, digits, and .-_/, and must begin "
            f"with a forward slash where it contains one: {name}"
        )


@rules.add("PutParameter", source=_ERRORS, code="HierarchyLevelLimitExceededException")
def parameter_levels(call: Call, _: Account) -> Iterator[str]:
    """A hierarchy has at most 15 levels."""
    if len(call.parameters["Name"].strip("/").split("/")) > _MOST_LEVELS:
        yield f"A hierarchy can have a maximum of {_MOST_LEVELS} levels."


@rules.add("PutParameter", source=_PUT, code="ValidationException")
def parameter_value(call: Call, _: Account) -> Iterator[str]:
    """A value has at most 4 KiB, of an advanced parameter 8 KiB, and no other parameter in it; a key is of a
    SecureString, and policies are of an advanced parameter.
    """
    parameters = call.parameters
    tier = parameters.get("Tier", "Standard")
    if len(parameters["Value"].encode()) > _MOST_CHARACTERS[tier]:
        yield (
            f"{tier} tier parameters support a maximum parameter value of {_MOST_CHARACTERS[tier]} characters. To "
            "create a larger parameter value, upgrade the parameter to use the advanced-parameter tier."
        )
    if re.search(r"\{\{.*\}\}", parameters["Value"]):
        yield "Parameter value can't nest another parameter. Do not use {{}} in the value."
    if parameters.get("KeyId") and parameters.get("Type", "SecureString") != "SecureString":
        yield "KeyId is required for SecureString type parameter only."
    if parameters.get("Policies", "[]") != "[]" and tier == "Standard":
        yield "Parameter policies are not supported for parameters of the standard tier."


@rules.add("PutParameter", source=_ERRORS, code="InvalidAllowedPatternException")
def allowed_pattern(call: Call, _: Account) -> Iterator[str]:
    """An allowed pattern is a regular expression."""
    if not _is_pattern(call.parameters.get("AllowedPattern", "")):
        yield "The allowed pattern is not a valid regular expression."


@rules.add("PutParameter", source=_ERRORS, code="ParameterPatternMismatchException")
def matching_value(call: Call, _: Account) -> Iterator[str]:
    """A value matches the allowed pattern."""
    pattern = call.parameters.get("AllowedPattern", "")
    if _is_pattern(pattern) and not re.search(pattern, call.parameters["Value"]):
        yield f"Parameter value, cannot be validated against allowedPattern: {pattern}"


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


@rules.add("PutParameter", source=_ERRORS, code="InvalidKeyId")
def parameter_key(call: Call, account: Account) -> Iterator[str]:
    """The key of a parameter exists and is enabled."""
    key = call.parameters.get("KeyId")
    if key and not account.has_key(key):
        yield f"The key ID {key} is not valid."


@rules.add(
    "GetParametersByPath",
    source="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html",
    code="ValidationException",
)
def parameter_path(call: Call, _: Account) -> Iterator[str]:
    """A path begins with a forward slash."""
    path = call.parameters["Path"]
    if not path.startswith("/"):
        yield f'The parameter doesn\'t meet the parameter name requirements. The path must begin with a "/": {path}'
