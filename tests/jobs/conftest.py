"""An emulated S3 for the session and a night for each test."""

import logging
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.image import JOBS, assemble

_NUMBERS = count()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an emulated S3 on loopback."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each job's image holds."""
    return {job: assemble(job, tmp_path_factory.mktemp(job)) for job in JOBS}


@pytest.fixture
def night(s3_endpoint: str, images: dict[str, Path], tmp_path: Path) -> Night:
    """Empty buckets and a scratch folder."""
    s3 = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    number = next(_NUMBERS)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    buckets = (f"input-batch-test-{number}", f"output-batch-test-{number}")
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket)
    return Night(
        s3=s3,
        endpoint=s3_endpoint,
        input_bucket=buckets[0],
        output_bucket=buckets[1],
        scratch=scratch,
        images=images,
    )


@pytest.fixture
def with_portfolio(night: Night, tmp_path: Path) -> Callable[[int], portfolio.Portfolio]:
    """Uploads a generated portfolio of so many rows into the night's input bucket."""

    def upload(trades: int) -> portfolio.Portfolio:
        made = portfolio.write(tmp_path / "portfolio", trades=trades)
        night.upload(tmp_path / "portfolio")
        return made

    return upload
