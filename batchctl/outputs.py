"""A deployed stack's outputs, from the Pulumi CLI or from a file: where every operator command begins."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from batchctl.errors import UNREACHABLE, USAGE, OperatorError
from batchctl.project import Project

SECONDS: Final = 120
"""How long the Pulumi CLI may take; a state backend far away needs a few seconds."""

NO_CREDENTIALS: Final = "no AWS credentials: set AWS_PROFILE, or sign in (`aws sso login`)."
_NO_CREDENTIALS: Final = ("no EC2 IMDS role found", "failed to refresh cached credentials", "NoCredentialProviders")
"""How the Pulumi CLI, through AWS's Go SDK, says that there are none."""

LOCATION: Final = ("environment", "region", "accountId")
"""Outputs that everything else is looked up from."""


@dataclass(frozen=True)
class Outputs(Mapping[str, Any]):
    """A stack's outputs, read-only; the flat names are those of the program's `outputs.py`."""

    values_by_name: Mapping[str, Any] = field(repr=False)
    origin: str
    """Where they were read, for messages."""

    @property
    def stack(self) -> str:
        """The environment suffix that ends every name of the stack."""
        return self.text("environment")

    @property
    def region(self) -> str:
        """The region everything but IAM is in."""
        return self.text("region")

    @property
    def account(self) -> str:
        """Twelve digits."""
        return self.text("accountId")

    def text(self, name: str) -> str:
        """An output that is one text."""
        return str(self._of_type(name, str))

    def texts(self, name: str) -> list[str]:
        """An output that is a list."""
        return [str(item) for item in self._of_type(name, list)]

    def by_key(self, name: str) -> dict[str, str]:
        """An output that is a map, by job, endpoint or purpose."""
        return {str(key): str(value) for key, value in self._of_type(name, dict).items()}

    def _of_type(self, name: str, kind: type) -> Any:
        value = self[name]
        if not isinstance(value, kind):
            raise OperatorError(
                f"output {name} from {self.origin} is {value!r}, not a {kind.__name__}: were these outputs written by "
                "another version of the program? Run `pulumi up`, or use the checkout that deployed the stack."
            )
        return value

    def __getitem__(self, name: str) -> Any:
        try:
            return self.values_by_name[name]
        except KeyError:
            raise OperatorError(
                f"{self.origin} has no output {name}: run `pulumi up` with this version of the program first."
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self.values_by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def load_outputs(stack: str | None, file: Path | None, project: Project) -> Outputs:
    """The outputs of `stack` as the Pulumi CLI knows them, or those in `file`.

    Without either, the project's only committed stack is meant. Raises OperatorError: USAGE when the question is
    unclear or the file is not what it should be, UNREACHABLE when the CLI or the state backend does not answer.
    """
    if stack and file:
        raise OperatorError("--stack and --outputs exclude each other: choose one.")
    if file:
        return _checked(_from_file(file), str(file))
    name = stack or only_stack(project)
    return _checked(_from_engine(name, project), f"stack {name!r}")


def only_stack(project: Project) -> str:
    """The project's committed stack; raises OperatorError naming them all when there is not just one."""
    stacks = project.stacks()
    if len(stacks) != 1:
        raise OperatorError(
            f"which stack? {project.root} has {', '.join(stacks) or 'none'}: pass --stack NAME, or --outputs FILE "
            "written by `pulumi stack output --json --stack NAME`."
        )
    return stacks[0]


def _from_file(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(
            f"{file}: {error.strerror}. Write it with `pulumi stack output --json > {file}`."
        ) from error
    except ValueError as error:
        raise OperatorError(
            f"{file} is not JSON ({error}): write it with `pulumi stack output --json > {file}`."
        ) from error


def _from_engine(stack: str, project: Project) -> Any:
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError as error:
        raise OperatorError(
            "no `pulumi` on PATH: install it (https://www.pulumi.com/docs/install/), or pass --outputs FILE written "
            f"by `pulumi stack output --json --stack {stack}` elsewhere.",
            UNREACHABLE,
        ) from error
    except subprocess.TimeoutExpired as error:
        raise OperatorError(
            f"pulumi did not answer within {SECONDS} s: is the state backend reachable (`pulumi whoami -v`)?",
            UNREACHABLE,
        ) from error
    if done.returncode:
        output = done.stderr.strip() or done.stdout.strip()
        if any(words in output for words in _NO_CREDENTIALS):
            raise OperatorError(
                f"{NO_CREDENTIALS}\nPulumi needs them to read the state of stack {stack!r}; with --outputs FILE it "
                "is not asked.",
                UNREACHABLE,
            )
        if "no stack named" in output:
            raise OperatorError(
                f"{output}\nThe state backend you are logged in to does not know stack {stack!r}: see `pulumi stack ls "
                "--all` and `pulumi whoami -v`.",
                USAGE,
            )
        raise OperatorError(f"`{' '.join(command)}` failed:\n{output}", UNREACHABLE)
    return json.loads(done.stdout or "{}")


def _checked(values: Any, origin: str) -> Outputs:
    if not isinstance(values, Mapping):
        raise OperatorError(
            f"{origin} holds a {type(values).__name__}, not a JSON object: use `pulumi stack output --json`."
        )
    if missing := [name for name in LOCATION if not isinstance(values.get(name), str)]:
        raise OperatorError(
            f"{origin} has no output {', '.join(missing)}: it is not up. Run `pulumi up` first, and pass outputs "
            "written by `pulumi stack output --json`."
        )
    return Outputs(values, origin)
