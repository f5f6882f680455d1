"""What S3 demands of objects: digests, conditions, parts, copies, and how many at once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import bucket_of

_API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_ERRORS = f"{_API}ErrorResponses.html#ErrorCodeList"
_WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload")
_METADATA_BYTES = 2048
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "ChecksumCRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "ChecksumSHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "ChecksumSHA256": lambda body: hashlib.sha256(body).digest(),
    "ContentMD5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
}
"""Members that say what the body must come to."""

rules = Rules("s3")


def _body(call: Call) -> bytes | None:
    """The body of an upload; None where it was sent in signed chunks, which carry checksums of their own."""
    body = call.parameters.get("Body", b"")
    chunked = "aws-chunked" in call.headers.get("content-encoding", "")
    signed = call.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
    return None if chunked or signed or not isinstance(body, bytes) else body


@rules.add("PutObject", "UploadPart", source=_ERRORS, code="InvalidDigest")
def digest(call: Call, _: Account) -> Iterator[str]:
    """A digest is the base64 of as many bytes as its kind has."""
    for member, length in (("ContentMD5", 16), ("ChecksumSHA256", 32)):
        text = call.parameters.get(member)
        try:
            if text is not None and len(base64.b64decode(text, validate=True)) != length:
                yield f"The {member} you specified is not valid."
        except binascii.Error:
            yield f"The {member} you specified is not valid."


@rules.add("PutObject", "UploadPart", source=_ERRORS, code="BadDigest")
def digest_of_body(call: Call, _: Account) -> Iterator[str]:
    """The body comes to the digest that was sent with it."""
    body = _body(call)
    for member, function in _DIGESTS.items():
        text = call.parameters.get(member)
        if text is not None and body is not None and base64.b64encode(function(body)).decode() != text:
            yield f"The {member} you specified did not match the calculated checksum."


@rules.add(*_WRITES, source=f"{_API}API_PutObject.html", code="InvalidArgument")
def kms_key(call: Call, _: Account) -> Iterator[str]:
    """An object's KMS key comes with the encryption `aws:kms`."""
    if call.parameters.get("SSEKMSKeyId") and not call.parameters.get("ServerSideEncryption", "").startswith("aws:kms"):
        yield (
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms"
        )


@rules.add("PutObject", source=f"{_API}API_PutObject.html", code="NotImplemented", status=501)
def if_none_match(call: Call, _: Account) -> Iterator[str]:
    """`If-None-Match` of a write is `*`."""
    if call.parameters.get("IfNoneMatch", "*") != "*":
        yield "A header you provided implies functionality that is not implemented"


@rules.add(*_WRITES, source=_ERRORS, code="MetadataTooLarge")
def metadata(call: Call, _: Account) -> Iterator[str]:
    """An object's own metadata has at most 2 KB."""
    pairs = call.parameters.get("Metadata", {}).items()
    if sum(len(str(key).encode()) + len(str(value).encode()) for key, value in pairs) > _METADATA_BYTES:
        yield "Your metadata headers exceed the maximum allowed metadata size"


@rules.add("CopyObject", source=f"{_API}API_CopyObject.html", code="InvalidRequest")
def copy_onto_itself(call: Call, _: Account) -> Iterator[str]:
    """An object is copied onto itself only to change it."""
    parameters = call.parameters
    itself = str(parameters["CopySource"]).lstrip("/") == f"{parameters['Bucket']}/{parameters['Key']}"
    changes = ("StorageClass", "ServerSideEncryption", "WebsiteRedirectLocation", "SSEKMSKeyId")
    if itself and parameters.get("MetadataDirective") != "REPLACE" and not any(parameters.get(m) for m in changes):
        yield (
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


@rules.add(
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
    source=_ERRORS,
    code="NoSuchUpload",
    status=404,
)
def known_upload(call: Call, account: Account) -> Iterator[str]:
    """An upload in parts was begun and is not over."""
    bucket = bucket_of(call, account)
    if bucket is not None and call.parameters["UploadId"] not in bucket.multiparts:
        yield (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
            "completed."
        )


@rules.add("DeleteObjects", source=f"{_API}API_DeleteObjects.html", code="MalformedXML")
def deleted_at_once(call: Call, _: Account) -> Iterator[str]:
    """At most 1,000 objects are deleted at once."""
    if len(call.parameters["Delete"].get("Objects", [])) > 1000:
        yield "The XML you provided was not well-formed or did not validate against our published schema"


@rules.add("ListObjects", "ListObjectsV2", "ListObjectVersions", source=_ERRORS, code="InvalidArgument")
def page_size(call: Call, _: Account) -> Iterator[str]:
    """A page has 0 or more keys."""
    if call.parameters.get("MaxKeys", 0) < 0:
        yield "Argument maxKeys must be an integer between 0 and 2147483647"


@rules.add("GetObject", "HeadObject", "UploadPart", source=f"{_API}API_UploadPart.html", code="InvalidArgument")
def part_number(call: Call, _: Account) -> Iterator[str]:
    """A part's number is from 1 to 10,000."""
    if not 1 <= call.parameters.get("PartNumber", 1) <= 10_000:
        yield "Part number must be an integer between 1 and 10000, inclusive"
