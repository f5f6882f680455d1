"""Gathers a run of many results, made up as they are read: `python -m tests.jobs.report.scale RESULTS INSTRUMENTS`.

Every result has so many instruments of its own. Prints JSON: what was read and counted, and the most memory that the
process had, in megabytes.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from batch_runtime.layout import RunLayout, S3Uri
from batch_runtime.logs import configure
from report_generation.gathering import gather
from risk_results.documents import Part
from risk_results.files import INSTRUMENT, Result, result_uri
from tests.jobs.portfolios import DAY, model, result, trade

LAYOUT = RunLayout(bucket="output-scale", run_id="nightly-1", business_date=DAY)


class ManyResults:
    """A bucket whose results come out of one, each with other instruments."""

    def __init__(self, results: int, instruments: int) -> None:
        self.results, self.instruments, self.requests = results, instruments, 0
        self._numbers = {result_uri(LAYOUT, shard, shard).key: shard for shard in range(results)}
        self._pattern = result([trade(), trade(trade_id="T-2", asset_class="bond")], model(1_000))
        listed = [{"shard": shard, "uri": str(LAYOUT.shard(shard)), "trades": 2} for shard in range(results)]
        summary = {
            "run_id": LAYOUT.run_id,
            "business_date": DAY.isoformat(),
            "shards": results,
            "trades": 2 * results,
            "quarantined": 0,
            "shards_uri": str(LAYOUT.shard_list),
            "numbers": [],
        }
        quality = {"run_id": LAYOUT.run_id, "files": [], "reasons": {}, "rejected_uri": str(LAYOUT.rejected)}
        self._documents = {
            LAYOUT.summary.key: json.dumps(summary).encode(),
            LAYOUT.quality.key: json.dumps(quality).encode(),
            LAYOUT.shard_list.key: json.dumps(listed).encode(),
        }

    def read(self, uri: S3Uri, version: str = "") -> bytes:
        """As `Storage.read`."""
        self.requests += 1
        if uri.key in self._documents:
            return self._documents[uri.key]
        shard = self._numbers[uri.key]
        table = np.zeros(self.instruments, dtype=INSTRUMENT)
        names = np.char.mod("EQ-%010d", np.arange(shard * self.instruments, (shard + 1) * self.instruments))
        table["name"], table["long"], table["low"], table["high"] = names.astype("S64"), 10_000 + shard, 1.0, 1.0
        part = Part(shard=shard, trades=2, partition_sha256="a" * 64)
        header = self._pattern.header.model_copy(update={"parts": (part,), "instruments": self.instruments})
        return replace(self._pattern, header=header, instruments=table).to_bytes()

    def keys(self, prefix: S3Uri) -> Iterator[str]:
        """As `Storage.keys`."""
        return iter(self._numbers)


def main(results: int, instruments: int) -> None:
    """Gather, print."""
    bucket = ManyResults(results, instruments)
    environment = SimpleNamespace(
        layout=LAYOUT, run_id=LAYOUT.run_id, business_date=DAY, output_bucket=LAYOUT.bucket, tolerated_failure_percent=0
    )
    nothing = SimpleNamespace(boundary=lambda: None, progress=lambda: None)
    job: Any = SimpleNamespace(environment=environment, storage=bucket, progress=nothing, log=configure())
    with tempfile.TemporaryDirectory() as folder:
        gathered = gather(job, Path(folder))
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    single = Result.from_bytes(bucket.read(result_uri(LAYOUT, 0, 0)), "it").header
    print(
        json.dumps(
            {
                "results": gathered.results,
                "requests": bucket.requests - 1,
                "instruments": gathered.instruments.count,
                "largest": gathered.instruments.largest[0].exposure.long,
                "long": sum(group.exposure.long for group in gathered.header.groups),
                "long_of_one": sum(group.exposure.long for group in single.groups),
                "peak_megabytes": peak,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
