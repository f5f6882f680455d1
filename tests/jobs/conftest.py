"""An emulated S3 for the session and a night for each test."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from sandbox.account import EmulatedAccount, emulated_account
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.image import JOBS, assemble

_NUMBERS = count()


@pytest.fixture(scope="session")
def emulated() -> Iterator[EmulatedAccount]:
    """An emulated account; each test has buckets of its own in it."""
    with emulated_account() as account:
        yield account


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each job's image holds."""
    return {job: assemble(job, tmp_path_factory.mktemp(job)) for job in JOBS}


@pytest.fixture
def night(emulated: EmulatedAccount, images: dict[str, Path], tmp_path: Path) -> Night:
    """Empty buckets and a scratch folder."""
    s3 = emulated.client("s3")
    number = next(_NUMBERS)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    buckets = (f"input-batch-test-{number}", f"output-batch-test-{number}")
    for bucket in buckets:
        s3.create_bucket(Bucket=bucket)
    return Night(
        s3=s3,
        endpoint=emulated.url,
        input_bucket=buckets[0],
        output_bucket=buckets[1],
        scratch=scratch,
        images=images,
    )


@pytest.fixture
def with_portfolio(night: Night, tmp_path: Path) -> Callable[[int], portfolio.Portfolio]:
    """Uploads a generated portfolio of so many rows into the night's input bucket."""

    def upload(trades: int) -> portfolio.Portfolio:
        sent = portfolio.write(tmp_path / "portfolio", trades=trades)
        night.upload(tmp_path / "portfolio")
        return sent

    return upload
