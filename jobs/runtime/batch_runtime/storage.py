"""S3 as the jobs use it: whole objects, retried, never buffered whole when they may be large.

An object appears whole or not at all (S3 writes are atomic), so the jobs' promises come from the order of writes alone.
botocore retries a request until its answer begins; a body that is cut after that is resumed here, from the byte where
it stopped and of the same version only. What survives passes through as it is, and `batch_runtime.errors` turns it into
an exit code. `AWS_ENDPOINT_URL` is honoured by boto3 itself, so a job runs unchanged against an emulator.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from batch_runtime.errors import CONNECTION_FAULTS, BadInputError, TryAgainError
from batch_runtime.layout import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

CHUNK_BYTES = 1 << 20
READ_ATTEMPTS = 8
"""How often in a row a body may be cut without a byte of progress before the read is given up."""
RESUME_WAIT_SECONDS = 0.2
"""Before the first resumption; doubles, with jitter, up to `RESUME_LONGEST_WAIT_SECONDS`."""
RESUME_LONGEST_WAIT_SECONDS = 5.0
DOCUMENT_BYTES = 64 << 20
"""No JSON document or vector of a run is larger; what is must not fill the memory."""
_PARALLEL_UPLOADS = 8
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "404", "InvalidArgument"})
_DENIED = frozenset({"AccessDenied", "403"})
_CHANGED = frozenset({"PreconditionFailed", "412", "InvalidRange", "416"})


class MissingObjectError(Exception):
    """The object is not there; what that means is for the caller to say."""

    def __init__(self, uri: S3Uri) -> None:
        super().__init__(f"{uri} does not exist")
        self.uri = uri


def connect() -> "S3Client":
    """A client with the retries and timeouts of a batch job: patient with throttling, quick to notice a dead line."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 6},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=_PARALLEL_UPLOADS,
    )
    return boto3.client("s3", config=config)


class Storage:
    """Reads and writes objects; `progress` is called as bytes move."""

    def __init__(self, client: "S3Client", progress: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._progress = progress

    def read(self, uri: S3Uri, version: str = "") -> bytes:
        """The content of an object of at most `DOCUMENT_BYTES`; raises `MissingObjectError`, `BadInputError`."""
        chunks: list[bytes] = []
        size = 0
        for chunk in self._chunks(uri, version):
            chunks.append(chunk)
            size += len(chunk)
            if size > DOCUMENT_BYTES:
                raise BadInputError(f"{uri} is larger than {DOCUMENT_BYTES >> 20} MiB, which no document of a run is")
        return b"".join(chunks)

    def download(self, uri: S3Uri, path: Path) -> str:
        """Copy an object of any size to `path`; returns its SHA-256 as hex digits; raises `MissingObjectError`."""
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in self._chunks(uri):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def write(self, uri: S3Uri, content: bytes, content_type: str = "application/json") -> None:
        """Put a small object, whole."""
        self._client.put_object(Bucket=uri.bucket, Key=uri.key, Body=content, ContentType=content_type)
        self._progress()

    def upload(self, path: Path, uri: S3Uri, content_type: str = "application/octet-stream") -> None:
        """Put a file of up to 5 GB, whole, without reading it into memory."""
        with path.open("rb") as file:
            self._client.put_object(Bucket=uri.bucket, Key=uri.key, Body=file, ContentType=content_type)
        self._progress()

    def upload_all(self, files: Iterable[tuple[Path, S3Uri]]) -> None:
        """Upload several files at once, in no particular order; all of them are there when it returns."""
        with ThreadPoolExecutor(_PARALLEL_UPLOADS) as pool:
            try:
                for _ in pool.map(lambda pair: self.upload(*pair), files):
                    self._progress()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def keys(self, prefix: S3Uri) -> Iterator[str]:
        """The keys that begin with `prefix`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
        for page in pages:
            self._progress()
            yield from (item["Key"] for item in page.get("Contents", ()))

    def _chunks(self, uri: S3Uri, version: str = "") -> Iterator[bytes]:
        """The bytes of an object, each once and in order, however often the line is cut."""
        response = self._open(uri, version)
        etag, position, failures = response["ETag"], 0, 0
        while True:
            try:
                with closing(response["Body"]) as body:
                    for chunk in body.iter_chunks(CHUNK_BYTES):
                        position, failures = position + len(chunk), 0
                        self._progress()
                        yield chunk
                return
            except CONNECTION_FAULTS:
                failures += 1
                if failures == READ_ATTEMPTS:
                    raise
                time.sleep(random.random() * min(RESUME_WAIT_SECONDS * 2**failures, RESUME_LONGEST_WAIT_SECONDS))
                response = self._open(uri, version, position, etag)

    def _open(self, uri: S3Uri, version: str, position: int = 0, etag: str = "") -> "GetObjectOutputTypeDef":
        """Begin to read at `position`, of the object with this `etag` only when one is given."""
        request: GetObjectRequestTypeDef = {"Bucket": uri.bucket, "Key": uri.key}
        if version:
            request["VersionId"] = version
        if etag:
            request["IfMatch"] = etag
        if position:
            request["Range"] = f"bytes={position}-"
        try:
            return self._client.get_object(**request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code in _CHANGED or (etag and code in _ABSENT):
                raise TryAgainError(
                    f"{uri} was replaced or deleted while it was read; the next attempt sees it whole"
                ) from None
            if self._is_absent(error, uri):
                raise MissingObjectError(uri) from None
            raise

    def _is_absent(self, error: ClientError, uri: S3Uri) -> bool:
        """Whether a failed read means that the object is not there.

        To a role that may list only some prefixes, S3 says 403 and not 404 for a key that does not exist: reading a
        key carries no `s3:prefix` for the policy's condition to match. Listing that one key does, and settles it.
        """
        code = error.response.get("Error", {}).get("Code")
        if code in _ABSENT:
            return True
        return code in _DENIED and uri.key not in self.keys(uri)
