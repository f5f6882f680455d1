"""What holds for every resource, whichever component makes it: the required tags, and that it can be destroyed.

`retainOnDelete` and `deletedWith` are invisible to every policy pack (docs/policy/policies.md), so the program itself
refuses them. Tags are put on by a transformation, because a list of taggable types kept by hand goes out of date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from conventions.tagging import CREATED_AT

Transformation = Callable[[pulumi.ResourceTransformationArgs], pulumi.ResourceTransformationResult | None]


class NotDestroyableError(pulumi.RunError):
    """A resource asks to outlive its stack."""


def standard_tags_and_limits(
    tags: Mapping[str, str], *, permissions_boundary: str | None = None, role_path: str = "/"
) -> Transformation:
    """A stack transformation that gives each taggable resource `tags`; its own tags win, its first `CreatedAt` stays.

    `permissions_boundary` is the ARN of a policy that bounds every role, whichever component makes it; `role_path` is
    where every role is (`/`: it has no path of its own).

    Raises NotDestroyableError for a resource with `retain_on_delete` or `deleted_with`.
    """

    def apply(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        for option in ("retain_on_delete", "deleted_with"):
            if getattr(args.opts, option):
                raise NotDestroyableError(
                    f"{args.type_} {args.name!r} sets {option}: `pulumi destroy` would leave it behind. "
                    f"Remove the option; to keep data, set batch-platform:platform.teardown to false."
                )
        # a generated class has a `tags` entry, None or not, exactly when its type can be tagged
        if not args.type_.startswith("aws:") or "tags" not in args.props:
            return None
        resource_tags: Any = args.props["tags"] or {}
        props = {**args.props, "tags": {**tags, **resource_tags}}
        if args.type_ == "aws:iam/role:Role":
            if permissions_boundary:
                props["permissions_boundary"] = permissions_boundary
            if role_path != "/":
                props["path"] = role_path
        options = pulumi.ResourceOptions(ignore_changes=[f"tags.{CREATED_AT}"])
        return pulumi.ResourceTransformationResult(props=props, opts=pulumi.ResourceOptions.merge(args.opts, options))

    return apply
