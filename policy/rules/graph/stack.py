"""A stack's resources with the edges between them, indexed once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, TypeVar

from .resources import Known, Resource, Unknown, normal_value, read, value
from .texts import leaves

T = TypeVar("T")

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
        """The stack's outputs; None where the evaluation in use cannot see them."""
        self._cache: dict[tuple[str, ...], Any] = {}
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

    @property
    def types(self) -> tuple[str, ...]:
        """All types in the stack."""
        return tuple(self._by_type)

    def get(self, urn: str) -> Resource | None:
        """The resource with this URN."""
        return self._by_urn.get(urn)

    def targets(self, resource: Resource, prop: str | None, *types: str) -> list[Resource]:
        """Resources that `resource` takes a value from: for its top-level property `prop`, or for any if None.

        A property without any edge that names resources of `types` as plain text, also in a document, leads to them
        as well: by text or by output, the meaning is the same. For None only edges count: they alone make an order.
        """
        urns: Iterable[str]
        if prop is not None and types and not resource.property_dependencies.get(prop):
            return self.cached(("by_text", resource.urn, prop, *types), lambda: self._by_text(resource, prop, types))
        if prop is None:
            urns = dict.fromkeys(
                (*resource.dependencies, *(urn for urns in resource.property_dependencies.values() for urn in urns))
            )
        else:
            urns = dict.fromkeys(resource.property_dependencies.get(prop, ()))
        result = (self._by_urn.get(urn) for urn in urns)
        return [target for target in result if target is not None and (not types or target.type in types)]

    def _by_text(self, resource: Resource, prop: str, types: tuple[str, ...]) -> list[Resource]:
        matches = (one for text in leaves(resource.props.get(prop)) for one in self.named(text, *types))
        return list(dict.fromkeys(one for one in matches if one is not resource))

    def dependents(self, resource: Resource, *types: str, prop: str | None = None) -> list[Resource]:
        """Resources that take a value from `resource`: into their property `prop`, or into any if None."""
        accepted = set(types)
        return [
            source
            for source, through in self._incoming.get(resource.urn, ())
            if (not accepted or source.type in accepted) and (prop is None or prop in through)
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

    def named(self, content: Any, *types: str) -> list[Resource]:
        """Resources of `types` that `content` identifies: by id, ARN or name, or by an ARN that ends with the name."""
        if not isinstance(content, str):
            return []
        forms = (content, _last(content)) if content.startswith("arn:") else (content,)
        if self._names.isdisjoint(forms):
            return []
        matches = [match for token in types for form in forms for match in self._identified.get((token, form), ())]
        return list(dict.fromkeys(matches)) if len(matches) > 1 else matches

    def resolve(self, resource: Resource, path: str, *types: str) -> list[Resource]:
        """Which resources of `types` the property at `path` means: by its edges first, by its value second.

        Edges are known at preview, values often are not; edges exist for each top-level property only, so a value of
        which every member names a resource is the better witness. Raises `Undecided` when there is no edge and the
        value is unknown.
        """
        targets = self.targets(resource, re.split(r"[.\[]", path, maxsplit=1)[0], *types)
        if targets and isinstance(reading := read(resource, path), Unknown):
            return targets
        result = reading.value if targets and isinstance(reading, Known) else value(resource, path)
        members = result if isinstance(result, list) else [result]
        matches = [self.named(member, *types) for member in members]
        if targets and not all(matches):
            return targets
        return [target for match in matches for target in match]

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

    def cached(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` returns, made once for this graph; `key` begins with the name of the function that asks."""
        if key not in self._cache:
            self._cache[key] = make()
        result: T = self._cache[key]
        return result

    @cached_property
    def root(self) -> Resource:
        """The stack itself, which rules about the whole stack report on."""
        for resource in self._by_type.get(STACK, ()):
            return resource
        name = f"{self.project}-{self.stack}"
        return Resource(urn=f"urn:pulumi:{self.stack}::{self.project}::{STACK}::{name}", type=STACK, name=name)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Everything that some resource is identified by."""
        return frozenset(identity for _, identity in self._identified)

    @cached_property
    def _identified(self) -> Mapping[tuple[str, str], list[Resource]]:
        index: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in self.resources:
            for identity in dict.fromkeys(identities(resource)):
                index[resource.type, identity].append(resource)
        return index


def _last(arn: str) -> str:
    """The name at the end of an ARN; that of a log group holds slashes, and `:*` may follow it."""
    _, is_group, name = arn.partition(":log-group:")
    return name.removesuffix(":*") if is_group else re.split(r"[/:]", arn)[-1]


def _listed(content: Any) -> list[Any]:
    return [member for member in (content if isinstance(content, list) else [content]) if isinstance(member, str)]


IDENTIFYING: Final = ("id", "arn", "name", "bucket", "family", "url", "keyId", "repositoryUrl", "clusterName")


def identities(resource: Resource) -> Iterator[str]:
    """Known strings under which other resources, policies and outputs may name `resource`."""
    for prop in IDENTIFYING:
        result = resource.props.get(prop)
        if isinstance(result, str) and result:
            yield result
