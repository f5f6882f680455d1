"""Checks that no policy pack can make, because the engine does not tell a pack enough.

Nothing is retained after `destroy`; every type that the program registers has a rule or a reasoned waiver; dev and prod
are both evaluated. The program refuses `retainOnDelete` and `deletedWith` by itself
(`components/shared/transformations.py`); this is the second net, over recordings and exported state files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from policy.rules import ALL_RULES, UNKNOWN, Graph, Options, Resource

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN_TEXTS: Final = frozenset({"04da6b54-80e4-46f7-96ec-b56ff0331ba9", "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"})


class StateFileError(ValueError):
    """A state file cannot be read; the text says why and what to do."""


def retained(graph: Graph) -> list[str]:
    """What would outlive `pulumi destroy`: a line for each resource with retainOnDelete or deletedWith.

    Raises ValueError for a graph whose source cannot see these options: it must not pass unseen.
    """
    problems = []
    for resource in graph:
        if resource.options.retain_on_delete is None and resource.custom:
            raise ValueError(
                f"{resource.name}: options are not visible here; record the program or export the state "
                f"(pulumi stack export) and check that"
            )
        if resource.options.retain_on_delete:
            problems.append(f"{resource.urn}: retainOnDelete is set, so destroy leaves it behind. Remove the option.")
        if resource.options.deleted_with:
            problems.append(f"{resource.urn}: deletedWith is set, so destroy does not delete it. Remove the option.")
    return problems


def _plain(value: Any) -> Any:
    """A value of a state file: secrets unwrapped where they are in plain text, unknown where they are encrypted."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return _plain(json.loads(value["plaintext"])) if "plaintext" in value else UNKNOWN
        return {key: _plain(member) for key, member in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN_TEXTS else value


def from_state(path: Path) -> Graph:
    """The stack in a file that `pulumi stack export` wrote; encrypted secrets are unknown. Raises StateFileError."""
    try:
        deployment = json.loads(path.read_text(encoding="utf-8"))["deployment"]
        entries = [entry for entry in deployment.get("resources", ()) if not entry.get("delete")]
        resources = [_from_entry(entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateFileError(
            f"{path}: is no exported state ({type(error).__name__}). Write one with: pulumi stack export --file {path}"
        ) from error
    if not resources:
        raise StateFileError(
            f"{path}: holds no resources. Export a stack that is up: pulumi stack export --file {path}"
        )
    stack, project = resources[0].urn.split("::")[:2]
    outputs = next((one.props for one in resources if one.type == "pulumi:pulumi:Stack"), None)
    return Graph(resources, project=project, stack=stack.removeprefix("urn:pulumi:"), outputs=outputs)


def _from_entry(entry: Mapping[str, Any]) -> Resource:
    outputs, inputs = _plain(entry.get("outputs", {})), _plain(entry.get("inputs", {}))
    stack = entry["type"] == "pulumi:pulumi:Stack"
    computed = {key: outputs[key] for key in ("id", "arn", "name", "url", "bucket") if key in outputs}
    return Resource(
        urn=entry["urn"],
        type=entry["type"],
        name=entry["urn"].rpartition("::")[2],
        props=outputs if stack else {**computed, **inputs, "id": entry.get("id", "")},
        parent=entry.get("parent"),
        dependencies=tuple(entry.get("dependencies") or ()),
        property_dependencies={
            key: tuple(urns or ()) for key, urns in (entry.get("propertyDependencies") or {}).items()
        },
        options=Options(
            protect=bool(entry.get("protect")),
            ignore_changes=tuple(entry.get("ignoreChanges") or ()),
            provider=entry.get("provider"),
            retain_on_delete=bool(entry.get("retainOnDelete")),
            deleted_with=entry.get("deletedWith") or None,
        ),
        custom=bool(entry.get("custom")),
    )


WAIVED: Final[Mapping[str, str]] = {
    "aws:s3/bucketVersioning:BucketVersioning": "versions are a recovery choice of the data settings",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "turns ACLs off, which the access block ignores anyway",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "adopted to be emptied; has no rule to check and no user",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "holds schedules, which are checked",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "associates what exists; AWS rejects a wrong name",
    "aws:cloudwatch/dashboard:Dashboard": "shows, and changes nothing",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "shows, and changes nothing",
    "aws:sns/topicSubscription:TopicSubscription": "each address confirms by itself",
    "aws:kms/alias:Alias": "a name only",
}
"""Types that only the rules about every AWS resource look at, with the reason why that is enough."""


def uncovered_types(graphs: Iterable[Graph]) -> list[str]:
    """Types that the program registers and that no rule about particular types reads; a line each."""
    read = {token for rule in ALL_RULES for token in rule.types} | _READ_BY_OTHERS
    registered = {resource.type for graph in graphs for resource in graph if resource.type.startswith("aws:")}
    return [
        f"{token}: no rule reads it; write one, or waive it with a reason"
        for token in sorted(registered - read - set(WAIVED))
    ]


def _tokens_read() -> frozenset[str]:
    """Types that rules reach from their subjects: all that policy/rules/graph/kinds.py lists."""
    from policy.rules import kinds

    return frozenset(token for token in vars(kinds).values() if isinstance(token, str) and token.startswith("aws:"))


_READ_BY_OTHERS: Final = _tokens_read()


def unevaluated(
    stacks: Sequence[str], evaluated: Iterable[str], *, needed: Sequence[str] = ("dev", "prod")
) -> list[str]:
    """Stacks that must be evaluated and are not: each committed one, and dev and prod in any case; a line each."""
    missing = {*stacks, *needed} - set(evaluated)
    return [f"stack {name} was not evaluated: run batchctl preview --stack {name}" for name in sorted(missing)]
