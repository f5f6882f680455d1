"""risk-calculation: right against closed form, the same however trades are cut, bounded in memory, resumable."""

import io
import json
import math
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_runtime.errors import BadInputError
from data_ingestion.schema import PARTITION_SCHEMA
from risk_calculation.exposures import Exposures
from risk_calculation.job import RiskEnvironment, calculate
from risk_calculation.scenarios import Scenarios
from risk_calculation.valuation import Positions, Valuation
from risk_results import EXACT_LIMIT, UNITS_PER_USD
from risk_results.documents import Model
from risk_results.measures import LEVELS_PERMILLE, Vector, tail_measure, tail_weights
from sandbox.demo import portfolio
from tests.jobs.harness import Night

DAY = portfolio.DEFAULT_BUSINESS_DATE
NORMAL = NormalDist()
STANDARD_ERRORS = 4
"""A deviation beyond this has a probability of 6e-5; seeds are fixed, so a test that passes once passes always."""


def model(scenarios: int = 2_000, horizon_days: int = 1) -> Model:
    return Model(version=1, business_date=DAY, scenarios=scenarios, horizon_days=horizon_days)


def trade(**changes: object) -> dict[str, object]:
    return {
        "trade_id": "T-1",
        "instrument": "EQ-1",
        "asset_class": "equity",
        "quantity": 1_000.0,
        "price": 100.0,
        "currency": "USD",
        "fx_to_usd": 1.0,
        "volatility": 0.2,
        "correlation": 0.5,
        "delta": 1.0,
        "gamma": 0.0,
        "trade_date": DAY,
    } | changes


def batch(rows: Sequence[dict[str, object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=PARTITION_SCHEMA)


def value(rows: Sequence[dict[str, object]], of: Model) -> Vector:
    valuation = Valuation(Scenarios(of), of.scenarios)
    valuation.add(Positions.of(batch(rows)))
    return valuation.profit


class TestClosedForm:
    """A linear portfolio is normal: its standard deviation, value at risk and expected shortfall are formulas."""

    @pytest.fixture
    def rows(self) -> list[dict[str, object]]:
        rng = np.random.default_rng(5)
        return [
            trade(
                trade_id=f"T-{number}",
                instrument=f"EQ-{number % 17}",
                quantity=float(rng.normal(200, 900)),
                volatility=0.1 + (number % 17) * 0.02,
                correlation=-0.4 + (number % 17) * 0.07,
            )
            for number in range(120)
        ]

    @staticmethod
    def deviation(rows: Sequence[dict[str, object]], horizon_days: int) -> float:
        """Of the portfolio, in units: one market factor, and a risk of its own for each instrument."""
        market = 0.0
        own: dict[object, float] = {}
        for row in rows:
            spread = float(str(row["quantity"])) * 100 * float(str(row["volatility"])) * math.sqrt(horizon_days / 252)
            correlation = float(str(row["correlation"]))
            market += spread * correlation
            own[row["instrument"]] = own.get(row["instrument"], 0.0) + spread * math.sqrt(1 - correlation**2)
        return UNITS_PER_USD * math.sqrt(market**2 + sum(part**2 for part in own.values()))

    @pytest.mark.parametrize("horizon_days", [1, 10])
    @pytest.mark.parametrize("permille", LEVELS_PERMILLE)
    def test_value_at_risk_and_expected_shortfall(
        self, rows: list[dict[str, object]], horizon_days: int, permille: int
    ) -> None:
        count = 200_000
        deviation = self.deviation(rows, horizon_days)
        measured = tail_measure(value(rows, model(count, horizon_days)), permille)
        level = permille / 1000
        quantile = NORMAL.inv_cdf(level)
        density = NORMAL.pdf(quantile)
        shortfall = density / (1 - level)
        # Asymptotic standard errors of a sample quantile and of the mean beyond it.
        quantile_error = math.sqrt(level * (1 - level) / count) / density
        excess = shortfall - quantile
        second = (1 - level) * (1 + quantile**2) - quantile * density
        shortfall_error = math.sqrt(second - ((1 - level) * excess) ** 2) / (1 - level) / math.sqrt(count)
        assert abs(measured.value_at_risk / deviation - quantile) < STANDARD_ERRORS * quantile_error
        assert abs(measured.expected_shortfall / deviation - shortfall) < STANDARD_ERRORS * shortfall_error
        assert measured.es_standard_error / deviation == pytest.approx(shortfall_error, rel=0.05)
        assert measured.var_low < measured.value_at_risk < measured.var_high

    def test_mean_and_deviation(self, rows: list[dict[str, object]]) -> None:
        count = 200_000
        deviation = self.deviation(rows, 1)
        profit = value(rows, model(count))
        assert abs(profit.mean()) < STANDARD_ERRORS * deviation / math.sqrt(count)
        assert abs(profit.std() / deviation - 1) < STANDARD_ERRORS / math.sqrt(2 * count)

    def test_gamma_lifts_the_mean_by_half_the_variance(self) -> None:
        count = 200_000
        profit = value([trade(delta=0.0, gamma=50.0)], model(count)) / UNITS_PER_USD
        variance = 0.2**2 / 252
        expected = 100_000 * 50 / 2 * variance
        assert abs(profit.mean() / expected - 1) < STANDARD_ERRORS * math.sqrt(2 / count)

    def test_the_ranking_deviation_is_that_of_the_simulation(self) -> None:
        """Var(a r + b r^2) for normal r, used to choose the riskiest trades."""
        rows = [trade(delta=3.0, gamma=400.0, volatility=0.6)]
        stated = float(Positions.of(batch(rows)).deviations(math.sqrt(1 / 252))[0])
        assert value(rows, model(200_000)).std() / stated == pytest.approx(1, rel=0.01)

    def test_the_market_is_shared_and_own_risk_is_not(self) -> None:
        of = model(100_000)
        first = value([trade(instrument="A")], of)
        second = value([trade(instrument="B")], of)
        again = value([trade(instrument="A", trade_id="T-2")], of)
        error = STANDARD_ERRORS / math.sqrt(of.scenarios)
        assert abs(np.corrcoef(first, second)[0, 1] - 0.25) < error
        assert np.array_equal(first, again)


class TestMeasures:
    def test_ranks_by_hand(self) -> None:
        """100 scenarios that lose 1 to 100: at 95 % the 95th loss, then the mean of the five beyond."""
        profit = -np.random.default_rng(1).permutation(np.arange(1, 101))
        measure = tail_measure(profit, 950)
        assert (measure.value_at_risk, measure.expected_shortfall) == (95, 98)

    def test_a_tail_that_is_no_whole_number_of_scenarios(self) -> None:
        """Of 50 scenarios the worst 2.5 % are 1.25: all of the worst, a quarter of the next."""
        profit = -np.arange(1, 51)
        assert tail_measure(profit, 975).expected_shortfall == pytest.approx((50 + 0.25 * 49) / 1.25)

    @given(st.lists(st.integers(-(10**9), 10**9), min_size=10, max_size=200), st.sampled_from(LEVELS_PERMILLE))
    def test_contributions_add_up_to_the_expected_shortfall(self, values: list[int], permille: int) -> None:
        profit = np.array(values, dtype=np.int64)
        weights = tail_weights(profit, permille)
        assert weights.sum() == pytest.approx(1)
        whole = tail_measure(profit, permille).expected_shortfall
        assert -float(weights @ profit) == pytest.approx(whole, rel=1e-9, abs=1e-6)


TRADES = st.lists(
    st.builds(
        lambda number, instrument, quantity, volatility, correlation, gamma: trade(
            trade_id=f"T-{number}",
            instrument=f"EQ-{instrument}",
            quantity=quantity,
            volatility=volatility,
            correlation=correlation,
            gamma=gamma,
        ),
        st.integers(0, 10**6),
        st.integers(0, 5),
        st.floats(-1e6, 1e6).filter(bool),
        st.sampled_from([0.0, 0.17, 0.4]),
        st.sampled_from([-1.0, 0.3, 1.0]),
        st.sampled_from([0.0, 31.7]),
    ),
    min_size=1,
    max_size=40,
)


class TestSharding:
    """The same result, to the last bit, however the trades are cut: nothing may be lost or won by fan-out."""

    @settings(deadline=None, max_examples=60)
    @given(TRADES, st.data())
    def test_any_order_and_any_cut_gives_the_same_vector(
        self, rows: list[dict[str, object]], data: st.DataObject
    ) -> None:
        of = model(1_000)
        whole = value(rows, of)
        shuffled = data.draw(st.permutations(rows))
        cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(rows) - 1)), max_size=6)))
        parts = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        total = sum((value(part, of) for part in parts if part), np.zeros(of.scenarios, dtype=np.int64))
        assert np.array_equal(total, whole)

    def test_a_plain_loop_gives_the_same_vector(self) -> None:
        """Tiles, groups and buffers change the speed only."""
        of = model(2_500)
        rows = [
            trade(trade_id=f"T-{n}", instrument=f"EQ-{n % 3}", quantity=n * 37.5 - 700, gamma=float(n % 2) * 20)
            for n in range(41)
        ]
        scenarios = Scenarios(of)
        expected = np.zeros(of.scenarios, dtype=np.int64)
        for row in rows:
            returns = scenarios.returns(scenarios.own(str(row["instrument"])), 0.2, 0.5)
            worth = float(str(row["quantity"])) * 100.0 * 1.0 * UNITS_PER_USD
            gain = worth * 1.0 * returns + worth * float(str(row["gamma"])) / 2 * (returns * returns)
            expected += np.rint(gain).astype(np.int64)
        assert np.array_equal(value(rows, of), expected)

    def test_exposures_and_riskiest_do_not_depend_on_batches(self) -> None:
        rows: list[dict[str, object]] = [dict(row) for row in portfolio.generate(600, DAY, seed=2)]
        seen = []
        for size in (600, 83):
            exposures = Exposures(Scenarios(model()))
            for start in range(0, len(rows), size):
                part = batch(rows[start : start + size])
                exposures.add(part, Positions.of(part))
            seen.append(
                (exposures.by_currency, exposures.by_asset_class, exposures.by_instrument, exposures.riskiest())
            )
        assert seen[0] == seen[1]
        assert [risky.deviation for risky in seen[0][3]] == sorted((r.deviation for r in seen[0][3]), reverse=True)

    def test_another_day_has_other_scenarios(self) -> None:
        other = model().model_copy(update={"business_date": DAY.replace(day=19)})
        assert not np.array_equal(value([trade()], model()), value([trade()], other))

    def test_sums_that_would_not_be_exact_are_refused(self) -> None:
        huge = EXACT_LIMIT / UNITS_PER_USD
        with pytest.raises(BadInputError, match="beyond what is summed exactly"):
            value([trade(quantity=huge, price=1.0, volatility=5.0, correlation=1.0)], model())


class TestMemory:
    def test_does_not_grow_with_the_shard(self) -> None:
        """The peak of valuing 40 batches is that of valuing two."""
        of = model(20_000)
        peaks = []
        for batches in (2, 40):
            parts = (
                Positions.of(batch([trade(trade_id=f"T-{b}-{n}", instrument=f"EQ-{n % 50}") for n in range(500)]))
                for b in range(batches)
            )
            tracemalloc.start()
            valuation = Valuation(Scenarios(of), of.scenarios)
            valuation.add_all(parts)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 1.1 * peaks[0]

    def test_of_reading_does_not_grow_with_the_shard(self, night: Night) -> None:
        """Four times the row groups: what Python and Arrow hold at once stays that of one, whatever the allocator keeps.

        The bytes asked for are counted, not the process's size, which depends on the machine's allocator.
        """
        peaks = []
        for shard, count in enumerate((16_384, 65_536)):
            put_shard(night, shard, [trade(trade_id=f"T-{n}", instrument=f"EQ-{n % 40}") for n in range(count)])
            usual, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
            pa.set_memory_pool(counted)
            tracemalloc.start()
            try:
                settings = {"BATCH_SHARDS": f"[{shard}]", "BATCH_SCENARIOS": "1000"}
                calculate(night.job("risk-calculation", RiskEnvironment, **settings))
                peaks.append((tracemalloc.get_traced_memory()[1], counted.max_memory()))
            finally:
                tracemalloc.stop()
                pa.set_memory_pool(usual)
        (python, arrow), (python_of_four, arrow_of_four) = peaks
        assert arrow > 0
        assert python_of_four < 1.2 * python
        assert arrow_of_four < 1.2 * arrow


def put_shard(night: Night, shard: int, rows: Sequence[dict[str, object]]) -> None:
    """Write a partition as data-ingestion would."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=PARTITION_SCHEMA), buffer, row_group_size=8_192)
    uri = night.layout.shard(shard)
    night.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=buffer.getvalue())


class TestJob:
    def calculate(self, night: Night, **variables: str) -> None:
        settings = {"BATCH_SCENARIOS": "1000"} | variables
        calculate(night.job("risk-calculation", RiskEnvironment, **settings))

    def test_as_a_process_writes_vector_and_document(self, night: Night) -> None:
        rows = [trade(trade_id=f"T-{n}", quantity=float(n + 1), currency="EUR" if n % 2 else "USD") for n in range(30)]
        put_shard(night, 7, rows)
        outcome = night.run("risk-calculation", BATCH_SHARDS="[7]", BATCH_SCENARIOS="3000")
        assert (outcome.exit_code, outcome.stderr) == (0, "")
        vector = np.load(io.BytesIO(night.get(night.layout.result_vector(7).key)))
        assert np.array_equal(vector, value(rows, model(3_000)))
        result = night.json(night.layout.result(7).key)
        assert (result["shard"], result["trades"], result["run_id"]) == (7, 30, "nightly-1")
        measure = tail_measure(vector, 990)
        assert result["measures"][-1]["value_at_risk"] == measure.value_at_risk
        assert result["by_asset_class"] == {"equity": {"long": 465 * 100 * UNITS_PER_USD, "short": 0}}
        assert sum(part["long"] for part in result["by_currency"].values()) == 465 * 100 * UNITS_PER_USD
        assert result["riskiest"][0]["trade_id"] == "T-29"
        assert outcome.event("shard_done")["shards"] == [7]
        assert outcome.metrics["Valuations"] == 30 * 3_000
        assert outcome.metrics["shards"] == [7]

    def test_a_second_attempt_skips_finished_shards(self, night: Night) -> None:
        for shard in (0, 1):
            put_shard(night, shard, [trade()])
        self.calculate(night, BATCH_SHARDS="[0]")
        key = night.layout.result(0).key
        before = night.s3.head_object(Bucket=night.output_bucket, Key=key)["LastModified"]
        first = night.outputs()
        outcome = night.run("risk-calculation", BATCH_SHARDS="[0,1]", BATCH_SCENARIOS="1000")
        assert outcome.event("shard_already_done")["shard"] == 0
        assert outcome.event("shard_done")["shard"] == 1
        assert (
            night.s3.head_object(Bucket=night.output_bucket, Key=night.layout.result(0).key)["LastModified"] == before
        )
        assert first.items() < night.outputs().items()

    @pytest.mark.parametrize("change", ["partition", "model", "broken"])
    def test_a_result_that_does_not_fit_is_written_anew(self, night: Night, change: str) -> None:
        put_shard(night, 0, [trade()])
        self.calculate(night, BATCH_SHARDS="[0]")
        before = night.json(night.layout.result(0).key)
        more = {}
        if change == "partition":
            put_shard(night, 0, [trade(price=50.0)])
        elif change == "model":
            more = {"BATCH_SCENARIOS": "2000"}
        else:
            night.s3.put_object(Bucket=night.output_bucket, Key=night.layout.result(0).key, Body=b"{")
        self.calculate(night, BATCH_SHARDS="[0]", **more)
        after = night.json(night.layout.result(0).key)
        assert (after == before) == (change == "broken")

    def test_a_shard_that_does_not_exist(self, night: Night) -> None:
        with pytest.raises(BadInputError, match=r"shard-00009.parquet does not exist; BATCH_SHARDS must name"):
            self.calculate(night, BATCH_SHARDS="[9]")

    def test_a_shard_that_is_no_parquet(self, night: Night) -> None:
        uri = night.layout.shard(0)
        night.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=b"rubbish")
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
            vectors = [np.load(io.BytesIO(night.get(night.layout.result_vector(n).key))) for n in numbers]
            totals.append(sum(vectors))
        assert len(numbers) == 7
        assert np.array_equal(totals[0], totals[1])
