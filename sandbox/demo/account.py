"""The demo's account: an emulated one with what the deployed program would have created in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from batchctl import program, project
from sandbox.account import EmulatedAccount, emulated_account
from sandbox.furnishing import Blueprint, Furnished, furnish


def read_blueprint(stack: str) -> Blueprint:
    """Run the program for a committed stack under the recorder. Raises `batchctl.errors.OperatorError`."""
    repository = project.find()
    stack_file = repository.stack(stack)
    recording = program.recorded(repository, stack_file, "resolved")
    return Blueprint(recording.graph(repository.name), str(stack_file.config.get("aws:region", "us-east-1")))


@dataclass(frozen=True)
class Account:
    """The emulated account and what is in it."""

    emulated: EmulatedAccount
    furnished: Furnished

    @property
    def blueprint(self) -> Blueprint:
        """The stack."""
        return self.furnished.blueprint

    @property
    def s3(self) -> Any:
        """A client of S3."""
        return self.furnished.client("s3")

    def notifications(self) -> list[str]:
        """The subjects of what was announced so far; each is given once."""
        return [message["subject"] for message in self.furnished.notifications()]


@contextmanager
def emulated(blueprint: Blueprint) -> Iterator[Account]:
    """An account with the stack's buckets, ledger and topic, while the block runs."""
    with emulated_account(region=blueprint.region) as account:
        yield Account(account, furnish(blueprint, account.client))
