"""Reads that are cut in the middle: resumed by range, of the same version only, and given up in the end."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import IncompleteReadError, ResponseStreamingError

from batch_runtime import storage as storages
from batch_runtime.errors import BadInputError, TryAgainError, UnavailableError, as_job_error
from batch_runtime.layout import S3Uri
from batch_runtime.storage import Storage
from sandbox.demo import portfolio
from tests.jobs.cutting import CuttingProxy, cutting
from tests.jobs.harness import Night

CONTENT = random.Random(1).randbytes(5_000_000)


def storage_behind(proxy: CuttingProxy) -> Storage:
    client = boto3.client(
        "s3",
        endpoint_url=proxy.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 6}),
    )
    return Storage(client)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storages, "RESUME_WAIT_SECONDS", 0.001)


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_a_cut_read_is_resumed_where_it_stopped(night: Night, tmp_path: Path, share: float) -> None:
    night.put("large", CONTENT)
    with cutting(night.endpoint, share) as proxy:
        for _ in range(20):
            digest = storage_behind(proxy).download(S3Uri(night.input_bucket, "large"), tmp_path / "copy")
            assert digest == hashlib.sha256(CONTENT).hexdigest()
            assert (tmp_path / "copy").read_bytes() == CONTENT
        assert proxy.cuts > 0
        assert proxy.gets == 20 + proxy.cuts


def test_a_small_document_is_too(night: Night) -> None:
    night.put("small", b"{}")
    with cutting(night.endpoint, 0.5) as proxy:
        assert all(storage_behind(proxy).read(S3Uri(night.input_bucket, "small")) == b"{}" for _ in range(40))
        assert proxy.cuts > 5


def test_what_never_makes_progress_is_given_up(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.put("large", CONTENT)
    with cutting(night.endpoint, 1.0) as proxy:
        monkeypatch.setattr(proxy.random, "randrange", lambda size: 0)
        with pytest.raises((IncompleteReadError, ResponseStreamingError)) as caught:
            storage_behind(proxy).read(S3Uri(night.input_bucket, "large"))
        assert proxy.gets == storages.READ_ATTEMPTS
    assert isinstance(as_job_error(caught.value), UnavailableError)


def test_a_replaced_object_is_not_spliced(night: Night) -> None:
    uri = S3Uri(night.input_bucket, "large")
    night.put("large", CONTENT)
    with cutting(night.endpoint, 1.0) as proxy:
        chunks = storage_behind(proxy)._chunks(uri)
        next(chunks)
        night.put("large", CONTENT[::-1])
        with pytest.raises(TryAgainError, match="was replaced or deleted while it was read"):
            list(chunks)


def test_a_document_larger_than_any_is_refused(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.put("large", CONTENT)
    monkeypatch.setattr(storages, "DOCUMENT_BYTES", 1 << 20)
    with pytest.raises(BadInputError, match="is larger than 1 MiB"):
        Storage(night.s3).read(S3Uri(night.input_bucket, "large"))


def test_a_whole_night_gets_through_where_every_tenth_answer_is_cut(
    night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]
) -> None:
    with_portfolio(2_000)
    night.run_all()
    expected = {key: content for key, content in night.outputs().items() if "_SUCCESS" not in key}
    for key in night.outputs():
        night.s3.delete_object(Bucket=night.output_bucket, Key=key)
    with cutting(night.endpoint, 0.1) as proxy:
        night.settings = {"AWS_ENDPOINT_URL": proxy.url}
        night.run_all()
        assert proxy.cuts > 0
    assert {key: content for key, content in night.outputs().items() if "_SUCCESS" not in key} == expected
