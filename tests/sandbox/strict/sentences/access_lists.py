"""Access control lists of S3: the sentences of its API reference that its model does not say."""

from __future__ import annotations

from typing import Final

from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.documented import ABSENT, request


def _writer_bucket(a: Strict) -> str:
    """A bucket that takes access control lists."""
    name = a.name()
    a.client("s3").create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    return name


def _public_bucket(a: Strict) -> str:
    name = _writer_bucket(a)
    a.client("s3").put_bucket_acl(Bucket=name, ACL="public-read")
    return name


def _guarded_bucket(a: Strict) -> str:
    """A bucket that takes access control lists, but no public ones."""
    name = _writer_bucket(a)
    a.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    return name


LISTS: Final = [
    request(
        "PutBucketOwnershipControls",
        lambda a: {
            "Bucket": _writer_bucket(a),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
        public=lambda a: {"Bucket": _public_bucket(a)},
    ),
    request(
        "PutBucketAcl",
        lambda a: {"Bucket": _writer_bucket(a), "ACL": "private"},
        nothing={"ACL": ABSENT},
        both={"GrantRead": f'id="{"a" * 64}"'},
        header_and_body={
            "AccessControlPolicy": {"Owner": {"ID": "a" * 64}, "Grants": []},
        },
        public=lambda a: {"Bucket": _guarded_bucket(a), "ACL": "public-read"},
        public_grant=lambda a: {
            "Bucket": _guarded_bucket(a),
            "ACL": ABSENT,
            "GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
        },
        body=lambda a: {
            "Bucket": a.bucket,
            "ACL": ABSENT,
            "AccessControlPolicy": {
                "Owner": {"ID": "a" * 64},
                "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "b" * 64}, "Permission": "READ"}],
            },
        },
        mail={"ACL": ABSENT, "GrantRead": 'emailAddress="somebody@example.org"'},
    ),
]
