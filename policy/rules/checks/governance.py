"""Rules about the stack as a whole: that it stands alone, says what it made, and can be destroyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final

from ..graph import Absent, Known, Resource, Unknown, identities, kinds, read, value
from ..rule import EVERY, Kind, Problem, Severity, View, rule
from ..settings import Settings

_KEEPING: Final = ("skipDestroy", "deletionProtectionEnabled", "deletionProtection", "objectLockEnabled")
"""Properties that keep `pulumi destroy` from deleting a resource, or that make it leave the resource behind."""


_PROTECTED: Final = (kinds.TABLE, "deletionProtectionEnabled")


def _keeping(token: str) -> tuple[str, ...]:
    """A task definition's revision may stay: it holds nothing, and a run under way needs it.

    Why: docs/adr/workflow/revisions-outlive-a-deployment.md.
    """
    return tuple(prop for prop in _KEEPING if (token, prop) != (kinds.TASK_DEFINITION, "skipDestroy"))


def _let_go(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    retaining = [prop for prop in _keeping(token) if prop in set(props) and props[prop] is True]
    for prop in retaining:
        props[prop] = False
    return bool(retaining)


_GOES_ALONG: Final = frozenset(
    {kinds.KEY, kinds.REPOSITORY_LIFECYCLE, *(kind for name, kind in vars(kinds).items() if name.startswith("BUCKET_"))}
)
_HOLDS_DATA: Final = {
    kinds.BUCKET: ("forceDestroy", False),
    kinds.REPOSITORY: ("forceDelete", False),
    kinds.TABLE: ("deletionProtectionEnabled", True),
}
"""Types that hold data: their property that says whether they keep it, and the value with which they do."""


def _keeps_data(resource: Resource, view: View) -> bool | None:
    """Whether a resource of a guarded stack keeps its data; None where nothing may be protected."""
    if not view.settings.guarded:
        return None
    if resource.type in _HOLDS_DATA:
        prop, keeping = _HOLDS_DATA[resource.type]
        match read(resource, prop):
            case Known(setting):
                return bool(setting) is keeping
            case _:
                return not keeping
    # a bucket's own settings go with the bucket, a repository's lifecycle with the repository; a key is for its owner
    return bool(resource.options.protect) if resource.type in _GOES_ALONG else None


@rule(
    "no-retain-or-protect",
    *EVERY,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    settings=("suffix", "guarded_suffixes"),
    fix="Remove it; what must outlive a stack belongs to another stack. (retainOnDelete: see the harness checks)",
    url="https://www.pulumi.com/docs/iac/concepts/options/protect/",
    remedy=_let_go,
)
def no_retain_or_protect(resource: Resource, view: View) -> Iterator[Problem]:
    """Only task definition revisions outlive a stack; a guarded one protects what holds data until emptied."""
    keeps = _keeps_data(resource, view)
    if resource.options.protect and keeps is None:
        yield Problem(message="is protected", property="protect")
    elif keeps is not None and keeps is not bool(resource.options.protect):
        message = "is not protected, though it keeps its data" if keeps else "is protected, though it may be emptied"
        yield Problem(message=message, property="protect")
    locked = (
        resource.type == kinds.BUCKET_OBJECT_LOCK and value(resource, "rule.defaultRetention.mode", "") != "GOVERNANCE"
    )
    if locked and not view.settings.guarded:
        yield Problem(
            message="locks objects, which then nobody can delete, in a bucket that may be emptied",
            property="rule.defaultRetention.mode",
        )
    for prop in _keeping(resource.type):
        match read(resource, prop):
            case Known(True) if keeps and prop == "deletionProtectionEnabled":
                continue
            case Known(True):
                yield Problem(message=f"sets {prop}", property=prop)
            case Unknown() if prop == "skipDestroy":
                yield Problem(message="", property=prop, undecided=True)
            case Known(False) | Absent() if keeps and (resource.type, prop) == _PROTECTED:
                yield Problem(
                    message=f"{prop} is not set and must be true: anybody may delete what the stack keeps",
                    property=prop,
                    fix=f"Set {prop} so",
                )


_REFERENCES: Final[Mapping[str, str]] = {
    "vpcId": kinds.VPC,
    "subnetId": kinds.SUBNET,
    "subnetIds": kinds.SUBNET,
    "securityGroupId": kinds.SECURITY_GROUP,
    "securityGroupIds": kinds.SECURITY_GROUP,
    "referencedSecurityGroupId": kinds.SECURITY_GROUP,
    "networkConfiguration.subnets": kinds.SUBNET,
    "networkConfiguration.securityGroups": kinds.SECURITY_GROUP,
    "ecsTarget.networkConfiguration.subnets": kinds.SUBNET,
    "ecsTarget.networkConfiguration.securityGroups": kinds.SECURITY_GROUP,
    "role": kinds.ROLE,
    "roleArn": kinds.ROLE,
    "executionRoleArn": kinds.ROLE,
    "taskRoleArn": kinds.ROLE,
    "iamRoleArn": kinds.ROLE,
    "serviceRole": kinds.ROLE,
    "target.roleArn": kinds.ROLE,
    "bucket": kinds.BUCKET,
    "targetBucket": kinds.BUCKET,
}
"""Properties that name a VPC, subnet, security group, role or bucket, with the type they name."""


def _kept_under(key: Resource, view: View) -> list[Resource]:
    """What keeps its data and is encrypted with the key."""
    graph = view.graph
    users = graph.dependents(key, kinds.BUCKET_ENCRYPTION, kinds.REPOSITORY, kinds.TABLE)
    buckets = [bucket for one in users for bucket in graph.targets(one, "bucket", kinds.BUCKET)]
    return [one for one in (*buckets, *users) if one.type in _HOLDS_DATA and _keeps_data(one, view)]


@rule(
    "keys-are-kept-with-data",
    kinds.KEY,
    severity=Severity.HIGH,
    settings=("suffix", "guarded_suffixes"),
    fix="Protect the key (the option protect) as long as what it encrypts must not be lost",
    url="https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
    tags=("graph",),
)
def keys_are_kept_with_data(key: Resource, view: View) -> Iterator[Problem]:
    """The key of what keeps its data is protected as that is: without the key the data is gone."""
    if not key.options.protect and (encrypted := _kept_under(key, view)):
        yield Problem(
            message=f"is not protected, and {encrypted[0].name}, which it encrypts, keeps its data", property="protect"
        )


@rule(
    "no-foreign-infrastructure",
    *EVERY,
    severity=Severity.CRITICAL,
    fix="Create it in this stack and pass its output, so that the stack can be deployed into an empty account",
    url="https://www.pulumi.com/docs/iac/concepts/inputs-outputs/",
    tags=("graph",),
)
def no_foreign_infrastructure(resource: Resource, view: View) -> Iterator[Problem]:
    """Every VPC, subnet, security group, bucket and role that the stack uses is created by it."""
    graph = view.graph
    for path, kind in _REFERENCES.items():
        top = path.partition(".")[0]
        if top not in resource.props or resource.type == kind:
            continue
        targets = graph.targets(resource, top, kind)
        match read(resource, path):
            case Known(reference):
                listed = reference if isinstance(reference, list) else [reference]
                named = {target for member in listed for target in graph.named(member, kind)}
                if len({*targets, *named}) < len(listed):
                    what = kind.rpartition(":")[2]
                    yield Problem(message=f"uses a {what} that this stack does not create", property=path)
            case Unknown() if not targets:
                yield Problem(message="", property=path, undecided=True)


_EXPOSED: Final = (
    kinds.VPC,
    kinds.SUBNET,
    kinds.SECURITY_GROUP,
    kinds.BUCKET,
    kinds.REPOSITORY,
    kinds.KEY,
    kinds.LOG_GROUP,
    kinds.CLUSTER,
    kinds.SERVICE,
    kinds.TASK_DEFINITION,
    kinds.EVENT_RULE,
    kinds.ALARM,
)


@rule(
    "stack-outputs-complete",
    *_EXPOSED,
    severity=Severity.MEDIUM,
    fix="Export its id, name or ARN from the program",
    url="https://www.pulumi.com/docs/iac/concepts/stacks/#outputs",
    tags=("graph",),
)
def stack_outputs_complete(resource: Resource, view: View) -> Iterator[Problem]:
    """The stack's outputs name everything that people and programs need to find."""
    graph = view.graph
    outputs = graph.root.props if graph.outputs is None else graph.outputs
    exported, complete = graph.cached(("exported",), lambda: _leaves(outputs))
    if exported.isdisjoint(identities(resource)):
        if complete:
            yield Problem(message="no output of the stack names it", property="outputs")
        else:
            yield Problem(message="", property="outputs", undecided=True)


def _leaves(outputs: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    """All known texts in the outputs, and whether there is nothing unknown among them."""
    texts: set[str] = set()
    complete = True
    waiting: list[Any] = [outputs]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Mapping):
            waiting += at.values()
        elif isinstance(at, list):
            waiting += at
        elif isinstance(at, str):
            texts.add(at)
        elif not isinstance(at, (bool, int, float, type(None))):
            complete = False
    return frozenset(texts), complete
