"""Rules about names and tags: that resources can be identified, do not collide, and are accepted by their service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..graph import Absent, Known, Resource, Unknown, kinds, normal_token, read, value
from ..rule import EVERY, Kind, Problem, Severity, View, rule
from ..settings import Settings

_TAG_GUIDE: Final = "https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"
_AUTO_SUFFIX: Final = 8
"""Characters that the provider appends to a logical name when no physical one is given: a hyphen and seven digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How a service names things of one type."""

    prop: str = "name"
    longest: int
    pattern: str = r"[A-Za-z0-9_.-]+"
    shortest: int = 1


NAMING: Final[Mapping[str, Naming]] = {
    kinds.BUCKET: Naming(prop="bucket", longest=63, shortest=3, pattern=r"[a-z0-9][a-z0-9.-]*[a-z0-9]"),
    kinds.REPOSITORY: Naming(longest=256, shortest=2, pattern=r"[a-z0-9]+(?:[._/-][a-z0-9]+)*"),
    kinds.ROLE: Naming(longest=64, pattern=r"[\w+=,.@-]+"),
    kinds.POLICY: Naming(longest=128, pattern=r"[\w+=,.@-]+"),
    kinds.LOG_GROUP: Naming(longest=512, pattern=r"[A-Za-z0-9_./#-]+"),
    kinds.QUEUE: Naming(longest=80, pattern=r"[A-Za-z0-9_-]+(\.fifo)?"),
    kinds.TOPIC: Naming(longest=256, pattern=r"[A-Za-z0-9_-]+(\.fifo)?"),
    kinds.TABLE: Naming(longest=255, shortest=3),
    kinds.CLUSTER: Naming(longest=255, pattern=r"[A-Za-z0-9_-]+"),
    kinds.SERVICE: Naming(longest=255, pattern=r"[A-Za-z0-9_-]+"),
    kinds.TASK_DEFINITION: Naming(prop="family", longest=255, pattern=r"[A-Za-z0-9_-]+"),
    kinds.EVENT_RULE: Naming(longest=64),
    kinds.SCHEDULE: Naming(longest=64),
    kinds.STATE_MACHINE: Naming(longest=80, pattern=r"[A-Za-z0-9_-]+"),
    kinds.ALARM: Naming(longest=255, pattern=r"[^\x00-\x1f]+"),
    kinds.SECURITY_GROUP: Naming(longest=255, pattern=r"(?!sg-)[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]+"),
    kinds.PIPELINE: Naming(longest=100, pattern=r"[A-Za-z0-9.@_-]+"),
    kinds.BUILD_PROJECT: Naming(longest=150, shortest=2, pattern=r"[A-Za-z0-9][A-Za-z0-9_-]+"),
}
"""By type: where its name stands and what its service accepts (each service's API reference)."""


def _explicit(resource: Resource) -> str | None:
    """The physical name that the program gave; None when the provider makes one from the logical name.

    Raises Undecided for a name that is not known and may have been given.
    """
    prop = NAMING[resource.type].prop
    match read(resource, prop):
        case Absent():
            return None
        case Unknown() if resource.type not in (kinds.BUCKET, kinds.TASK_DEFINITION):
            return None  # a given name is text; an unknown one is the provider's own
    name = str(value(resource, prop))
    result = name == resource.name or re.fullmatch(rf"{re.escape(resource.name)}-[0-9a-f]{{7}}", name)
    return None if result else name


def _segments(name: str) -> list[str]:
    return re.split(r"[^A-Za-z0-9]+", name)


@rule(
    "environment-suffix-in-names",
    *NAMING,
    kind=Kind.RESOURCE,
    severity=Severity.MEDIUM,
    fix="Name it {type}-{purpose}-{suffix}: without the suffix a second environment in the account collides with it",
    url="https://www.pulumi.com/docs/iac/concepts/resources/names/",
    settings=("suffix",),
)
def environment_suffix_in_names(resource: Resource, view: View) -> Iterator[Problem]:
    """Physical names, or logical ones where the provider makes it, hold the environment suffix as a whole part."""
    name = _explicit(resource)
    if view.settings.suffix not in _segments(resource.name if name is None else name):
        prop = "" if name is None else NAMING[resource.type].prop
        yield Problem(message=f"its name lacks the environment suffix {view.settings.suffix}", property=prop)


@rule(
    "name-fits-service",
    *NAMING,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Shorten the name, or leave out what the service does not take",
    url="https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html",
)
def name_fits_service(resource: Resource, view: View) -> Iterator[Problem]:
    """Names have a length and characters that their service takes, counting what the provider appends."""
    naming = NAMING[resource.type]
    explicit = _explicit(resource)
    name = explicit or resource.name
    length = len(name) if explicit else len(name) + _AUTO_SUFFIX
    if not naming.shortest <= length <= naming.longest:
        limits = f"{naming.shortest} to {naming.longest}"
        yield Problem(message=f"its name has {length} characters, allowed are {limits}", property=naming.prop)
    if not re.fullmatch(naming.pattern, name):
        yield Problem(message="its name has characters that the service refuses", property=naming.prop)


@cache
def taggable() -> frozenset[str]:
    """Types that can be tagged; made from the provider's SDK by `batchctl policy docs`."""
    listed = (Path(__file__).parent.parent / "tables" / "taggable.txt").read_text(encoding="utf-8").split()
    return frozenset(map(normal_token, listed))


def _tag(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    names = dict(pair.split("=", 1) for pair in settings.tag_values if "=" in pair)
    if "tags" not in set(props):
        if names and normal_token(token) in taggable():
            props["tags"] = dict(names)
            return True
        return False
    tags = props["tags"]
    if not hasattr(tags, "__setitem__"):
        return False
    lacking = {name: names[name] for name in settings.required_tags if name in names and name not in set(tags)}
    for name, text in lacking.items():
        tags[name] = text
    return bool(lacking)


_TAG_VALUE: Final = re.compile(r"[\w\s.:/=+\-@]{0,256}")
_MOST_TAGS: Final = 50


@rule(
    "tags-are-accepted",
    *EVERY,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Use letters, digits, spaces and _.:/=+-@, up to 128 of them in a key and 256 in a value",
    url="https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html",
    tags=("closed",),
)
def tags_are_accepted(resource: Resource, view: View) -> Iterator[Problem]:
    """Tags have keys and values that every service takes; IAM takes the fewest characters."""
    match read(resource, "tags"):
        case Known(tags) if isinstance(tags, Mapping):
            if len(tags) > _MOST_TAGS:
                yield Problem(message=f"has {len(tags)} tags, and AWS takes {_MOST_TAGS}", property="tags")
            for key, text in tags.items():
                if not re.fullmatch(r"(?!aws:)[\w\s.:/=+\-@]{1,128}", key):
                    yield Problem(message=f"AWS takes no tag {key!r}", property=f"tags.{key}")
                elif isinstance(text, str) and not _TAG_VALUE.fullmatch(text):
                    yield Problem(
                        message=f"its tag {key} has characters that IAM refuses, or too many", property=f"tags.{key}"
                    )


@rule(
    "required-tags",
    *EVERY,
    kind=Kind.RESOURCE,
    severity=Severity.MEDIUM,
    fix="Add the tags, or give the provider default tags",
    url=_TAG_GUIDE,
    settings=("required_tags", "tag_values", "suffix"),
    remedy=_tag,
)
def required_tags(resource: Resource, view: View) -> Iterator[Problem]:
    """Each taggable resource says from which repository, by whom and for which pull request it was made, and when."""
    if resource.type not in taggable():
        return
    tags: set[str] = set()
    for prop in ("tags", "tagsAll"):
        match read(resource, prop):
            case Known(resource_tags):
                tags |= set(resource_tags)
            case Unknown(path) if not tags:
                yield Problem(message="", property=path, undecided=True)
                return
    if lacking := [name for name in view.settings.required_tags if name not in tags]:
        yield Problem(message=f"lacks the tags {', '.join(lacking)}", property="tags")
    match read(resource, "tags.Environment"):
        case Known(environment) if environment != view.settings.suffix:
            message = f"its tag Environment is {environment} and must be {view.settings.suffix}: deliveries go by it"
            yield Problem(message=message, property="tags.Environment")
