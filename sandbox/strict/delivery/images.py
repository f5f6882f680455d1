"""ECR: an image's manifest and tag, and the region of a repository's key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_DOCS: Final = "https://docs.aws.amazon.com/"

rules = Rules("ecr")


@rules.add(
    "CreateRepository",
    source="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_EncryptionConfiguration.html",
    code="InvalidParameterException",
)
def key_region(call: Call, _: Account) -> Iterator[str]:
    """The key of a repository is in the repository's region."""
    key = call.parameters.get("encryptionConfiguration", {}).get("kmsKey", "").split(":")
    if len(key) > 4 and key[3] != call.region:
        yield "The KMS key must exist in the same Region as the repository."


@rules.add(
    "PutImage", source=f"{_DOCS}AmazonECR/latest/APIReference/API_PutImage.html", code="InvalidParameterException"
)
def put_image(call: Call, _: Account) -> Iterator[str]:
    """An image has a manifest in JSON; a tag has letters, digits and `_.-`, and begins with none of the last two."""
    tag = call.parameters.get("imageTag", "x")
    if not re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", tag):
        yield f"Invalid parameter at 'imageTag' failed to satisfy constraint: '{tag}' is no tag"
    try:
        json.loads(call.parameters["imageManifest"])
    except ValueError:
        yield "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
