"""The KMS calls that S3, SNS, SQS, DynamoDB and Secrets Manager make when somebody uses what is encrypted under a key
of the account: with the rights of whoever uses it, service or not.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sandbox.permissions import account
from sandbox.permissions.needed import kms
from sandbox.permissions.needed.need import Need

_READ: Final = ("Decrypt",)
_WRITE: Final = ("GenerateDataKey",)
_BOTH: Final = ("GenerateDataKey", "Decrypt")

USES: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb:BatchGetItem": _READ,
    "dynamodb:BatchWriteItem": _READ,
    "dynamodb:DeleteItem": _READ,
    "dynamodb:GetItem": _READ,
    "dynamodb:PutItem": _READ,
    "dynamodb:Query": _READ,
    "dynamodb:Scan": _READ,
    "dynamodb:UpdateItem": _READ,
    "s3:GetObject": _READ,
    "s3:GetObjectVersion": _READ,
    "s3:PutObject": _WRITE,
    "secretsmanager:GetSecretValue": _READ,
    "secretsmanager:PutSecretValue": _BOTH,
    "sns:Publish": _BOTH,
    "sqs:ReceiveMessage": _READ,
    "sqs:SendMessage": _BOTH,
}
"""IAM action to the KMS operations that it brings about."""

MULTIPART: Final = frozenset({"CompleteMultipartUpload", "CreateMultipartUpload", "UploadPart"})
"""S3 operations that need to decrypt too: the parts are read back when they are joined."""


def needs(action: str, resource: str, *, caller: str, operation: str = "") -> Iterator[Need]:
    """The KMS permissions that `action` on `resource` brings about; `caller` is the account of who asks."""
    service, region, owner, name = account.parts(resource)
    find = _KEYS.get(service)
    uses = USES.get(action)
    if find is None or uses is None or (operation == "HeadObject"):
        return
    holder = find(region, owner, name)
    if holder is None:
        return
    key, region, context = holder
    yield from kms.use(
        _BOTH if operation in MULTIPART else uses,
        key,
        region=region,
        caller=caller,
        via=service,
        encryption=context,
        because=f"{resource} is encrypted under the key",
    )


KeyUse = tuple[str, str, dict[str, str]]
"""Key, its region, and the encryption context that the service sends."""


def _object(region: str, owner: str, name: str) -> KeyUse | None:
    bucket, _, key = name.partition("/")
    stored = account.bucket(bucket)
    item = stored.keys.get(key) if stored else None
    used = getattr(item, "kms_key_id", None)
    default = account.bucket_key(bucket)
    if used is None and ((item is not None and getattr(item, "encryption", None) == "AES256") or default is None):
        return None
    arn = used or (default[0] if default else "")
    with_bucket_key = bool(default and default[1])
    context = f"arn:aws:s3:::{bucket}" if with_bucket_key else f"arn:aws:s3:::{name}"
    return arn, account.parts(arn)[1] or "us-east-1", {"aws:s3:arn": context}


def _topic(region: str, owner: str, name: str) -> KeyUse | None:
    topic = account.topic(region, owner, name)
    key = topic.kms_master_key_id if topic else None
    return (key, region, {"aws:sns:topicArn": topic.arn}) if topic and key else None


def _queue(region: str, owner: str, name: str) -> KeyUse | None:
    queue = account.queue(region, owner, name)
    key = queue.kms_master_key_id if queue else None
    return (key, region, {"aws:sqs:arn": queue.queue_arn}) if queue and key else None


def _table(region: str, owner: str, name: str) -> KeyUse | None:
    table = account.table(region, owner, name.split("/")[1])
    key = (table.sse_specification or {}).get("KMSMasterKeyId") if table else None
    context = {"aws:dynamodb:tableName": name.split("/")[1], "aws:dynamodb:subscriberId": owner}
    return (key, region, context) if key else None


def _secret(region: str, owner: str, name: str) -> KeyUse | None:
    secret = account.secret(region, owner, name)
    key = secret.kms_key_id if secret else None
    return (key, region, {"SecretARN": secret.arn}) if secret and key and "alias/aws/" not in key else None


_KEYS: Final[Mapping[str, Callable[[str, str, str], KeyUse | None]]] = {
    "dynamodb": _table,
    "s3": _object,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
