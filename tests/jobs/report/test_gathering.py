"""Results of tasks and shards as one: few requests, bounded memory."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batch_runtime.layout import S3Uri
from batch_runtime.storage import Storage
from report_generation.instruments import InstrumentSpool
from risk_calculation.job import RiskEnvironment, calculate
from risk_results.files import INSTRUMENT, result_uri
from tests.jobs.harness import Night
from tests.jobs.portfolios import stored
from tests.jobs.report.nights import remove, report_here


class TestGathering:
    def test_sums_of_tasks_and_single_shards_give_the_same_report(self, ready: Night) -> None:
        report_here(ready)
        whole = ready.get(ready.layout.report_json.key)
        remove(ready, 0, 3)
        calculate(ready.job("risk-calculation", RiskEnvironment, BATCH_SHARDS="[1,2]"))
        report_here(ready)
        assert ready.get(ready.layout.report_json.key) == whole

    def test_few_requests(self, ready: Night, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[str] = []
        real = Storage.read

        def counted(self: Storage, uri: S3Uri, version: str = "") -> bytes:
            read.append(uri.key)
            return real(self, uri, version)

        monkeypatch.setattr(Storage, "read", counted)
        report_here(ready)
        assert [key for key in read if key.startswith("results/")] == [result_uri(ready.layout, 0, 3).key]

    @pytest.mark.parametrize("how", ["cut", "stale"])
    def test_a_sum_that_does_not_fit_is_left_out(self, ready: Night, how: str) -> None:
        report_here(ready)
        whole = ready.get(ready.layout.report_json.key)
        uri = result_uri(ready.layout, 0, 3)
        result = stored(ready, 0, 3)
        stale = replace(result, header=result.header.model_copy(update={"run_id": "earlier"})).to_bytes()
        content = stale if how == "stale" else result.to_bytes()[:-1]
        ready.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=content)
        report_here(ready)
        assert ready.get(ready.layout.report_json.key) == whole

    def test_instruments_are_added_up_in_scratch(self, tmp_path: Path) -> None:
        """A million instruments in ten results: the same as in memory, and memory far under that of a dictionary."""
        names = np.char.add("EQ-", np.arange(1_000_000).astype(str)).astype("S64")
        rng = np.random.default_rng(3)
        longs = rng.integers(0, 10**9, size=len(names))
        tracemalloc.start()
        with InstrumentSpool(tmp_path) as spool:
            for part in range(10):
                table = np.zeros(200_000, dtype=INSTRUMENT)
                chosen = np.arange(part * 100_000, part * 100_000 + 200_000) % len(names)
                table["name"], table["long"] = names[chosen], longs[chosen]
                table["low"], table["high"] = 1.0, 1.0
                spool.add(table)
            totals = spool.totals()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        best = np.lexsort((names, -longs))[:50]
        assert totals.count == 1_000_000
        assert [part.name.encode() for part in totals.largest] == names[best].tolist()
        assert [part.exposure.long for part in totals.largest] == (2 * longs[best]).tolist()
        assert peak < 120e6
