"""The job itself, with a folder in the place of S3."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from batch_runtime.health import HealthFile
from batch_runtime.layout import S3Uri
from batch_runtime.logs import configure
from batch_runtime.main import Job
from batch_runtime.metrics import Metrics
from batch_runtime.stopping import Progress
from batch_runtime.storage import Storage
from benchmarks.ingestion import BUSINESS_DATE, SHARD_SIZE
from data_ingestion.job import IngestionEnvironment, ingest


class FolderStorage(Storage):
    """Copies files instead of sending them."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind

    def read(self, uri: S3Uri, version: str = "") -> bytes:
        """The manifest, which is all that the job reads so."""
        return (self.folder / f"manifest-{self.kind}.json").read_bytes()

    def download(self, uri: S3Uri, path: Path) -> str:
        """Copy the trades."""
        digest = hashlib.sha256()
        with (self.folder / f"trades.{self.kind}").open("rb") as source, path.open("wb") as target:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                target.write(chunk)
        return digest.hexdigest()

    def write(self, uri: S3Uri, content: bytes, content_type: str = "") -> None:
        """Write into the output folder."""
        (self.folder / "out" / Path(uri.key).name).write_bytes(content)

    def upload(self, path: Path, uri: S3Uri, content_type: str = "") -> None:
        """Copy into the output folder."""
        shutil.copy(path, self.folder / "out" / path.name)

    def upload_all(self, files: Iterable[tuple[Path, S3Uri]]) -> None:
        """Copy one after the other."""
        for path, uri in files:
            self.upload(path, uri)


def ours(folder: Path, kind: str) -> int:
    """The job itself, with a folder in the place of S3; returns how many trades it accepted."""
    (folder / "out").mkdir(exist_ok=True)
    variables = {
        "BATCH_JOB": "data-ingestion",
        "BATCH_ENVIRONMENT": "test",
        "BATCH_INPUT_BUCKET": "input-bucket",
        "BATCH_OUTPUT_BUCKET": "output-bucket",
        "BATCH_SCRATCH": str(folder),
        "BATCH_RUN_ID": "benchmark",
        "BATCH_BUSINESS_DATE": BUSINESS_DATE,
        "BATCH_MANIFEST_URI": "s3://input-bucket/in/manifest.json",
        "BATCH_SHARD_SIZE": str(SHARD_SIZE),
    }
    job = Job(
        environment=IngestionEnvironment.read(variables),
        storage=FolderStorage(folder, kind),
        metrics=Metrics(environment="test", job="data-ingestion", run_id="benchmark"),
        progress=Progress(HealthFile(folder), 0),
        log=configure(),
    )
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout, stdout = nowhere, sys.stdout
        ingest(job)
        sys.stdout = stdout
    return int(json.loads((folder / "out" / "summary.json").read_text())["trades"])
