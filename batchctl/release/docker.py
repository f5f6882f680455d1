"""Docker and other programs that a release is built with.

Owns: running a command so that its failure is one message. Refuses: deciding what is built (`release.py`).
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from typing import Any

from batchctl.errors import UNREACHABLE, OperatorError


def run_command(command: Sequence[str]) -> None:
    """Runs `command` with its output shown; raises OperatorError when it fails or does not exist."""
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError as error:
        raise OperatorError(f"{command[0]} is not installed or not on PATH.", UNREACHABLE) from error
    except subprocess.CalledProcessError as error:
        shown = " ".join(command)
        raise OperatorError(f"`{shown}` failed with exit code {error.returncode}.", UNREACHABLE) from error


def sign_in(ecr: Any) -> None:
    """Lets Docker push to the account's registry for twelve hours; the password goes through standard input only."""
    grant = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(grant["authorizationToken"]).decode().partition(":")
    command = ["docker", "login", "--username", user, "--password-stdin", grant["proxyEndpoint"]]
    try:
        subprocess.run(command, check=True, input=password, text=True, stdout=subprocess.DEVNULL)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise OperatorError(f"docker login failed: {error}", UNREACHABLE) from error
