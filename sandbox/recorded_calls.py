"""The emulated account of the delivery tests: the engine tests' one, with CodeBuild's key and a list of calls.

`GET /calls` answers with every AWS action asked for so far, as IAM names it,
and forgets them.

It keeps a CodeBuild project's `encryptionKey` and an image's layers, which moto forgets, and translates a request
into the IAM action that it needs. Whether an action is allowed is decided by `sandbox/permissions/`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs

import moto.codebuild.responses as codebuild
from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse
from moto.iam.access_control import IAMPolicyStatement, PermissionResult

from . import moto_gaps

_PREFIX: Final = {"monitoring": "cloudwatch"}
"""IAM's prefix of a service where it is not the name requests are signed for."""

_S3_BUCKET: Final = {
    "accelerate": ("GetAccelerateConfiguration", ""),
    "acl": ("GetBucketAcl", "PutBucketAcl"),
    "cors": ("GetBucketCORS", "PutBucketCORS"),
    "encryption": ("GetEncryptionConfiguration", "PutEncryptionConfiguration"),
    "lifecycle": ("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    "list-type": ("ListBucket", ""),
    "location": ("GetBucketLocation", ""),
    "logging": ("GetBucketLogging", "PutBucketLogging"),
    "notification": ("GetBucketNotification", "PutBucketNotification"),
    "object-lock": ("GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    "ownershipControls": ("GetBucketOwnershipControls", "PutBucketOwnershipControls"),
    "policy": ("GetBucketPolicy", "PutBucketPolicy"),
    "publicAccessBlock": ("GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
    "replication": ("GetReplicationConfiguration", "PutReplicationConfiguration"),
    "requestPayment": ("GetBucketRequestPayment", "PutBucketRequestPayment"),
    "tagging": ("GetBucketTagging", "PutBucketTagging"),
    "versioning": ("GetBucketVersioning", "PutBucketVersioning"),
    "versions": ("ListBucketVersions", ""),
    "website": ("GetBucketWebsite", "PutBucketWebsite"),
}
"""Sub-resource of a bucket to the IAM actions that read and write it; deleting most of them is the same as writing.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""
_S3_DELETES: Final = {"policy": "DeleteBucketPolicy", "website": "DeleteBucketWebsite"}

_SCHEDULER: Final = {"GET": "Get", "POST": "Create", "PUT": "Update", "DELETE": "Delete"}


def patch_codebuild() -> None:
    """A project keeps the key that it was created with."""
    create = codebuild.CodeBuildResponse.create_project

    def created(self: Any) -> Any:
        answer: Any = create(self)
        if key := self._get_param("encryptionKey"):
            answer.result["project"]["encryptionKey"] = key
        return answer

    codebuild.CodeBuildResponse.create_project = created  # type: ignore[method-assign]


def patch_denials() -> None:
    """A statement that denies plain HTTP lets HTTPS through, as which requests count here; moto reads no condition."""
    permitted = IAMPolicyStatement.is_action_permitted

    def judged(self: Any, *arguments: Any, **named: Any) -> Any:
        denies = self._statement["Effect"] == "Deny"
        if denies and "aws:SecureTransport" in json.dumps(self._statement.get("Condition", {})):
            return PermissionResult.NEUTRAL
        return permitted(self, *arguments, **named)

    IAMPolicyStatement.is_action_permitted = judged  # type: ignore[method-assign]


def patch_layers() -> dict[str, bytes]:
    """ECR hands out an address for each layer that was uploaded; answers with the layers, filled as they come."""
    layers: dict[str, bytes] = {}
    complete = ECRBackend.complete_layer_upload

    def completed(self: Any, repository_name: str, upload_id: str, *rest: Any, **named: Any) -> Any:
        upload = self._get_repository(repository_name, None).uploads.get(upload_id)
        data = bytes(upload.layer_parts) if upload else b""
        answer = complete(self, repository_name, upload_id, *rest, **named)
        layers[answer["layerDigest"]] = data
        return answer

    def address(self: Any) -> ActionResult:
        digest = self._get_param("layerDigest")
        host = self.headers.get("Host")
        return ActionResult({"downloadUrl": f"http://{host}/layers/{digest}", "layerDigest": digest})

    ECRBackend.complete_layer_upload = completed  # type: ignore[method-assign]
    ECRResponse.get_download_url_for_layer = address  # type: ignore[assignment]
    return layers


def action(method: str, path: str, query: str, target: str, authorization: str, body: bytes) -> str | None:
    """The IAM action that a request needs; None for one that is not signed for a service."""
    signed = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", authorization)
    if signed is None:
        return None
    service = _PREFIX.get(signed.group(1), signed.group(1))
    if target:
        return f"{service}:{target.rpartition('.')[2]}"
    if service == "s3":
        return f"s3:{_s3(method, path, query)}"
    if service == "scheduler":
        return f"scheduler:{_scheduler(method, path)}"
    actions = parse_qs(body.decode(errors="replace")).get("Action") or parse_qs(query).get("Action")
    return f"{service}:{actions[0]}" if actions else f"{service}:{method} {path}"


def _s3(method: str, path: str, query: str) -> str:
    subresources = parse_qs(query, keep_blank_values=True)
    is_object = "/" in path.strip("/")
    if is_object:
        return {"GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}.get(method, "PutObject")
    for name, (read, write) in _S3_BUCKET.items():
        if name in subresources:
            return _S3_DELETES.get(name, write) if method == "DELETE" else read if method == "GET" else write
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "POST": "DeleteObject"}.get(method, "ListBucket")


def _scheduler(method: str, path: str) -> str:
    if path.startswith("/tags"):
        return {"GET": "ListTagsForResource", "POST": "TagResource"}.get(method, "UntagResource")
    return _SCHEDULER[method] + ("ScheduleGroup" if "schedule-groups" in path else "Schedule")


def with_calls(app: moto_gaps.Wsgi, layers: dict[str, bytes]) -> moto_gaps.Wsgi:
    """`app`, which also remembers the actions it was asked for, and serves the layers of images."""
    calls: set[str] = set()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/calls":
            start_response("200 OK", [("Content-Type", "application/json")])
            recorded = json.dumps(sorted(calls)).encode()
            calls.clear()
            return [recorded]
        if environ["PATH_INFO"].startswith("/layers/"):
            start_response("200 OK", [("Content-Type", "application/octet-stream")])
            return [layers[environ["PATH_INFO"].removeprefix("/layers/")]]
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        body = b""
        if not target and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
        needed = action(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            target,
            environ.get("HTTP_AUTHORIZATION", ""),
            body,
        )
        if needed:
            calls.add(needed)
        return app(environ, start_response)

    return answer


def application() -> moto_gaps.Wsgi:
    """The whole account as a WSGI application."""
    patch_codebuild()
    patch_denials()
    return with_calls(moto_gaps.application(), patch_layers())


if __name__ == "__main__":
    moto_gaps.serve(application())
