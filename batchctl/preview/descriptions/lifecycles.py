"""What is deleted after how long, and what may not be deleted: objects of a bucket, images of a repository."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.rules import Resource, kinds

from .line import Concern, code

OBJECT_RULES: Final = {kinds.BUCKET_LIFECYCLE: "rules", kinds.BUCKET_OBJECT_LOCK: "rule"}
"""By type: the property that holds rules as plain values."""
_WHO_DELETES: Final = {
    "GOVERNANCE": "except by those who may bypass governance",
    "COMPLIANCE": "by anybody, AWS included",
}


def describe(before: Resource | None, after: Resource | None) -> Iterator[tuple[Concern, str]]:
    """What differs between the rules of a lifecycle resource; None: it is not there on that side."""
    kind = (before or after).type  # type: ignore[union-attr]  # one of the two is there
    if kind == kinds.BUCKET_OBJECT_LOCK:
        old, new = _lock(before), _lock(after)
        if old != new:
            yield Concern.DATA, f"new objects {new} (before: {old})"
    elif kind in OBJECT_RULES:
        yield from _object_rules(before, after)
    elif kind == kinds.REPOSITORY_LIFECYCLE:
        yield from image_rules(*(json.loads(side.props["policy"]) if side else {} for side in (before, after)))


def _days(number: Any) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _lock(resource: Resource | None) -> str:
    retention = ((resource.props.get("rule") if resource else None) or {}).get("defaultRetention") or {}
    if not retention:
        return "may be deleted at any time"
    years = retention.get("years")
    length = f"{years} years" if years else _days(retention.get("days"))
    return f"cannot be deleted for {length}, {_WHO_DELETES.get(str(retention.get('mode')), 'by anybody')}"


def _object_rules(before: Resource | None, after: Resource | None) -> Iterator[tuple[Concern, str]]:
    earlier, later = (
        {
            str(rule.get("id", index)): rule
            for index, rule in enumerate((side.props.get("rules") if side else None) or [])
        }
        for side in (before, after)
    )
    for name in dict.fromkeys((*earlier, *later)):
        old, new = (_object_rule(side[name]) if name in side else "none" for side in (earlier, later))
        if old != new:
            yield Concern.DATA, f"objects, rule {code(name)}: {new} (before: {old})"


def _object_rule(rule: Mapping[str, Any]) -> str:
    where = rule.get("filter") or rule.get("prefix") or {}
    prefix = where if isinstance(where, str) else where.get("prefix") or where.get("and", {}).get("prefix", "")
    parts = []
    if days := (rule.get("expiration") or {}).get("days"):
        parts.append(f"deleted after {_days(days)}")
    if days := (rule.get("noncurrentVersionExpiration") or {}).get("noncurrentDays"):
        parts.append(f"earlier versions after {_days(days)}")
    if days := (rule.get("abortIncompleteMultipartUpload") or {}).get("daysAfterInitiation"):
        parts.append(f"unfinished uploads deleted after {_days(days)}")
    parts += [
        f"moved to {move.get('storageClass')} after {_days(move.get('days'))}" for move in rule.get("transitions") or []
    ]
    off = "" if rule.get("status") == "Enabled" else " (switched off)"
    return f"{'under ' + prefix + ' ' if prefix else ''}{', '.join(parts) or 'nothing is deleted'}{off}"


def image_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Concern, str]]:
    """What differs between two image lifecycle policies, rule by rule."""

    def by_priority(side: Mapping[str, Any]) -> dict[int, str]:
        return {rule["rulePriority"]: _image_rule(rule) for rule in side.get("rules", []) if isinstance(rule, Mapping)}

    earlier, later = by_priority(before), by_priority(after)
    for priority in sorted({*earlier, *later}):
        old, new = earlier.get(priority), later.get(priority)
        if old != new:
            yield Concern.DATA, f"images, rule {priority}: {new or 'none'} (before: {old or 'none'})"


def _image_rule(rule: Mapping[str, Any]) -> str:
    chosen = rule.get("selection", {})
    tags = [*(f"{prefix}*" for prefix in chosen.get("tagPrefixList", [])), *chosen.get("tagPatternList", [])]
    which = f"images tagged {' and '.join(map(code, tags))}" if tags else f"{chosen.get('tagStatus')} images"
    if chosen.get("countType") == "sinceImagePushed":
        return f"{which} are deleted after {_days(chosen.get('countNumber'))}"
    return f"of {which} all but the newest {chosen.get('countNumber')} are deleted"
