"""The Pulumi project on disk: its name, its committed stacks and their configuration, without the Pulumi CLI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from batchctl.errors import OperatorError

SECRET = "[secret]"


@dataclass(frozen=True)
class StackFile:
    """A stack's configuration as committed."""

    name: str
    config: Mapping[str, Any]
    """Full keys (`batch-platform:jobs`) to values, the project's defaults included."""
    secret_keys: tuple[str, ...] = ()
    """Keys whose value is encrypted; the value here is a placeholder."""


@dataclass(frozen=True)
class Project:
    """A folder with a `Pulumi.yaml`."""

    root: Path
    name: str
    defaults: Mapping[str, Any]

    def stacks(self) -> list[str]:
        """Names of the committed stacks, in alphabetical order."""
        return sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in self.root.glob("Pulumi.*.yaml"))

    def stack(self, name: str) -> StackFile:
        """The stack called `name`; raises OperatorError naming those there are."""
        path = self.root / f"Pulumi.{name}.yaml"
        if not path.is_file():
            raise OperatorError(
                f"no stack {name!r}: {path} does not exist. Stacks here: {', '.join(self.stacks()) or 'none'}."
            )
        committed = (read_yaml(path) or {}).get("config") or {}
        if not isinstance(committed, Mapping):
            raise OperatorError(f"{path}: config must map keys to values, for example `aws:region: us-east-1`.")
        secret = tuple(
            key for key, value in committed.items() if isinstance(value, Mapping) and set(value) == {"secure"}
        )
        config = {**self.defaults, **committed, **dict.fromkeys(secret, SECRET)}
        return StackFile(name, config, secret)


def find(start: Path | None = None) -> Project:
    """The project that holds `start` (by default the current folder), or this checkout's own."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parent.parent):
        if (folder / "Pulumi.yaml").is_file():
            return load(folder)
    raise OperatorError(
        f"no Pulumi.yaml in {here} or above it: run batchctl inside the project, or pass --project DIR."
    )


def load(root: Path) -> Project:
    """The project in `root`."""
    described = read_yaml(root / "Pulumi.yaml") or {}
    defaults = {
        key: entry.get("value", entry.get("default"))
        for key, entry in (described.get("config") or {}).items()
        if isinstance(entry, Mapping) and ("value" in entry or "default" in entry)
    }
    return Project(root, str(described.get("name")), defaults)


def read_yaml(path: Path) -> Any:
    """A file as Pulumi reads it; raises OperatorError when it is not there or is not YAML."""
    try:
        return yaml.load(path.read_text(), Loader=_PulumisLoader)
    except FileNotFoundError as error:
        raise OperatorError(f"{path} does not exist.") from error
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}") from error


class _PulumisLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads plain values as Pulumi does, which follows YAML 1.2: `10:00` and `yes` are texts, not 600 and true.

    Source: https://github.com/go-yaml/yaml/tree/v3#compatibility
    """


_PulumisLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("bool", "int", "float")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
):
    _PulumisLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
