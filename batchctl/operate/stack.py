"""A deployed stack as the operator's commands see it: its outputs, its settings, and AWS in its region."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from batchctl import project as projects
from batchctl.errors import UNREACHABLE, USAGE, OperatorError
from batchctl.outputs import NO_CREDENTIALS, Outputs, load_outputs
from batchctl.program import stack_settings
from settings import Settings

CLIENT_CONFIG = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=30)
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "ExpiredToken",
    "UnrecognizedClientException",
)


@dataclass
class Stack:
    """Outputs and clients of one stack."""

    outputs: Outputs
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of `service` in the stack's region; AWS_PROFILE and AWS_ENDPOINT_URL work as always."""
        if service not in self._clients:
            client = boto3.client(service, region_name=self.outputs.region, config=CLIENT_CONFIG)  # type: ignore[call-overload]
            self._clients[service] = client
        return self._clients[service]


def deployed(stack: str | None, outputs: Path | None) -> Stack:
    """The stack that an operator named; raises OperatorError when its outputs cannot be read."""
    return Stack(load_outputs(stack, outputs, projects.find()))


def with_settings(stack: str | None, outputs: Path | None) -> tuple[Stack, Settings]:
    """The deployed stack and the settings in its committed file; raises OperatorError when either cannot be read."""
    deployment = deployed(stack, outputs)
    return deployment, stack_settings(projects.find().stack(stack or deployment.outputs.stack))


def _way_out(code: str) -> str:
    if code in _DENIED:
        return " Your role may not do this, or the session has expired."
    if "NotFound" in code or "DoesNotExist" in code:
        return " Is the stack up (`pulumi stack ls --all`), and are these its account, region and outputs?"
    return ""


@contextmanager
def refusals_as_error(what: str) -> Iterator[None]:
    """Turns what AWS refuses while `what` is done into one message."""
    try:
        yield
    except NoCredentialsError as error:
        raise OperatorError(f"{what}: {NO_CREDENTIALS}", UNREACHABLE) from error
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        raise OperatorError(
            f"{what}: AWS answered {code}: {message.rstrip('.')}.{_way_out(code)}", UNREACHABLE
        ) from error
    except NoRegionError as error:
        raise OperatorError(f"{what}: no region: set AWS_REGION, for example us-east-1.", USAGE) from error
    except BotoCoreError as error:
        raise OperatorError(f"{what}: AWS cannot be reached: {error}", UNREACHABLE) from error
