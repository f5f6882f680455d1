"""A text at a path or in a bucket, by one name: a path, or `s3://bucket/key`."""

from __future__ import annotations

from pathlib import Path

import boto3
from botocore.exceptions import ClientError

CONTENT_TYPE = "text/plain; charset=utf-8"
"""What a browser shows instead of saving it."""


def read(location: str) -> str | None:
    """The text; None when there is none yet."""
    if not location.startswith("s3://"):
        path = Path(location)
        return path.read_text(encoding="utf-8") if path.exists() else None
    bucket, key = _parts(location)
    try:
        body: bytes = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "NoSuchKey":
            return None
        raise
    return body.decode()


def write(location: str, text: str) -> None:
    """Puts the text there, instead of what there was."""
    if not location.startswith("s3://"):
        Path(location).write_text(text, encoding="utf-8")
        return
    bucket, key = _parts(location)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType=CONTENT_TYPE)


def _parts(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
