"""risk-calculation as a job: what it writes, skips and refuses."""

import csv
import hashlib
import io
import json
from collections.abc import Callable

import numpy as np
import pytest

from batch_runtime.errors import BadInputError
from risk_calculation.job import RiskEnvironment, calculate
from risk_results import UNITS_PER_USD
from risk_results.files import result_uri
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.memory import peak_of
from tests.jobs.portfolios import model, partition, profit, put_json, put_shards, stored, trade, value


class TestProcess:
    def test_writes_one_object(self, night: Night) -> None:
        rows = [trade(trade_id=f"T-{n}", quantity=float(n + 1), currency="EUR" if n % 2 else "USD") for n in range(30)]
        put_shards(night, [[trade()], rows])
        outcome = night.run("risk-calculation", BATCH_SHARDS="[1]", BATCH_SCENARIOS="3000")
        assert (outcome.exit_code, outcome.stderr) == (0, "")
        result = stored(night, 1)
        assert np.array_equal(profit(result), value(rows, model(3_000, fx_volatility=0.08)))
        header = result.header
        assert ([part.shard for part in header.parts], header.trades, header.run_id) == ([1], 30, "nightly-1")
        (group,) = header.groups
        assert (group.name, group.exposure.long, group.exposure.short) == ("equity", 465 * 100 * UNITS_PER_USD, 0)
        assert sum(part.long for part in header.by_currency.values()) == 465 * 100 * UNITS_PER_USD
        assert header.riskiest[0].trade_id == "T-29"
        assert outcome.event("shard_done")["shards"] == [1]
        assert outcome.metrics["Valuations"] == 30 * 3_000
        assert outcome.metrics["shards"] == [1]

    def test_memory_is_bounded(self, night: Night) -> None:
        """Four times the trades in one shard, and no more bytes at once."""
        put_shards(
            night, [[trade(trade_id=f"T-{n}", instrument=f"EQ-{n % 40}") for n in range(c)] for c in (32_000, 128_000)]
        )
        peaks = []
        for shard in (0, 1):
            variables = {"BATCH_SHARDS": f"[{shard}]", "BATCH_SCENARIOS": "1000"}
            peaks.append(peak_of(lambda: calculate(night.job("risk-calculation", RiskEnvironment, **variables))))  # noqa: B023 - called at once
        assert peaks[0].arrow > 0
        assert peaks[1].python < 1.25 * peaks[0].python
        assert peaks[1].arrow < 1.25 * peaks[0].arrow


class TestJob:
    def calculate(self, night: Night, **variables: str) -> None:
        calculate(night.job("risk-calculation", RiskEnvironment, **({"BATCH_SCENARIOS": "1000"} | variables)))

    def test_a_second_attempt_keeps_finished_shards(self, night: Night) -> None:
        put_shards(night, [[trade()], [trade(trade_id="T-2")]])
        self.calculate(night, BATCH_SHARDS="[0]")
        key = result_uri(night.layout, 0, 0).key
        before = night.s3.head_object(Bucket=night.output_bucket, Key=key)["LastModified"]
        first = night.outputs()
        outcome = night.run("risk-calculation", BATCH_SHARDS="[0,1]", BATCH_SCENARIOS="1000")
        assert outcome.event("shard_already_done")["shard"] == 0
        assert outcome.event("shard_done")["shard"] == 1
        assert night.s3.head_object(Bucket=night.output_bucket, Key=key)["LastModified"] == before
        assert first.items() < night.outputs().items()

    @pytest.mark.parametrize("change", ["partition", "model", "broken"])
    def test_a_result_that_does_not_fit_is_written_anew(self, night: Night, change: str) -> None:
        put_shards(night, [[trade()]])
        self.calculate(night, BATCH_SHARDS="[0]")
        before = stored(night, 0)
        more = {}
        if change == "partition":
            put_shards(night, [[trade(price=50.0)]])
        elif change == "model":
            more = {"BATCH_SCENARIOS": "2000"}
        else:
            key = result_uri(night.layout, 0, 0).key
            night.s3.put_object(Bucket=night.output_bucket, Key=key, Body=night.get(key)[:-1])
        self.calculate(night, BATCH_SHARDS="[0]", **more)
        assert (stored(night, 0).to_bytes() == before.to_bytes()) == (change == "broken")

    def test_a_task_of_neighbours_writes_their_sum(self, night: Night) -> None:
        rows = [[trade(trade_id=f"T-{shard}", book=f"B-{shard % 2}")] for shard in range(4)]
        put_shards(night, rows)
        self.calculate(night, BATCH_SHARDS="[1,2,3]", BATCH_FX_VOLATILITY="0")
        together = stored(night, 1, 3)
        assert [part.shard for part in together.header.parts] == [1, 2, 3]
        assert [(g.dimension, g.name, g.trades) for g in together.header.groups] == [
            ("asset_class", "equity", 3),
            ("book", "B-0", 1),
            ("book", "B-1", 2),
            ("desk", "", 3),
        ]
        assert np.array_equal(profit(together), value([part[0] for part in rows[1:]], model(1_000)))
        self.calculate(night, BATCH_SHARDS="[0,2]")
        assert result_uri(night.layout, 0, 2).key not in night.outputs()

    def test_a_shard_that_the_run_does_not_have(self, night: Night) -> None:
        put_shards(night, [[trade()]])
        with pytest.raises(BadInputError, match=r"BATCH_SHARDS names the shard 9, but .*shards.json has 1"):
            self.calculate(night, BATCH_SHARDS="[9]")

    def test_no_shard_list(self, night: Night) -> None:
        with pytest.raises(BadInputError, match=r"shards\.json does not exist; run data-ingestion first"):
            self.calculate(night, BATCH_SHARDS="[0]")

    def test_a_partition_that_is_gone(self, night: Night) -> None:
        put_shards(night, [[trade()]])
        night.s3.delete_object(Bucket=night.output_bucket, Key=night.layout.shard(0).key)
        with pytest.raises(BadInputError, match=r"shard-00000.parquet does not exist; run data-ingestion first"):
            self.calculate(night, BATCH_SHARDS="[0]")

    def test_another_number_of_trades_than_listed(self, night: Night) -> None:
        put_shards(night, [partition([trade()])], counts=[2])
        with pytest.raises(BadInputError, match="holds 1 trades, the shard list says 2"):
            self.calculate(night, BATCH_SHARDS="[0]")

    def test_a_partition_that_is_not_the_listed_one(self, night: Night) -> None:
        put_shards(night, [[trade()]])
        listed = night.json(night.layout.shard_list.key)
        put_json(night, night.layout.shard_list.key, [listed[0] | {"sha256": "a" * 64}])
        with pytest.raises(BadInputError, match=r"has the SHA-256 .*, the shard list says aaa"):
            self.calculate(night, BATCH_SHARDS="[0]")

    def test_a_shard_that_is_no_parquet(self, night: Night) -> None:
        put_shards(night, [b"rubbish"], counts=[1])
        with pytest.raises(BadInputError, match="is not Parquet"):
            self.calculate(night, BATCH_SHARDS="[0]")

    def test_the_portfolio_is_the_same_whatever_the_shard_size(
        self, night: Night, with_portfolio: Callable[[int], portfolio.Portfolio]
    ) -> None:
        """Through ingestion and files, under another run id."""
        with_portfolio(500)
        totals = []
        for run_id, size in (("whole", "1000"), ("cut", "77")):
            night.run_id = run_id
            assert night.run("data-ingestion", BATCH_SHARD_SIZE=size).exit_code == 0
            numbers = night.json(night.layout.summary.key)["numbers"]
            self.calculate(night, BATCH_SHARDS=json.dumps(numbers))
            totals.append(stored(night, numbers[0], numbers[-1]))
        assert len(numbers) == 7
        assert np.array_equal(totals[0].amounts.high, totals[1].amounts.high)
        assert np.array_equal(totals[0].amounts.low, totals[1].amounts.low)
        assert totals[0].instruments.tobytes() == totals[1].instruments.tobytes()
        excluded = {"parts"}
        assert totals[0].header.model_dump(exclude=excluded) | {"run_id": "cut"} == totals[1].header.model_dump(
            exclude=excluded
        )


class TestThroughIngestion:
    def test_desk_and_book_reach_the_report(self, night: Night) -> None:
        """From a CSV with a book for some trades to the report's groups."""
        rows = [trade(trade_id=f"T-{n}", desk="Cash", book=f"Book {n}" if n < 2 else "") for n in range(3)]
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue().encode()
        key = f"incoming/{night.business_date}/trades.csv"
        night.put(key, content)
        file = {"key": key, "sha256": hashlib.sha256(content).hexdigest(), "rows": 3}
        manifest = {"business_date": night.business_date, "files": [file]}
        night.put(f"incoming/{night.business_date}/manifest.json", json.dumps(manifest).encode())
        night.settings = {"BATCH_SCENARIOS": "1000"}
        night.run_all()
        groups = night.json(night.layout.report_json.key)["groups"]
        counts = {(group["dimension"], group["name"]): group["trades"] for group in groups}
        assert counts == {
            ("asset_class", "equity"): 3,
            ("desk", "Cash"): 3,
            ("book", "Book 0"): 1,
            ("book", "Book 1"): 1,
            ("book", ""): 1,
        }


def test_a_shard_list_that_is_none(night: Night) -> None:
    """A shard list that is no list ends in a message, not in a traceback."""
    put_json(night, night.layout.shard_list.key, {"shards": 1})
    with pytest.raises(BadInputError, match="must be an array"):
        calculate(night.job("risk-calculation", RiskEnvironment, BATCH_SHARDS="[0]"))
