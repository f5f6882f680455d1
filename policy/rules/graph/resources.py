"""What a rule reads: resources as typed, frozen values that are known, unknown or absent.

The engine hands a policy untyped dictionaries in which reading an unknown value raises, and `"x" in props` too; an
unknown that looks like an absent value would turn a broken stack green. Types that have twins get one token, numbers
and empty values one form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final, Generic, TypeAlias, TypeVar

T = TypeVar("T")


class UnknownType:
    """Type of `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false: read it with `read` or `value`")

    def __copy__(self) -> UnknownType:
        return self

    def __deepcopy__(self, memo: object) -> UnknownType:
        return self

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = UnknownType()
"""Stands for a value that the engine does not know yet."""


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value that is there; it may be a list or mapping with `UNKNOWN` somewhere inside."""

    value: T


@dataclass(frozen=True, slots=True)
class Unknown:
    """There will be a value, or none; nobody can say yet."""

    path: str


@dataclass(frozen=True, slots=True)
class Absent:
    """No value, or an empty one: after an update providers fill in `""`, `[]` and `{}` for what was never set."""


Reading: TypeAlias = Known[Any] | Unknown | Absent

ABSENT: Final = Absent()


class Undecided(Exception):  # noqa: N818 - not an error but one of the verdicts
    """A rule needs a value that is unknown. The runner turns it into an *undecided* finding on the resource."""

    def __init__(self, path: str, urn: str | None = None) -> None:
        super().__init__(path)
        self.path = path
        self.urn = urn


def normal_value(value: Any) -> Any:
    """`value` with whole floats as int (the engine sends every number as a float) and null members left out."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict | Mapping):  # a dict first: asking an abstract class is slow
        return {key: normal_value(member) for key, member in value.items() if member is not None}
    if isinstance(value, (list, tuple)):
        return [normal_value(member) for member in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Resource options as far as the evaluation in use can see them; None: it cannot."""

    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    provider: str | None = None
    retain_on_delete: bool | None = None
    """Known to a recorder or a state file only, never to a policy pack."""
    deleted_with: str | None = None
    """As `retain_on_delete`."""


_TWINS: Final = re.compile(r"aws:s3/(bucket\w*)V2:(Bucket\w*)V2")
_RENAMED: Final[Mapping[str, str]] = {
    "aws:s3/bucketObject:BucketObject": "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:cloudwatch/eventRule:Rule": "aws:cloudwatch/eventRule:EventRule",
}


@cache
def normal_token(token: str) -> str:
    """The one token under which rules know a type: pulumi-aws has `Bucket` and `BucketV2` for the same thing."""
    if twin := _TWINS.fullmatch(token):
        return f"aws:s3/{twin[1]}:{twin[2]}"
    return _RENAMED.get(token, token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a stack.

    `props` holds plain JSON-like values in camelCase, `UNKNOWN` anywhere, secrets unwrapped (so never put a value into
    a message). `type` is given as the engine's token and kept normalised; `token` is what was given.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Options = Options()
    custom: bool = True
    token: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", self.token or self.type)
        object.__setattr__(self, "type", normal_token(self.type))
        object.__setattr__(self, "props", normal_value(self.props))

    def __hash__(self) -> int:
        return hash(self.urn)


_STEP: Final = re.compile(r"[^.\[\]]+|\[\d+\]")


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(path))


def read(source: Resource | Mapping[str, Any] | list[Any], path: str) -> Reading:
    """What stands at `path`, for example `containers[0].image`. Below an unknown value everything is unknown."""
    at: Any = source.props if isinstance(source, Resource) else source
    for step in _steps(path):
        if at is UNKNOWN:
            return Unknown(path)
        if isinstance(step, int):
            if not isinstance(at, list) or step >= len(at):
                return ABSENT
            at = at[step]
        else:
            if not isinstance(at, dict | Mapping) or step not in at:
                return ABSENT
            at = at[step]
    if at is UNKNOWN:
        return Unknown(path)
    if at is None or (isinstance(at, (str, list, dict)) and not at):
        return ABSENT
    return Known(at)


def value(source: Resource | Mapping[str, Any] | list[Any], path: str, default: Any = None) -> Any:
    """The known value at `path`, `default` where there is none; raises `Undecided` for an unknown one."""
    match read(source, path):
        case Known(result):
            return result
        case Unknown(at):
            raise Undecided(at)
        case _:
            return default


def members(source: Resource | Mapping[str, Any] | list[Any], path: str) -> list[Any]:
    """The list at `path`, `[]` where there is none; members may be `UNKNOWN`. A single object is a list of one."""
    result = value(source, path, [])
    return result if isinstance(result, list) else [result]


def has_unknown(value: Any) -> bool:
    """Whether `UNKNOWN` stands anywhere in `value`."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    return isinstance(value, (list, tuple)) and any(map(has_unknown, value))
