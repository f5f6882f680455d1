"""What S3 demands of objects: digests, conditions, parts, copies, and how many at once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote

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
    "UploadPartCopy",
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


@rules.add(
    "GetObject",
    "HeadObject",
    "UploadPart",
    "UploadPartCopy",
    source=f"{_API}API_UploadPart.html",
    code="InvalidArgument",
)
def part_number(call: Call, _: Account) -> Iterator[str]:
    """A part's number is from 1 to 10,000."""
    if not 1 <= call.parameters.get("PartNumber", 1) <= 10_000:
        yield "Part number must be an integer between 1 and 10000, inclusive"


@rules.add("GetObject", "HeadObject", source=f"{_API}API_GetObject.html", code="InvalidRequest")
def part_or_range(call: Call, _: Account) -> Iterator[str]:
    """A part or a range is read."""
    if call.parameters.get("PartNumber") and call.parameters.get("Range"):
        yield "Cannot specify both Range header and partNumber query parameter"


@rules.add(*_WRITES, source=f"{_API}API_PutObject.html", code="InvalidRedirectLocation")
def redirect_location(call: Call, _: Account) -> Iterator[str]:
    """An object redirects to another of the bucket, `/...`, or to a site, `http://...` or `https://...`."""
    location = call.parameters.get("WebsiteRedirectLocation", "/")
    if not location.startswith(("/", "http://", "https://")):
        yield "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."


@rules.add(*_WRITES, source=f"{_API}API_PutObject.html", code="InvalidArgument")
def customer_key(call: Call, _: Account) -> Iterator[str]:
    """A key of the customer's comes whole, with its algorithm, and beside no other encryption; a context is a JSON
    object in base64, and of `aws:kms`.
    """
    parameters = call.parameters
    key_headers = [name for name in ("SSECustomerAlgorithm", "SSECustomerKey") if parameters.get(name)]
    if len(key_headers) == 1:
        yield (
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret "
            "key and a valid encryption algorithm."
        )
    if key_headers and parameters.get("ServerSideEncryption"):
        yield "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"
    context = parameters.get("SSEKMSEncryptionContext")
    if context is not None and not str(parameters.get("ServerSideEncryption", "")).startswith("aws:kms"):
        yield "The header 'x-amz-server-side-encryption-context' requires x-amz-server-side-encryption : aws:kms"
    if context is not None and not _is_context(context):
        yield "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON"


def _is_context(text: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(text, validate=True)), dict)
    except ValueError:
        return False


@rules.add("CompleteMultipartUpload", source=f"{_API}API_CompleteMultipartUpload.html", code="InvalidRequest")
def object_size(call: Call, account: Account) -> Iterator[str]:
    """The parts of an upload come to the size that is said of them."""
    size = call.parameters.get("MpuObjectSize")
    upload = getattr(bucket_of(call, account), "multiparts", {}).get(call.parameters["UploadId"])
    listed = [part.get("PartNumber") for part in (call.parameters.get("MultipartUpload") or {}).get("Parts", [])]
    if size is None or upload is None:
        return
    if int(size) != sum(len(upload.parts[number].value) for number in listed if number in upload.parts):
        yield "The provided 'x-amz-mp-object-size' header does not match what was computed."


@rules.add(
    "CopyObject",
    source=f"{_API}API_CopyObject.html#API_CopyObject_RequestSyntax",
    code="PreconditionFailed",
    status=412,
)
def copy_condition(call: Call, account: Account) -> Iterator[str]:
    """An object is copied only while it has the ETag that the request names."""
    bucket, _slash, key = unquote(str(call.parameters["CopySource"])).lstrip("/").partition("?")[0].partition("/")
    holder = account.backend("s3").buckets.get(bucket)
    source = holder.keys.get(key) if holder is not None else None
    etag = call.parameters.get("CopySourceIfMatch")
    if etag is not None and source is not None and str(etag).strip('"') not in ("*", str(source.etag).strip('"')):
        yield "At least one of the pre-conditions you specified did not hold"
