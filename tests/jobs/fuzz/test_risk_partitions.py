"""risk-calculation's law: any partition gives the numbers of plain doubles or an expected failure."""

import io
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import Doubles, Factor, Generated, MovementCache
from risk_calculation.trades import NUMBERS, Trades, read_trades
from risk_calculation.valuation import amounts_of, profit_of, workers
from tests.jobs.fuzz.cases import cases, exit_code
from tests.jobs.portfolios import GROUPED, Row, model, partition, trade

GOOD = partition([trade(trade_id=f"T-{n}", gamma=float(n % 3), book=f"B-{n}") for n in range(40)])


VALUES = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=70),
    st.sampled_from(["EQ-1", "equity", "USD", "EUR", 1e9, -1e9, 1e7, 1e3, 5.0, -50.0, 500.0, 1.0]),
)


EDGES: dict[str, list[float] | list[str]] = {
    **{name: [low, high, (low + high) / 1_000, 1.0] for name, (low, high) in NUMBERS.items()},
    "currency": ["USD", "EUR"],
}
"""Of each number of a trade the bounds and something between."""


MODEL = model(1_000, fx_volatility=0.08)


GENERATED = Generated(MODEL)


MOVEMENTS = MovementCache()


def in_doubles(trades: Trades) -> tuple[Doubles, float]:
    """What a batch gains in each scenario, trade by trade in plain doubles, and how large its parts are."""
    expected, size, horizon = np.zeros(1_000), 0.0, math.sqrt(1 / 252)
    for row in range(len(trades)):
        spread = float(trades.volatility[row]) * horizon
        kind, name = trades.asset_class[row], trades.instrument[row]
        returns = GENERATED.movement(Factor("instrument", name, kind, float(trades.correlation[row])))
        linear, square = float(trades.linear[row]) * spread, float(trades.square[row]) * spread**2
        expected += linear * returns + square * returns**2
        abroad = float(trades.market_value[row]) * 0.08 * horizon if trades.currency[row] != "USD" else 0.0
        expected += abroad * GENERATED.movement(Factor("currency", trades.currency[row]))
        size += abs(linear) + 20 * abs(square) + abs(abroad)
    return expected, size


class _Sides:
    """Market values, long and short, added up in plain doubles; units."""

    def __init__(self) -> None:
        self.long = self.short = 0.0

    def add(self, values: Doubles) -> None:
        """Count a batch."""
        self.long += float(values[values > 0].sum())
        self.short += float(values[values < 0].sum())

    def require(self, long: int, short: int, trades: int) -> None:
        """Each trade's value is rounded to a whole unit."""
        assert abs(long - self.long) <= trades + 1e-12 * self.long
        assert abs(short - self.short) <= trades - 1e-12 * self.short


def law(content: bytes, folder: Path) -> None:
    """Value a partition: the numbers that plain doubles give, or an expected failure; anything else is a bug."""
    path = folder / "partition.parquet"
    path.write_bytes(content)
    failure: Exception | None = None
    try:
        aggregation, exposures, expected, size = Aggregation(MODEL), Exposures(MODEL, GENERATED), np.zeros(1_000), 0.0
        sides = _Sides()
        for trades in read_trades(path, "the partition"):
            aggregation.add(trades)
            exposures.add(trades)
            sides.add(trades.market_value)
            gains, bound = in_doubles(trades)
            expected, size = expected + gains, size + bound
        if exposures.trades:
            exposures.riskiest()
            with workers(1) as pool:
                gains_of_groups = amounts_of(aggregation.cells(), [GENERATED], MOVEMENTS, pool)
            classes = [group for group in exposures.groups() if group.dimension == "asset_class"]
            units = profit_of(gains_of_groups.total(slice(0, len(classes))), GENERATED)[0]
            assert np.abs(units - expected).max() <= 1e-4 * size + 1 + exposures.trades
            for sums in ([group.exposure for group in classes], exposures.by_currency.values()):
                sides.require(sum(part.long for part in sums), sum(part.short for part in sums), exposures.trades)
            table = exposures.instruments
            sides.require(sum(table["long"].tolist()), sum(table["short"].tolist()), exposures.trades)
    except Exception as error:
        failure = error
    exit_code("risk-calculation", failure)


class TestLaw:
    """No partition, however broken, ends in exit code 1."""

    @cases(0.25)
    @given(
        st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4)
    )
    def test_mutated_files(self, tmp_path: Path, changes: list[tuple[int, bytes]]) -> None:
        content = bytearray(GOOD)
        for offset, patch in changes:
            content[offset : offset + len(patch)] = patch
        law(bytes(content), tmp_path)

    @cases(0.02)
    @given(st.integers(0, len(GOOD)))
    def test_truncated_files(self, tmp_path: Path, length: int) -> None:
        law(GOOD[:length], tmp_path)

    @cases(0.1)
    @given(st.lists(st.fixed_dictionaries({name: st.sampled_from(edges) for name, edges in EDGES.items()}), max_size=6))
    def test_values_at_the_bounds(self, tmp_path: Path, rows: list[Row]) -> None:
        law(partition([trade(trade_id=f"T-{number}", **row) for number, row in enumerate(rows)]), tmp_path)

    @cases(0.15)
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
