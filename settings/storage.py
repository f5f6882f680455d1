"""Sections `data` and `registry`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from .base import Section, refused


class ObjectLock(Section):
    """Write once, read many, for the output bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """

    days: int = Field(ge=1, le=36_500, examples=[400])
    """Days that a version cannot be deleted, counted from its writing; what was written before is not locked."""
    mode: Literal["governance", "compliance"] = Field(default="governance", examples=["governance"])
    """`governance`: who has s3:BypassGovernanceRetention, and `pulumi destroy` with `platform.teardown`, may delete
    earlier. `compliance`: nobody may, AWS included, until the days have passed; the bucket and its key are paid for."""


class Data(Section):
    """How long data is kept, and who brings it."""

    input_days: int = Field(default=90, ge=1, le=3650, examples=[90])
    """Days until an object of the input bucket expires."""
    output_days: int = Field(default=400, ge=1, le=3650, examples=[400])
    """Days until an object of the output bucket, reports included, expires."""
    previous_version_days: int = Field(default=30, ge=1, le=3650, examples=[30])
    """Days that an overwritten or deleted object can still be brought back."""
    audit_days: int = Field(default=400, ge=1, le=3650, examples=[400])
    """Days that access logs are kept."""
    ledger_days: int = Field(default=400, ge=1, le=3650, examples=[400])
    """Days that the run ledger remembers a run; a manifest older than that is no duplicate any more."""
    object_lock: ObjectLock | None = Field(default=None, examples=["{days: 400}"])
    """Keeps the versions of the output bucket's objects from being deleted. S3 delivers no access logs to a bucket with
    object lock: the audit bucket's policy refuses deletion instead, until `platform.teardown` is true."""
    senders: tuple[
        Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")], ...
    ] = Field(default=(), examples=[["arn:aws:iam::210987654321:role/trade-export"]])
    """Roles, of this or another account, that may write below `workflow.start.prefix` of the input bucket, and nothing
    else. Their own account must allow them the same, with the data key."""

    @model_validator(mode="after")
    def _senders_are_named_once(self) -> Self:
        if len(set(self.senders)) < len(self.senders):
            raise refused("senders", "a role is named twice", "senders: [arn:aws:iam::210987654321:role/trade-export]")
        return self


class Registry(Section):
    """The image repositories."""

    keep_images: int = Field(default=10, ge=2, le=1000, examples=[10])
    """Release images a repository keeps; the ones tagged as deployed are kept besides."""
    untagged_days: int = Field(default=7, ge=1, le=365, examples=[7])
    """Days until an image without a tag expires."""
