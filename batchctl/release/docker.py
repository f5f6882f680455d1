"""Docker and the other programs that a release is made with; a failure of theirs is one message."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from typing import Any, TypeAlias

from batchctl.errors import UNREACHABLE, OperatorError

ECRClient: TypeAlias = Any
"""A boto3 client of ECR, which boto3 makes at run time."""

WAYS_OUT = {
    "docker": "Is Docker running (`docker info`)? A refused push is often an expired sign-in: "
    "`batchctl release sign-in`.",
    "crane": "A refusal is often an expired sign-in, which `batchctl release promote` renews: run it again.",
    "pulumi": "Is the state backend the right one (`pulumi whoami -v`), and does the stack exist (`pulumi stack ls`)?",
}
"""What to look at when a program fails, whose output is shown above."""


def run_command(command: Sequence[str]) -> None:
    """Runs `command` with its output shown; raises OperatorError when it fails or does not exist."""
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError as error:
        raise OperatorError(f"{command[0]} is not installed or not on PATH.", UNREACHABLE) from error
    except subprocess.CalledProcessError as error:
        raise OperatorError(
            f"`{' '.join(command)}` failed with exit code {error.returncode}; what it says is above. "
            + WAYS_OUT.get(command[0], ""),
            UNREACHABLE,
        ) from error


def sign_in(ecr: ECRClient) -> None:
    """Lets Docker push to the account's registry for twelve hours; the password goes through standard input only."""
    grant = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(grant["authorizationToken"]).decode().partition(":")
    registry = grant["proxyEndpoint"]
    command = ["docker", "login", "--username", user, "--password-stdin", registry]
    try:
        subprocess.run(command, check=True, input=password, text=True, capture_output=True)
    except FileNotFoundError as error:
        raise OperatorError(
            "docker is not on PATH: install Docker (https://docs.docker.com/get-docker/), or let the pipeline build.",
            UNREACHABLE,
        ) from error
    except subprocess.CalledProcessError as error:
        raise OperatorError(
            f"Docker cannot sign in to {registry}: {error.stderr.strip() or 'no reason given'}. {WAYS_OUT['docker']}",
            UNREACHABLE,
        ) from error
