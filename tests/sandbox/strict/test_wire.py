"""Breaches of AWS's models that reach the account over the wire, for every operation of the documented requests.

Nobody chose them: each required member is left out, each enumeration given another word, each length, range and pattern
exceeded, all the way down, and each is sent as an SDK sends it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.strict.codes import service_model
from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.every_request import REQUESTS
from tests.sandbox.strict.test_model import Breach, breaches

MOST = 40
"""Breaches of one operation; the deepest ones of a state machine or an alarm repeat those above them."""
LONGEST = 3_000
"""A longer value does not fit into a header or a path, and is refused on its way."""
_UNSENDABLE = (BotoCoreError, AttributeError, KeyError, TypeError, ValueError)
"""What a client raises for a value that it cannot write."""


def sendable(service: str, operation: str) -> Iterator[Breach]:
    """The breaches that an SDK can write: of the shape's own words, and of no size that the way forbids."""
    shape = service_model(service).operation_model(operation).input_shape
    if shape is None:
        return
    in_path = {name for name, member in shape.members.items() if member.serialization.get("location") == "uri"}
    for breach in breaches(shape):
        short_path = breach.path[0] in in_path and breach.constraint in ("min", "required")  # another operation's path
        if breach.constraint != "type" and not short_path and len(repr(breach.request)) < LONGEST:
            yield breach


@pytest.mark.parametrize("service", REQUESTS)
def test_a_breach_is_refused_when_it_arrives(strict: Strict, service: str) -> None:
    operations = dict.fromkeys(request.operation for request in REQUESTS[service])
    sent, accepted, crashed = 0, [], []
    for operation in operations:
        for breach in itertools.islice(sendable(service, operation), MOST):
            where = (operation, breach.constraint, ".".join(breach.path))
            try:
                strict.call(service, operation, {**addressed(strict, service, operation), **breach.request})
                accepted.append(where)
            except _UNSENDABLE:
                continue
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                    crashed.append(where)
            sent += 1
    assert sent > len(operations), "nothing was sent"
    assert (accepted, crashed) == ([], []), f"{len(accepted) + len(crashed)} of {sent} were not refused"


def addressed(strict: Strict, service: str, operation: str) -> dict[str, object]:
    """What S3's requests are not sent without: it stands in their paths."""
    shape = service_model(service).operation_model(operation).input_shape
    addresses = {
        "Bucket": strict.bucket,
        "Key": "key",
        "UploadId": "upload",
        "PartNumber": 1,
        "CopySource": "bucket/key",
    }
    return {name: value for name, value in addresses.items() if service == "s3" and shape and name in shape.members}
