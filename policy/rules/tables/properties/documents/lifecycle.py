"""Lifecycle rules of image repositories, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...rows import DOCUMENT, Context, Row, between, exactly, free, holds, maybe, row, text


def _priority(value: Any, at: Context) -> bool:
    from ...rows import parsed

    rules = (parsed(at.resource.props.get("policy")) or {}).get("rules", [])
    return isinstance(value, int) and value >= 1 and [one.get("rulePriority") for one in rules].count(value) == 1


def _untagged_go(value: Any, at: Context) -> bool:
    selections = [one.get("selection", {}) for one in value if isinstance(one, Mapping)]
    tagged = [one.get("tagPrefixList") for one in selections if one.get("tagStatus") == "tagged"]
    return (
        [one.get("tagStatus") for one in selections].count("untagged") == 1
        and all(tagged)
        and ["deployed-"] in tagged
        and ["release-"] in tagged
    )


_LIFECYCLE: Final = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"


_R: Final = "policy.rules[]."


REPOSITORY_RULES: Final[tuple[Row, ...]] = (
    row("policy", DOCUMENT, "ECR takes JSON", source=_LIFECYCLE),
    row(
        "policy.rules",
        holds("rules for deployed-, release- and untagged images", _untagged_go),
        "images go, and those that run stay",
    ),
    row(_R + "rulePriority", holds("a number that no other rule has", _priority), "ECR refuses two of the same"),
    maybe(_R + "description", free(), "for people"),
    row(_R + "selection.tagStatus", exactly("tagged", "untagged"), "a rule for any image would let those go that run"),
    row(
        _R + "selection.tagPrefixList[]",
        text(r"(deployed|release)-", "deployed- or release-"),
        "the tags that `batchctl` and the pipeline set",
        when=(_R + "selection.tagStatus", "tagged"),
    ),
    row(
        _R + "selection.countType",
        holds(
            "imageCountMoreThan for tagged, sinceImagePushed for untagged images",
            lambda value, at: value in ("imageCountMoreThan", "sinceImagePushed"),
        ),
        "releases are kept by number, leftovers by age",
    ),
    row(
        _R + "selection.countType",
        exactly("sinceImagePushed"),
        "leftovers go by age",
        when=(_R + "selection.tagStatus", "untagged"),
    ),
    row(
        _R + "selection.countUnit",
        exactly("days"),
        "the only unit",
        when=(_R + "selection.countType", "sinceImagePushed"),
    ),
    row(_R + "selection.countNumber", between(1, 1000), "images, or days"),
    row(
        _R + "selection.countNumber",
        between(2, 1000),
        "an image that has run must be there to go back to",
        when=(_R + "selection.countType", "imageCountMoreThan"),
    ),
    row(_R + "action.type", exactly("expire"), "the only action"),
)
