"""What S3 demands of access control lists, beside that most buckets take none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.storage.s3 import bucket_of, owner_owns_objects

_API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_GRANTS: Final = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
_PUBLIC: Final = ("public-read", "public-read-write", "authenticated-read")
_GROUPS: Final = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")
_WRITES: Final = ("PutBucketAcl", "PutObjectAcl", "PutObject", "CopyObject", "CreateMultipartUpload")

rules = Rules("s3")


def _grants(call: Call) -> list[str]:
    return [call.parameters[name] for name in _GRANTS if call.parameters.get(name)]


def _grantees(call: Call) -> list[dict[str, Any]]:
    listed = (call.parameters.get("AccessControlPolicy") or {}).get("Grants", [])
    return [grant.get("Grantee", {}) for grant in listed]


@rules.add("CreateBucket", *_WRITES, source=f"{_API}API_PutBucketAcl.html", code="InvalidRequest")
def one_way_of_grants(call: Call, _: Account) -> Iterator[str]:
    """Who may do what is said by a canned list or by grants."""
    if call.parameters.get("ACL") and _grants(call):
        yield "Specifying both Canned ACLs and Header Grants is not allowed"


@rules.add("PutBucketAcl", "PutObjectAcl", source=f"{_API}API_PutBucketAcl.html", code="UnexpectedContent")
def body_or_headers(call: Call, _: Account) -> Iterator[str]:
    """A list is in the body or in headers."""
    if call.parameters.get("AccessControlPolicy") and (call.parameters.get("ACL") or _grants(call)):
        yield "This request does not support content"


@rules.add("PutBucketAcl", "PutObjectAcl", source=f"{_API}API_PutBucketAcl.html", code="MissingSecurityHeader")
def some_list(call: Call, _: Account) -> Iterator[str]:
    """A request to set a list has one."""
    if not (call.parameters.get("AccessControlPolicy") or call.parameters.get("ACL") or _grants(call)):
        yield "Your request was missing a required header"


@rules.add(*_WRITES, source=f"{_API}API_PutBucketAcl.html", code="MethodNotAllowed", status=405)
def grantee_kinds(call: Call, _: Account) -> Iterator[str]:
    """Nobody is granted anything by an e-mail address."""
    if any("emailaddress" in grant.lower() for grant in _grants(call)) or any(
        grantee.get("Type") == "AmazonCustomerByEmail" for grantee in _grantees(call)
    ):
        yield "The specified method is not allowed against this resource: grantees by e-mail address"


@rules.add(
    "PutBucketAcl", "PutObjectAcl", source=f"{_GUIDE}about-object-ownership.html", code="AccessControlListNotSupported"
)
def lists_of_others(call: Call, account: Account) -> Iterator[str]:
    """A bucket whose owner owns its objects takes no list that grants another anything."""
    policy = call.parameters.get("AccessControlPolicy") or {}
    owner = policy.get("Owner", {}).get("ID")
    others = [grantee for grantee in _grantees(call) if grantee.get("ID") != owner or grantee.get("URI")]
    if others and owner_owns_objects(bucket_of(call, account)):
        yield "The bucket does not allow ACLs"


@rules.add(*_WRITES, source=f"{_GUIDE}access-control-block-public-access.html", code="AccessDenied", status=403)
def public_lists(call: Call, account: Account) -> Iterator[str]:
    """A bucket that blocks public lists takes none."""
    block = getattr(bucket_of(call, account), "public_access_block", None)
    blocked = str(getattr(block, "block_public_acls", "")).lower() == "true"
    uris = [*_grants(call), *(str(grantee.get("URI", "")) for grantee in _grantees(call))]
    public = call.parameters.get("ACL") in _PUBLIC or any(group in uri for uri in uris for group in _GROUPS)
    if blocked and public:
        yield "Access Denied: public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."


@rules.add(
    "PutBucketOwnershipControls",
    source=f"{_GUIDE}object-ownership-error-responses.html",
    code="InvalidBucketAclWithObjectOwnership",
)
def list_before_ownership(call: Call, account: Account) -> Iterator[str]:
    """The owner of a bucket whose list grants others anything does not get to own its objects."""
    ownerships = [rule.get("ObjectOwnership") for rule in call.parameters["OwnershipControls"].get("Rules", [])]
    acl = getattr(bucket_of(call, account), "acl", None)
    granted = [grantee for grant in (acl.grants if acl else []) for grantee in grant.grantees if grantee.uri]
    if "BucketOwnerEnforced" in ownerships and granted:
        yield "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
