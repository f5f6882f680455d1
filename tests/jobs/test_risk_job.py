"""risk-calculation as a job: what it writes, skips, refuses; and that no partition makes it fail as a bug."""

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_runtime.errors import BadInputError, as_job_error
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.job import RiskEnvironment, calculate
from risk_calculation.scenarios import Doubles, Factor, Generated, Kept
from risk_calculation.trades import Trades, read_trades
from risk_calculation.valuation import amounts_of, profit_of, workers
from risk_results import UNITS_PER_USD
from risk_results.files import result_uri
from sandbox.demo import portfolio
from tests.jobs.harness import Night
from tests.jobs.memory import peak_of
from tests.jobs.risk import GROUPED, Row, model, partition, profit, put_json, put_shards, stored, trade, value


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
        kept = {"parts"}
        assert totals[0].header.model_dump(exclude=kept) | {"run_id": "cut"} == totals[1].header.model_dump(
            exclude=kept
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
        found = {(group["dimension"], group["name"]): group["trades"] for group in groups}
        assert found == {
            ("asset_class", "equity"): 3,
            ("desk", "Cash"): 3,
            ("book", "Book 0"): 1,
            ("book", "Book 1"): 1,
            ("book", ""): 1,
        }


class TestScenarioFiles:
    def put(self, night: Night, columns: dict[str, object], name: str = "stress") -> str:
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        night.put(f"scenarios/{name}.parquet", buffer.getvalue())
        return f"s3://{night.input_bucket}/scenarios/{name}.parquet"

    def calculate(self, night: Night, *uris: str) -> None:
        more = {"BATCH_SCENARIO_FILES": json.dumps(uris), "BATCH_SCENARIOS": "1000", "BATCH_SHARDS": "[0]"}
        calculate(night.job("risk-calculation", RiskEnvironment, **more))

    def test_shocks_by_hand(self, night: Night) -> None:
        """100,000 dollars long with delta 2 and gamma 10 in euro: by instrument, by class, and the currency."""
        put_shards(night, [[trade(delta=2.0, gamma=10.0, currency="EUR"), trade(trade_id="T-2", instrument="X")]])
        uri = self.put(
            night,
            {
                "scenario": ["crash", "calm"],
                "instrument:EQ-1": [-0.3, 0.01],
                "asset_class:equity": [-0.1, 0.0],
                "currency": [-0.05, 0.0],
            },
        )
        self.calculate(night, uri)
        result = stored(night, 0)
        ((_, spec),) = [(n, s) for n, s in enumerate(result.header.model.sets) if s.kind == "shocks"]
        assert (spec.name, spec.scenarios, spec.labels) == ("stress", 2, ("crash", "calm"))
        found = result.amounts.columns(1_000, 1_002).scaled_down(30, 1)[0] / UNITS_PER_USD
        crash = 100_000 * (2 * -0.3 + 10 / 2 * 0.09 - 0.05) + 100_000 * -0.1
        assert found == pytest.approx([crash, 100_000 * (2 * 0.01 + 5 * 0.0001)], abs=0.01)

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (
                {"instrument:OTHER": [0.1]},
                "says nothing about instrument EQ-1: give it one of the columns instrument:EQ-1",
            ),
            ({"instrument": [float("nan")]}, "must hold relative changes from -1 to 10"),
            ({"instrument": [-30.0]}, "for example -0.3 for"),
            ({"instrument": ["x"]}, "cannot be read"),
            ({"EQ-1": [0.1]}, "has the columns EQ-1; each must be there once"),
            ({"scenario": ["a"]}, "has the columns scenario"),
            ({"instrument": pa.array([], pa.float64())}, "has 0 rows"),
            ({"scenario": ["a\x00b"], "instrument": [0.1]}, "must be printable"),
            ({"scenario": ["x" * 81], "instrument": [0.1]}, "at most 80"),
        ],
    )
    def test_files_that_are_refused(self, night: Night, columns: dict[str, object], message: str) -> None:
        put_shards(night, [[trade()]])
        with pytest.raises(BadInputError, match=message):
            self.calculate(night, self.put(night, columns))

    def test_names_and_absence(self, night: Night) -> None:
        put_shards(night, [[trade()]])
        good = self.put(night, {"instrument": [0.1]})
        with pytest.raises(BadInputError, match="is a second set named stress"):
            self.calculate(night, good, good)
        with pytest.raises(BadInputError, match="named for its set"):
            self.calculate(night, self.put(night, {"instrument": [0.1]}, "Bad Name"))
        with pytest.raises(BadInputError, match=r"none.parquet of BATCH_SCENARIO_FILES does not exist"):
            self.calculate(night, good.replace("stress", "none"))


GOOD = partition([trade(trade_id=f"T-{n}", gamma=float(n % 3), book=f"B-{n}") for n in range(40)])
VALUES = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=70),
    st.sampled_from(["EQ-1", "equity", "USD", "EUR", 1e9, -1e9, 1e7, 1e3, 5.0, -50.0, 500.0, 1.0]),
)


MODEL = model(1_000, fx_volatility=0.08)
GENERATED = Generated(MODEL)
KEPT = Kept()
CASES = int(os.environ.get("FUZZ_CASES", "300"))
"""Of each kind; a hundred thousand together make a fuzz run that counts."""


def in_doubles(trades: Trades) -> tuple[Doubles, float]:
    """What a batch gains in each scenario, trade by trade in plain doubles, and how large its parts are."""
    expected, size, horizon = np.zeros(1_000), 0.0, math.sqrt(1 / 252)
    for row in range(len(trades)):
        spread = float(trades.volatility[row]) * horizon
        kind, name = trades.asset_class[row], trades.instrument[row]
        own = GENERATED.movement(Factor("instrument", name, kind, float(trades.correlation[row])))
        linear, square = float(trades.linear[row]) * spread, float(trades.square[row]) * spread**2
        expected += linear * own + square * own**2
        abroad = float(trades.market_value[row]) * 0.08 * horizon if trades.currency[row] != "USD" else 0.0
        expected += abroad * GENERATED.movement(Factor("currency", trades.currency[row]))
        size += abs(linear) + 20 * abs(square) + abs(abroad)
    return expected, size


def law(content: bytes, folder: Path) -> None:
    """Value a partition: the numbers that plain doubles give, or an expected failure; anything else is a bug."""
    path = folder / "partition.parquet"
    path.write_bytes(content)
    failure: Exception | None = None
    try:
        aggregation, exposures, expected, size = Aggregation(MODEL), Exposures(MODEL, GENERATED), np.zeros(1_000), 0.0
        for trades in read_trades(path, "the partition"):
            aggregation.add(trades)
            exposures.add(trades)
            gains, bound = in_doubles(trades)
            expected, size = expected + gains, size + bound
        if exposures.trades:
            exposures.riskiest()
            with workers(1) as pool:
                found = amounts_of(aggregation.cells(), [GENERATED], KEPT, pool)
            classes = sum(group.dimension == "asset_class" for group in exposures.groups())
            units = profit_of(found.total(slice(0, classes)), GENERATED)[0]
            assert np.abs(units - expected).max() <= 1e-4 * size + 1 + exposures.trades
    except AssertionError:
        raise
    except Exception as error:
        failure = error
    assert failure is None or as_job_error(failure) is not None, repr(failure)


class TestLaw:
    """No partition, however broken, ends in exit code 1."""

    @settings(deadline=None, max_examples=CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4)
    )
    def test_mutated_files(self, tmp_path: Path, changes: list[tuple[int, bytes]]) -> None:
        content = bytearray(GOOD)
        for place, patch in changes:
            content[place : place + len(patch)] = patch
        law(bytes(content), tmp_path)

    @settings(deadline=None, max_examples=CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, len(GOOD)))
    def test_truncated_files(self, tmp_path: Path, length: int) -> None:
        law(GOOD[:length], tmp_path)

    @settings(deadline=None, max_examples=CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.dictionaries(st.sampled_from(GROUPED.names), st.lists(VALUES, min_size=1, max_size=1)), st.booleans())
    def test_any_types_and_values(self, tmp_path: Path, columns: dict[str, list[object]], drop: bool) -> None:
        row: Row = trade(book="B", desk="D")
        table: dict[str, object] = {name: [item] for name, item in row.items() if not (drop and name in columns)}
        for name, values in columns.items():
            if not drop:
                table[name] = values
        buffer = io.BytesIO()
        try:
            pq.write_table(pa.table(table), buffer)
        except (pa.ArrowException, UnicodeError):
            return
        law(buffer.getvalue(), tmp_path)


def test_a_shard_list_that_is_none(night: Night) -> None:
    """A shard list that is no list ends in a message, not in a traceback."""
    put_json(night, night.layout.shard_list.key, {"shards": 1})
    with pytest.raises(BadInputError, match="must be an array"):
        calculate(night.job("risk-calculation", RiskEnvironment, BATCH_SHARDS="[0]"))
