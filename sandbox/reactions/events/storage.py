"""S3: objects that are created or deleted become events, if the bucket's EventBridge switch is on."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from flask import has_request_context, request
from moto.s3 import notifications

from sandbox.reactions.events.bus import Bus
from sandbox.reactions.hooks import replace

_REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete": "DeleteObject",
    "s3:ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
_SEQUENCE = itertools.count(0x617F08299329D189)


def install(bus: Bus) -> None:
    """Sends events in the shape of S3's; moto asks for them only where the switch is on."""

    def send(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name))
        if "Tagging" in name and has_request_context() and "tagging" not in request.args:
            return  # moto tags within PutObject as well
        about: dict[str, Any] = {
            "key": key.name,
            "size": key.size,
            "etag": key.etag.strip('"'),
            "sequencer": f"{next(_SEQUENCE):016X}",
        }
        if bucket.is_versioned:
            about["version-id"] = key.version_id
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": about,
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
        }
        if name in _REASONS:
            detail["reason"] = _REASONS[name]
        bus.publish(bucket.region_name, "aws.s3", notifications._detail_type(event_name), [bucket.arn], detail)

    replace(notifications, "_send_event_bridge_message", send)
