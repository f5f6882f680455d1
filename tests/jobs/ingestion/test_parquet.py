"""Typed columns: what each type may hold, and trade ids that come twice in any kind of file."""

import io
import random
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_runtime.errors import BadInputError
from data_ingestion import identities
from tests.jobs.harness import Night
from tests.jobs.ingestion.trade_files import FOLDER, GOOD, as_csv, as_parquet, ingest_here, rejected, send, trades

DAY = datetime(2026, 11, 20)


class TestParquetTypes:
    @pytest.mark.parametrize(
        ("column", "values", "stored"),
        [
            ("trade_date", pa.array([DAY.date()] * 2, pa.date64()), DAY.date()),
            ("trade_date", pa.array([DAY] * 2, pa.timestamp("us")), DAY.date()),
            ("trade_date", pa.array([DAY] * 2, pa.timestamp("ns")), DAY.date()),
            ("trade_date", pa.array(["2026-11-20"] * 2), DAY.date()),
            ("quantity", pa.array([-7, -7], pa.int16()), -7.0),
            ("quantity", pa.array([7, 7], pa.uint64()), 7.0),
            ("quantity", pa.array([Decimal("7.25")] * 2, pa.decimal128(20, 2)), 7.25),
            ("quantity", pa.array(["7.25"] * 2), 7.25),
            ("volatility", pa.array([0.25] * 2, pa.float32()), 0.25),
            ("volatility", pa.array([0.25] * 2, pa.float16()), 0.25),
            ("currency", pa.array(["CHF"] * 2).dictionary_encode(), "CHF"),
            ("currency", pa.array(["CHF"] * 2, pa.large_string()), "CHF"),
        ],
    )
    def test_that_are_taken(self, night: Night, column: str, values: pa.Array, stored: object) -> None:
        send(night, {"a.parquet": as_parquet(2, **{column: values})}, {"a.parquet": 2})
        ingest_here(night)
        assert [row[column] for row in trades(night)] == [stored, stored]

    def test_columns_that_a_file_may_lack(self, night: Night) -> None:
        whole = pq.read_table(io.BytesIO(as_parquet(2)))
        sink = io.BytesIO()
        pq.write_table(whole.drop_columns(["desk", "book"]), sink)
        send(night, {"a.parquet": sink.getvalue()}, {"a.parquet": 2})
        ingest_here(night)
        assert [(row["desk"], row["book"]) for row in trades(night)] == [("", "")] * 2

    @pytest.mark.parametrize(
        ("column", "values"),
        [
            ("trade_date", pa.array([DAY] * 2, pa.timestamp("us", "UTC"))),
            ("trade_date", pa.array([20_777] * 2, pa.int32())),
            ("quantity", pa.array([True] * 2)),
            ("quantity", pa.array([[1.0]] * 2)),
            ("instrument", pa.array([["EQ-US-0042"]] * 2)),
            ("currency", pa.array([b"CHF"] * 2, pa.binary())),
            ("currency", pa.array([1] * 2)),
        ],
    )
    def test_that_are_refused_by_name(self, night: Night, column: str, values: pa.Array) -> None:
        send(night, {"a.parquet": as_parquet(2, **{column: values})}, {"a.parquet": 2})
        with pytest.raises(BadInputError, match=rf"types that hold no such values: {column} is .*, write it as "):
            ingest_here(night)

    @pytest.mark.parametrize(
        ("column", "values", "reason"),
        [
            ("trade_date", pa.array([None, datetime(2026, 11, 20, 9, 30)], pa.timestamp("us")), "must be a day"),
            ("trade_date", pa.array([2**62 + 1, 1], pa.timestamp("ns")), "must be a day"),
            ("trade_date", pa.array([2**31 - 1, -(2**31)], pa.int32()).cast(pa.date32()), "must be a day"),
            ("quantity", pa.array([float("nan"), float("inf")]), "must be a number from -1e"),
            ("quantity", pa.array([None, 2**60], pa.int64()), "must be a number from -1e"),
            ("currency", pa.array([None, "eur"]), "must match"),
        ],
    )
    def test_a_bad_value_rejects_its_row_only(self, night: Night, column: str, values: pa.Array, reason: str) -> None:
        send(
            night,
            {"a.parquet": as_parquet(2, **{column: values}), "b.csv": as_csv([GOOD])},
            {"a.parquet": 2, "b.csv": 1},
        )
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="90")
        assert [(row["row"], f"{column} {reason}" in row["reasons"]) for row in rejected(night)] == [
            ("1", True),
            ("2", True),
        ]

    def test_a_float_is_the_number_that_it_is(self, night: Night) -> None:
        """Not the number that its shortest text would be: 0.1 as a float is 0.100000001490116…"""
        values = pa.array([0.1], pa.float32())
        send(night, {"a.parquet": as_parquet(1, volatility=values)}, {"a.parquet": 1})
        ingest_here(night)
        assert trades(night)[0]["volatility"] == values[0].as_py()


class TestDuplicates:
    @pytest.mark.parametrize("order", ["ascending", "shuffled"])
    def test_the_first_of_an_id_counts_whatever_the_order(
        self, night: Night, order: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Against a dictionary, over many runs on disk and several ranges of each."""
        monkeypatch.setattr(identities, "RUN_ROWS", 500)
        monkeypatch.setattr(identities, "_SAMPLE_ROWS", 50)
        monkeypatch.setattr(identities, "_RANGE_SAMPLES", 4)
        chance = random.Random(1)
        ids = [f"T-{chance.randrange(15_000):05d}" for _ in range(20_000)]
        if order == "ascending":
            ids.sort()
        ids[3_000:3_600] = ["T-same"] * 600
        names = ["a.csv", "b.parquet", "c.csv"]
        thirds = [ids[:7_000], ids[7_000:14_000], ids[14_000:]]
        files = {
            name: as_parquet(len(part), trade_id=pa.array(part))
            if name.endswith("parquet")
            else as_csv([GOOD | {"trade_id": each} for each in part])
            for name, part in zip(names, thirds, strict=True)
        }
        send(night, files, {name: len(part) for name, part in zip(names, thirds, strict=True)})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="90", BATCH_SHARD_SIZE="5000")
        first_rows: dict[str, str] = {}
        expected = []
        for name, part in zip(names, thirds, strict=True):
            for number, each in enumerate(part):
                if each in first_rows:
                    expected.append((f"{FOLDER}/{name}", str(number + 1), f"{each!r} is already in {first_rows[each]}"))
                else:
                    first_rows[each] = f"{FOLDER}/{name} row {number + 1}"
        assert [row["trade_id"] for row in trades(night)] == list(first_rows)
        assert [
            (row["file"], row["row"], row["reasons"].removeprefix("trade_id ")) for row in rejected(night)
        ] == expected
        quality = night.json(night.layout.quality.key)
        assert sum(file["rejected"] for file in quality["files"]) == len(expected)
        assert sum(file["accepted"] for file in quality["files"]) == len(first_rows)
