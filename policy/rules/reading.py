"""What a rule reads: resources as typed, frozen values, and the edges between them.

Owns: the difference between known, unknown and absent values; one token for resource types that have twins; one form
for numbers and empty values; the index over a stack's resources and their edges.
Refuses: judging anything (the rules) and knowing where resources come from (the pack, a recorder, a state file).
Why: the engine hands a policy untyped dictionaries in which reading an unknown value raises, and `"x" in props` too; an
unknown that looks like an absent value turns a broken stack green.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Resource options as far as the door in use can see them; None: it cannot."""

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


def normal_value(value: Any) -> Any:
    """`value` with whole floats as int (the engine sends every number as a float) and null members left out."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: normal_value(member) for key, member in value.items() if member is not None}
    if isinstance(value, (list, tuple)):
        return [normal_value(member) for member in value]
    return value


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
            if not isinstance(at, Mapping) or step not in at:
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
        case Known(found):
            return found
        case Unknown(at):
            raise Undecided(at)
        case _:
            return default


def members(source: Resource | Mapping[str, Any] | list[Any], path: str) -> list[Any]:
    """The list at `path`, `[]` where there is none; members may be `UNKNOWN`. A single object is a list of one."""
    found = value(source, path, [])
    return found if isinstance(found, list) else [found]


def has_unknown(found: Any) -> bool:
    """Whether `UNKNOWN` stands anywhere in `found`."""
    if found is UNKNOWN:
        return True
    if isinstance(found, Mapping):
        return any(map(has_unknown, found.values()))
    return isinstance(found, (list, tuple)) and any(map(has_unknown, found))


STACK: Final = "pulumi:pulumi:Stack"


class Graph:
    """A stack's resources with their edges, indexed once."""

    def __init__(
        self,
        resources: Iterable[Resource],
        *,
        project: str,
        stack: str,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        self.resources: tuple[Resource, ...] = tuple(resources)
        self.project = project
        self.stack = stack
        self.outputs: Mapping[str, Any] | None = None if outputs is None else normal_value(outputs)
        """The stack's outputs; None where the door in use cannot see them."""
        self._made: dict[tuple[str, ...], Any] = {}
        self._by_urn = {resource.urn: resource for resource in self.resources}
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            self._by_type[resource.type].append(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)

    def of_type(self, *tokens: str) -> list[Resource]:
        """Resources of any of the (normalised) types, in the order given."""
        return [resource for token in tokens for resource in self._by_type.get(token, ())]

    def get(self, urn: str) -> Resource | None:
        """The resource with this URN."""
        return self._by_urn.get(urn)

    def targets(self, resource: Resource, prop: str | None, *types: str) -> list[Resource]:
        """Resources that `resource` takes a value from: for its top-level property `prop`, or for any if None."""
        urns: Iterable[str]
        if prop is None:
            urns = dict.fromkeys(
                (*resource.dependencies, *(urn for urns in resource.property_dependencies.values() for urn in urns))
            )
        else:
            urns = dict.fromkeys(resource.property_dependencies.get(prop, ()))
        found = (self._by_urn.get(urn) for urn in urns)
        return [target for target in found if target is not None and (not types or target.type in types)]

    def dependents(self, resource: Resource, *types: str, prop: str | None = None) -> list[Resource]:
        """Resources that take a value from `resource`: into their property `prop`, or into any if None."""
        wanted = set(types)
        return [
            source
            for source, through in self._incoming.get(resource.urn, ())
            if (not wanted or source.type in wanted) and (prop is None or prop in through)
        ]

    @cached_property
    def _incoming(self) -> Mapping[str, list[tuple[Resource, frozenset[str]]]]:
        incoming: dict[str, list[tuple[Resource, frozenset[str]]]] = defaultdict(list)
        for source in self.resources:
            through: dict[str, set[str]] = {urn: set() for urn in source.dependencies}
            for prop, urns in source.property_dependencies.items():
                for urn in urns:
                    through.setdefault(urn, set()).add(prop)
            for urn, props in through.items():
                incoming[urn].append((source, frozenset(props)))
        return incoming

    def named(self, found: Any, *types: str) -> list[Resource]:
        """Resources of `types` that `found` identifies: by id, ARN or name, or by an ARN that ends with the name."""
        if not isinstance(found, str):
            return []
        last = re.split(r"[/:]", found)[-1] if found.startswith("arn:") else found
        matches = (self._identified.get((token, form), []) for token in types for form in dict.fromkeys((found, last)))
        return list(dict.fromkeys(resource for match in matches for resource in match))

    def resolve(self, resource: Resource, path: str, *types: str) -> list[Resource]:
        """Which resources of `types` the property at `path` means: by its edges first, by its value second.

        Edges are known at preview, values often are not; they exist for each top-level property only. Raises
        `Undecided` when there is no edge and the value is unknown.
        """
        if targets := self.targets(resource, re.split(r"[.\[]", path, maxsplit=1)[0], *types):
            return targets
        found = value(resource, path)
        return [
            target
            for member in (found if isinstance(found, list) else [found])
            for target in self.named(member, *types)
        ]

    def attached(self, resource: Resource, prop: str, *types: str) -> list[Resource]:
        """Resources of `types` that mean `resource` with their property `prop`, by an edge or by a literal name."""
        by_edge = self.dependents(resource, *types, prop=prop)
        mine = set(identities(resource))
        by_name = (
            other
            for other in self.of_type(*types)
            if not other.property_dependencies.get(prop) and any(map(mine.__contains__, _listed(other.props.get(prop))))
        )
        return list(dict.fromkeys((*by_edge, *by_name)))

    def once(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` returns, made once for this graph; `key` begins with the name of the function that asks."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    @cached_property
    def root(self) -> Resource:
        """The stack itself, which rules about the whole stack report on."""
        for resource in self._by_type.get(STACK, ()):
            return resource
        name = f"{self.project}-{self.stack}"
        return Resource(urn=f"urn:pulumi:{self.stack}::{self.project}::{STACK}::{name}", type=STACK, name=name)

    @cached_property
    def _identified(self) -> Mapping[tuple[str, str], list[Resource]]:
        index: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in self.resources:
            for identity in dict.fromkeys(identities(resource)):
                index[resource.type, identity].append(resource)
        return index


def _listed(found: Any) -> list[Any]:
    return [member for member in (found if isinstance(found, list) else [found]) if isinstance(member, str)]


IDENTIFYING: Final = ("id", "arn", "name", "bucket", "family", "url", "keyId", "repositoryUrl", "clusterName")


def identities(resource: Resource) -> Iterator[str]:
    """Known strings under which other resources, policies and outputs may name `resource`."""
    for prop in IDENTIFYING:
        found = resource.props.get(prop)
        if isinstance(found, str) and found:
            yield found
