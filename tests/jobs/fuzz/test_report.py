"""The report's law over everything that it reads: the same numbers or an expected failure, whatever lies in the bucket.

The bucket is a dictionary here, so that a case takes milliseconds: gathering, analysis and the JSON for every case, the
PDF for a sample.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_runtime.layout import RunLayout, S3Uri
from batch_runtime.logs import configure
from batch_runtime.storage import MissingObjectError
from report_generation import instruments
from report_generation.analysis import analyse
from report_generation.backtest import backtest
from report_generation.documents import report_json
from report_generation.former import last_report
from report_generation.gathering import gather
from report_generation.pages.report import report_pdf
from report_generation.warnings import warnings
from risk_results.documents import digest
from risk_results.files import result_uri
from tests.jobs.fuzz.cases import BUNDLE, bundles, cases, exit_code
from tests.jobs.portfolios import DAY, model, partition, result, trade

LAYOUT = RunLayout(bucket="output-fuzz", run_id="nightly-1", business_date=DAY)
FORMER = RunLayout(bucket="output-fuzz", run_id="earlier", business_date=DAY.replace(day=19))

REALISED = S3Uri("output-fuzz", "realised/profit.csv")


class Bucket(dict[str, bytes]):
    """Objects by key, read as `Storage` reads them."""

    def read(self, uri: S3Uri, version: str = "") -> bytes:
        try:
            return self[uri.key]
        except KeyError:
            raise MissingObjectError(uri) from None

    def keys(self, prefix: S3Uri | None = None) -> Iterator[str]:  # type: ignore[override]
        return (key for key in self if prefix is None or key.startswith(prefix.key))


@pytest.fixture(autouse=True, scope="module")
def few_buckets() -> Iterator[None]:
    """Four files of instruments in place of sixty-four: most of a case's time went into opening them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instruments, "BUCKETS", 4)
        yield


@cache
def good() -> Bucket:
    """A night of three shards with one set of scenarios, and a report of the day before."""
    shards = [[trade(trade_id=f"T-{n}-{k}", book=f"B-{k}", instrument=f"I-{k}") for k in range(4)] for n in range(3)]
    listed = [
        {"shard": n, "uri": str(LAYOUT.shard(n)), "trades": 4, "sha256": digest(partition(rows)), "bytes": 1000}
        for n, rows in enumerate(shards)
    ]
    summary = {
        "run_id": "nightly-1",
        "business_date": DAY.isoformat(),
        "shards": 3,
        "trades": 12,
        "quarantined": 2,
        "shards_uri": str(LAYOUT.shard_list),
        "numbers": [0, 1, 2],
    }
    file = {"key": "incoming/a.csv", "sha256": "a" * 64, "accepted": 12, "rejected": 2}
    quality = {"run_id": "nightly-1", "files": [file], "reasons": {"price": 2}, "rejected_uri": "s3://output-fuzz/x"}
    bucket = Bucket(
        {
            LAYOUT.summary.key: json.dumps(summary).encode(),
            LAYOUT.quality.key: json.dumps(quality).encode(),
            LAYOUT.shard_list.key: json.dumps(listed).encode(),
        }
    )
    for n, rows in enumerate(shards):
        bucket[result_uri(LAYOUT, n, n).key] = result(rows, model(1_000), n).to_bytes()
    before = json.loads(written(bucket)) | {"business_date": FORMER.business_date.isoformat(), "run_id": "earlier"}
    marker = {
        "run_id": "earlier",
        "business_date": FORMER.business_date.isoformat(),
        "report_uri": str(FORMER.report_pdf),
        "json_uri": str(FORMER.report_json),
        "finished_at": "2026-11-19T05:00:00Z",
    }
    bucket[FORMER.report_json.key] = json.dumps(before).encode()
    bucket[FORMER.success_marker.key] = json.dumps(marker).encode()
    bucket[REALISED.key] = b"business_date,profit\n2026-11-18,-12\n2026-11-19,-3000000.5\n"
    return bucket


def written(bucket: Bucket, *, pdf: bool = False) -> bytes:
    """The report's JSON."""
    job: Any = SimpleNamespace(
        environment=SimpleNamespace(
            layout=LAYOUT,
            run_id=LAYOUT.run_id,
            business_date=DAY,
            output_bucket=LAYOUT.bucket,
            tolerated_failure_percent=0,
            realised_uri=REALISED,
        ),
        storage=bucket,
        progress=SimpleNamespace(boundary=lambda: None, progress=lambda: None),
        log=configure(),
    )
    with tempfile.TemporaryDirectory() as folder:
        gathered = gather(job, Path(folder))
    analysis = replace(analyse(gathered, last_report(job)), backtest=backtest(job, gathered.model))
    analysis = replace(analysis, warnings=tuple(warnings(analysis)))
    if pdf:
        report_pdf(analysis)
    return report_json(analysis)


@cache
def expected() -> dict[str, Any]:
    """The report on the good night."""
    document: dict[str, Any] = json.loads(written(good()))
    return document


def law(bucket: Bucket, *, pdf: bool = False) -> None:
    """The portfolio's numbers as they are, or an expected failure."""
    failure: Exception | None = None
    document = b""
    try:
        document = written(bucket, pdf=pdf)
    except Exception as error:
        failure = error
    if exit_code("report-generation", failure) == 0:
        numbers = json.loads(document)
        for name in ("portfolio", "groups", "exposures", "riskiest_trades", "model"):
            assert numbers[name] == expected()[name], name


KEYS = st.sampled_from(
    [LAYOUT.summary.key, LAYOUT.quality.key, LAYOUT.shard_list.key, FORMER.report_json.key, FORMER.success_marker.key]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


class TestLaw:
    @cases(0.45 / BUNDLE)
    @given(bundles(st.sampled_from(sorted(good())), st.integers(0, 10**6), st.binary(min_size=1, max_size=4)))
    def test_bytes_changed_anywhere(self, changes: list[tuple[str, int, bytes]]) -> None:
        for key, number, patch in changes:
            content = bytearray(good()[key])
            start = number % len(content)
            content[start : start + len(patch)] = patch
            law(Bucket(good() | {key: bytes(content)}))

    @cases(0.45 / BUNDLE)
    @given(bundles(KEYS, st.integers(0, 20), JSON))
    def test_a_value_changed(self, changes: list[tuple[str, int, object]]) -> None:
        for key, number, value in changes:
            law(Bucket(good() | {key: changed(good()[key], number, value)}))

    @cases(0.004)
    @given(KEYS, st.integers(0, 20), JSON)
    def test_a_value_changed_and_drawn(self, key: str, number: int, value: object) -> None:
        law(Bucket(good() | {key: changed(good()[key], number, value)}), pdf=True)

    @cases(0.1 / BUNDLE)
    @given(bundles(st.sampled_from(sorted(good())), st.binary(max_size=60)))
    def test_objects_of_rubbish(self, changes: list[tuple[str, bytes]]) -> None:
        for key, content in changes:
            law(Bucket(good() | {key: content}))

    @pytest.mark.parametrize("key", sorted(good()))
    def test_objects_gone(self, key: str) -> None:
        law(Bucket({name: body for name, body in good().items() if name != key}))


def changed(content: bytes, number: int, value: object) -> bytes:
    """The document with one value, at any depth, replaced."""
    document = json.loads(content)
    slots: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        items = (
            list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
        )
        for name, inner in items:
            slots.append((node, name))
            walk(inner)

    walk(document)
    node, name = slots[number % len(slots)]
    node[name] = value
    return json.dumps(document).encode()
