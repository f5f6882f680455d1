"""Scenarios as data: files of shocks beside the generated set."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_runtime.errors import BadInputError
from risk_calculation.job import RiskEnvironment, calculate
from risk_results import UNITS_PER_USD
from tests.jobs.harness import Night
from tests.jobs.portfolios import put_shards, stored, trade


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
        profits = result.amounts.columns(1_000, 1_002).scaled_down(30, 1)[0] / UNITS_PER_USD
        crash = 100_000 * (2 * -0.3 + 10 / 2 * 0.09 - 0.05) + 100_000 * -0.1
        assert profits == pytest.approx([crash, 100_000 * (2 * 0.01 + 5 * 0.0001)], abs=0.01)

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
