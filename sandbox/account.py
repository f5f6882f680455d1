"""The one way to start an emulated AWS account on loopback, for tests, the demo and benchmarks.

The account lives in a process of its own and ends with the `with` block. It takes any credentials, and starts no
container and fires no event or schedule.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import boto3

REGION: Final = "us-east-1"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
PLAIN: Final = "sandbox.moto_gaps"
"""moto with its gaps filled."""
RECORDING: Final = "sandbox.recorded_calls"
"""The same, with a list of the calls that were made."""

_ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class EmulatedAccount:
    """An AWS account that only this machine knows."""

    url: str
    """Where every AWS service answers."""
    region: str = REGION

    @property
    def variables(self) -> dict[str, str]:
        """What leads the AWS SDKs and the aws provider of a child process to the account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            **CREDENTIALS,
        }

    def environment(self) -> dict[str, str]:
        """This process's environment, with AWS led to the account and nothing left of the user's own AWS and Pulumi.

        PULUMI_ENGINE_BIN stays: it says where the engine is, not whose account it works in.
        """
        variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "PULUMI_")) or name == "PULUMI_ENGINE_BIN"
        }
        return {**variables, **self.variables, "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def client(self, service: str) -> Any:
        """A boto3 client of one service of the account."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the stubs know a literal for each service only
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def reset(self) -> None:
        """Empties the account."""
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=60).close()


@contextmanager
def emulated_account(server: str = PLAIN, *, region: str = REGION) -> Iterator[EmulatedAccount]:
    """An empty account while the block runs.

    `server` is a module that serves an account on a free port and prints its address as the first line. Raises
    RuntimeError with what the module printed when it ends before that.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", server],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                process.wait(30)
                log.seek(0)
                raise RuntimeError(f"the emulated AWS account did not start: {log.read()[-2000:]}")
            yield EmulatedAccount(url, region)
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()
