"""A line for a reader, and how values are shown in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from batchctl.preview import synthetic
from batchctl.preview.changes import MISSING, Path
from batchctl.preview.snapshot import HIDDEN, digest

LONGEST_VALUE: Final = 120
"""Characters of a value; a longer one is cut and named by its hash."""
_SECRET_NAMES: Final = re.compile(
    r"secret(?!smanager)|passw|token|credential|private.?key|api.?key|access.?key", re.IGNORECASE
)


class Concern(StrEnum):
    """What a line is about; in the order in which a reader needs them."""

    DESTROYED = "Destroys data"
    ACCESS = "More access"
    NETWORK = "More network access"
    PROTECTION = "Less protection"
    REPLACED = "Replaced"
    DATA = "How long data is kept"
    UNKNOWN = "Not known as safe"
    COST = "Cost"
    OTHER = "Other changes"


@dataclass(frozen=True)
class Line:
    """One thing that differs."""

    concern: Concern
    text: str
    """Markdown without line breaks."""
    urn: str
    """Of the resource, on the later side where there is one; empty for the stack itself."""
    paths: tuple[Path, ...] = ()
    """The changes that it shows."""


def code(value: object) -> str:
    """`value` as Markdown code: cut with its hash when long, safe from what it contains."""
    text = value if isinstance(value, str) else "none" if value is MISSING else json.dumps(value, default=str)
    flat = re.sub(r"\s+", " ", text).replace("`", "'")
    if len(flat) > LONGEST_VALUE:
        flat = f"{flat[: LONGEST_VALUE - 20]}… (hash {digest(value)})"
    return f"`{flat or 'empty'}`"


def arrow(before: Any, after: Any) -> str:
    """A value before and after; where both are long and begin alike, from shortly before they part."""
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > LONGEST_VALUE:
        same = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
        start = max(0, same - 20)
        if start:
            before, after = f"…{before[start:]}", f"…{after[start:]}"
    return f"{code(before)} → {code(after)}"


def is_named_secret(name: str) -> bool:
    """Whether a name says that what it names is a secret."""
    return bool(_SECRET_NAMES.search(name))


def variable(name: str, value: object) -> object:
    """The value of a variable, hidden when its name says that it is a secret."""
    return HIDDEN if is_named_secret(name) and isinstance(value, str) else value


def short(arn: object) -> str:
    """An ARN without the parts that are the same everywhere: `s3 bucket-input/*`; other texts as they are."""
    text = str(arn)
    match = re.fullmatch(rf"arn:aws:([\w-]+):[\w-]*:(?:{synthetic.ACCOUNT})?:(.+)", text)
    return f"{match[1]} {match[2]}" if match else text


def dotted(path: Path) -> str:
    """A path as people write it: `rules[0].expiration.days`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
