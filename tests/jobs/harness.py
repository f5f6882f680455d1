"""Jobs as processes against an emulated S3: the layout of a container, without the container.

A job gets the environment that a task definition and the workflow would set, not the test's, and imports only what its
image holds (`tests.jobs.image`), so that nothing leaks into it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from batch_runtime.environment import JobEnvironment
from batch_runtime.health import HealthFile
from batch_runtime.layout import RunLayout
from batch_runtime.logs import configure
from batch_runtime.main import Job
from batch_runtime.metrics import Metrics
from batch_runtime.stopping import Progress
from batch_runtime.storage import Storage
from sandbox.demo.portfolio import DEFAULT_BUSINESS_DATE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

E = TypeVar("E", bound=JobEnvironment)
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """How a job's process ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines of its log, metrics included."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def event(self, name: str) -> dict[str, Any]:
        """The one log record with this event."""
        (only,) = (record for record in self.records if record.get("event") == name)
        return only

    @property
    def metrics(self) -> dict[str, Any]:
        """The one embedded-metric record."""
        (only,) = (record for record in self.records if "_aws" in record)
        return only

    @property
    def message(self) -> str:
        """What the failed job says to the operator."""
        return str(self.event("job_failed")["message"])


@dataclass
class Night:
    """One run's surroundings: two buckets, a scratch folder, the variables of the contract."""

    s3: "S3Client"
    endpoint: str
    input_bucket: str
    output_bucket: str
    scratch: Path
    images: Mapping[str, Path]
    """Job -> what its image holds, as `tests.jobs.image.assemble` laid it out."""
    run_id: str = "nightly-1"
    business_date: str = DEFAULT_BUSINESS_DATE.isoformat()
    manifest_version: str = ""
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def layout(self) -> RunLayout:
        """Where the run's objects lie."""
        return RunLayout(
            bucket=self.output_bucket, run_id=self.run_id, business_date=date.fromisoformat(self.business_date)
        )

    def variables(self, job: str, **more: str) -> dict[str, str]:
        """The whole environment of a job's process."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.scratch),
            "PYTHONPATH": str(self.images[job]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "MPLCONFIGDIR": str(self.scratch / "matplotlib"),
            "OPENBLAS_NUM_THREADS": "1",
            "BATCH_JOB": job,
            "BATCH_ENVIRONMENT": "test",
            "BATCH_INPUT_BUCKET": self.input_bucket,
            "BATCH_OUTPUT_BUCKET": self.output_bucket,
            "BATCH_SCRATCH": str(self.scratch),
            "BATCH_RUN_ID": self.run_id,
            "BATCH_BUSINESS_DATE": self.business_date,
            "BATCH_MANIFEST_URI": f"s3://{self.input_bucket}/incoming/{self.business_date}/manifest.json",
            "BATCH_MANIFEST_VERSION": self.manifest_version,
            **self.settings,
            **more,
        }

    def start(self, job: str, variables: Mapping[str, str] | None = None, **more: str) -> "subprocess.Popen[str]":
        """Start a job's process and return at once; `-S` keeps the test's own packages out of it."""
        return subprocess.Popen(
            [sys.executable, "-S", "-m", job.replace("-", "_")],
            env=dict(variables) if variables is not None else self.variables(job, **more),
            cwd=self.scratch,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, job: str, variables: Mapping[str, str] | None = None, **more: str) -> Outcome:
        """Run a job to its end."""
        with self.start(job, variables, **more) as process:
            stdout, stderr = process.communicate(timeout=TIMEOUT_SECONDS)
        return Outcome(process.returncode, stdout, stderr)

    def job(self, job: str, environment_type: type[E], **more: str) -> Job[E]:
        """What `run` would hand to a job's work, for a test that calls the work itself."""
        environment = environment_type.read(self.variables(job, **more))
        return Job(
            environment=environment,
            storage=Storage(self.s3),
            metrics=Metrics(environment="test", job=job, run_id=self.run_id),
            progress=Progress(HealthFile(self.scratch), 0),
            log=configure(),
        )

    def upload(self, folder: Path) -> None:
        """Put everything under `folder` into the input bucket, manifests last."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in sorted(files, key=lambda path: path.name == "manifest.json"):
            self.put(path.relative_to(folder).as_posix(), path.read_bytes())

    def put(self, key: str, content: bytes) -> None:
        """Put an object into the input bucket."""
        self.s3.put_object(Bucket=self.input_bucket, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        """An object of the output bucket."""
        return self.s3.get_object(Bucket=self.output_bucket, Key=key)["Body"].read()

    def json(self, key: str) -> Any:
        """A JSON object of the output bucket."""
        return json.loads(self.get(key))

    def outputs(self) -> dict[str, bytes]:
        """Everything in the output bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.output_bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return {key: self.get(key) for key in keys}

    def run_all(self, *, together: int = 2) -> None:
        """Ingest, calculate every shard (`together` in one task), report; each must succeed."""
        outcomes = [self.run("data-ingestion")]
        numbers = self.json(self.layout.summary.key)["numbers"] if outcomes[0].exit_code == 0 else []
        for first in range(0, len(numbers), together):
            outcomes.append(self.run("risk-calculation", BATCH_SHARDS=json.dumps(numbers[first : first + together])))
        outcomes.append(self.run("report-generation"))
        for outcome in outcomes:
            assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
