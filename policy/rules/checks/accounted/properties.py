"""The tables of properties as rules: one rule for each subject, and one for what no table knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from ...graph import UNKNOWN, Resource, kinds
from ...rule import Problem, Rule, Severity, View, rule
from ...tables.properties import BY_TYPE, SUBJECTS
from ...tables.rows import Context, Must, Row, Table, parsed

COMPUTED: Final = frozenset(
    (
        "id",
        "arn",
        "arnWithoutRevision",
        "bucketRegionalDomainName",
        "keyId",
        "prefixListId",
        "registryId",
        "repositoryUrl",
        "revision",
        "tags",
        "tagsAll",
        "url",
        "clusterName",
        "name",
        "bucket",
    )
)
"""Properties beside the inputs, which only AWS or the provider decides; tags have rules of their own."""
_LONGEST_QUOTE: Final = 80
"""Characters of a value that a message shows."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a resource's properties."""

    path: str
    """With indices: `rules[0].status`."""
    shape: str
    """Without: `rules[].status`."""
    value: Any


@lru_cache(maxsize=8192)
def shape_of(path: str) -> str:
    """A path without its indices."""
    return re.sub(r"\[\d+\]", "[]", path)


def _nodes(table: Table, name: str, value: Any) -> Iterator[Node]:
    shape = shape_of(name)
    yield Node(name, shape, value)
    if isinstance(value, str) and any(one.must.document for one in table.by_path.get(shape, ())):
        value = parsed(value)
    if isinstance(value, dict | Mapping):
        for key, member in value.items():
            yield from _nodes(table, f"{name}.{key}", member)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _nodes(table, f"{name}[{index}]", member)


def _rows(table: Table, shape: str) -> tuple[Row, ...]:
    result = table.by_path.get(shape) or table.by_path.get(f"{shape.rpartition('.')[0]}.*")
    if result is None and ".*." in table.stars:
        result = table.by_path.get(_STARRED.sub(".*.", shape))
    return result or ()


_STARRED: Final = re.compile(r"(?<=ExpressionAttributeValues)\.[^.]+\.")


def _at(props: Mapping[str, Any], path: str) -> Any:
    from ...graph import Known, Unknown, read

    match read(props, path):
        case Known(value):
            return value
        case Unknown():
            return UNKNOWN
    return None


def _applies(row: Row, props: Mapping[str, Any], path: str, context: Context) -> bool:
    """Whether the row holds here: `when` is looked up beside the value, with the value's own indices."""
    if row.when is None:
        return True
    other, expected = row.when
    indices = iter(re.findall(r"\[\d+\]", path))
    result = _at(props, re.sub(r"\[\]", lambda _: next(indices, "[0]"), other))
    if result is None and other == "vpcEndpointType":
        result = "Gateway"
    if isinstance(expected, Must):
        if result is UNKNOWN and not expected.by_edge:
            return bool(context.graph.targets(context.resource, other, *expected.types))
        return expected.test(result, context)
    if expected is None:
        return result is None
    return bool(result is not UNKNOWN and (result in expected if isinstance(expected, tuple) else result == expected))


def violations(table: Table, props: Mapping[str, Any], context: Context, prefix: str = "") -> Iterator[Problem]:
    """What of `props`, which stand at `prefix` of the context's resource, is not as the table says."""
    opened = _opened(table, props)
    for name, value in props.items():
        if name in COMPUTED and name not in table.tops:
            continue
        here = context if prefix or not table.by_path else replace(context, name=name)
        done: tuple[str, ...] = ()
        for node in _nodes(table, name, value):
            if done and node.path.startswith(done):
                continue
            rows = [one for one in _rows(table, node.shape) if _applies(one, opened, node.path, here)]
            if any(one.must.free and isinstance(node.value, dict | list) for one in rows):
                done = (*done, f"{node.path}.", f"{node.path}[")
            for one in rows:
                yield from _of_row(one, node, here, prefix)
            if not rows and not isinstance(node.value, dict | list) and node.value not in (None, ""):
                yield Problem(
                    message=f"nobody has accounted for {prefix}{node.path}",
                    property=f"{prefix}{node.path}",
                    fix="Remove it, or add a row for it to the table of its type in policy/rules/tables",
                )
    yield from _missing(table, opened, prefix, context)


def _opened(table: Table, props: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties with the texts that are documents parsed."""
    texts = [
        name
        for name, value in props.items()
        if isinstance(value, str) and table.by_path.get(name, _NO_ROW)[0].must.document
    ]
    return {**props, **{name: parsed(props[name]) for name in texts}} if texts else props


_NO_ROW: Final = (Row("", Must("", lambda value, at: True), ""),)


def _of_row(row: Row, node: Node, context: Context, prefix: str) -> Iterator[Problem]:
    if node.value is UNKNOWN and row.must.by_edge:
        if not row.must.test(node.value, context):
            target = next(iter(context.graph.targets(context.resource, context.name)), context.resource)
            yield _wrong(row, f"{prefix}{node.path}", f"leads to {target.name}")
    elif node.value is UNKNOWN:
        if row.must.types:
            targets = context.graph.targets(context.resource, context.name)
            if targets and not any(one.type in row.must.types for one in targets):
                yield _wrong(row, f"{prefix}{node.path}", f"leads to {targets[0].name}")
            elif not targets:
                yield _wrong(row, f"{prefix}{node.path}", "is not known yet and comes from no resource of this stack")
        elif not row.must.free:
            yield Problem(message="", property=f"{prefix}{node.path}", undecided=True)
    elif not (row.optional and node.value in (None, "")) and not row.must.test(node.value, context):
        yield _wrong(row, f"{prefix}{node.path}", f"is {_quote(node.value)}")


def _quote(value: Any) -> str:
    text = repr(value).replace("True", "true").replace("False", "false") if not isinstance(value, str) else value
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _wrong(row: Row, path: str, what: str) -> Problem:
    return Problem(
        message=f"{path} {what} and must be {row.must.words}: {row.why}",
        property=path,
        fix=row.fix or f"Set {path} so",
    )


def _missing(table: Table, props: Mapping[str, Any], prefix: str, context: Context) -> Iterator[Problem]:
    """What is not set: once for each object or list that is not there, whatever must be in it."""
    absent: dict[str, list[tuple[str, Row]]] = {}
    for one in table.rows:
        if not one.optional:
            for path, rest in _gaps(props, one.path.split("."), ""):
                if _applies(one, props, f"{path}.{rest}" if rest else path, context):
                    absent.setdefault(path, []).append((rest, one))
    for path, listed in absent.items():
        rest, first = min(listed, key=lambda entry: bool(entry[0]))  # the row about the property itself, if any
        if rest:
            inside = ", ".join(dict.fromkeys(rest for rest, _ in listed))
            message = f"{prefix}{path} is not set, and must be, with {inside}: {first.why}"
        else:
            message = f"{prefix}{path} is not set and must be {first.must.words}: {first.why}"
        yield Problem(message=message, property=f"{prefix}{path}", fix=first.fix or f"Set {prefix}{path}")


def _gaps(at: Any, steps: list[str], above: str) -> Iterator[tuple[str, str]]:
    """Where a path has nothing, and what of the path is below."""
    step, *rest = steps
    name = step.removesuffix("[]")
    path = f"{above}.{name}" if above else name
    if at is UNKNOWN:
        return
    result = at.get(name) if isinstance(at, dict | Mapping) else None
    if result is None or (isinstance(result, str | list | dict) and not result):
        yield path, ".".join(one.removesuffix("[]") for one in rest)
    elif rest:
        for member, here in _members(result, path, step):
            yield from _gaps(member, rest, here)


def _members(value: Any, path: str, step: str) -> Iterator[tuple[Any, str]]:
    if not step.endswith("[]"):
        yield value, path
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield member, f"{path}[{index}]"


def _rule(subject: str, tables: tuple[Table, ...]) -> Rule:
    def check(resource: Resource, view: View) -> Iterator[Problem]:
        context = Context(resource=resource, graph=view.graph, settings=view.settings, name="")
        return violations(BY_TYPE[resource.type], resource.props, context)

    check.__doc__ = (
        f"Each property of the {subject}'s resources has a row in the table of its type, and is what the row says; "
        "a property that no row accounts for is a finding."
    )
    return rule(
        f"{subject}-properties",
        *(table.type for table in tables if table.type not in (kinds.EIP, kinds.NAT)),
        severity=Severity.HIGH,
        fix="Set it as the row says, or change the row with its reason",
        url=tables[0].source,
        settings=("suffix",),
        tags=("table",),
    )(check)


PROPERTY_RULES: Final = tuple(_rule(subject, tables) for subject, tables in SUBJECTS.items())
"""A rule for each subject."""
