"""Rows that are refused: each with all its reasons and the number that the client counts."""

import json

import pytest

from batch_runtime.errors import BadInputError
from tests.jobs.harness import Night
from tests.jobs.ingestion.trade_files import FOLDER, GOOD, as_csv, ingest_here, rejected, send, trades

BAD_VALUES = [
    ("trade_id", ""),
    ("trade_id", "x" * 65),
    ("instrument", "=cmd|' /C calc'!A0"),
    ("asset_class", "tulips"),
    ("quantity", "0"),
    ("quantity", "many"),
    ("price", "-1"),
    ("price", "nan"),
    ("price", "1e400"),
    ("currency", "eur"),
    ("fx_to_usd", "0"),
    ("volatility", ""),
    ("volatility", "-0.1"),
    ("correlation", "1.01"),
    ("delta", "inf"),
    ("gamma", "1,5"),
    ("trade_date", "2026-02-31"),
    ("trade_date", "20.11.2026"),
    ("trade_date", "2026-11-21"),
]


class TestQuarantine:
    @pytest.mark.parametrize(("column", "value"), BAD_VALUES)
    def test_a_bad_value_is_kept_with_its_reason(self, night: Night, column: str, value: str) -> None:
        good = GOOD | {"trade_id": "T-good"}
        send(night, {"a.csv": as_csv([good, GOOD | {column: value}])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert [row["trade_id"] for row in trades(night)] == ["T-good"]
        (row,) = rejected(night)
        assert (row["file"], row["row"]) == (f"{FOLDER}/a.csv", "2")
        assert row["reasons"].startswith(f"{column} must ")
        assert repr(value) in row["reasons"]
        assert json.loads(row["content"])[column] == value
        assert night.json(night.layout.quality.key)["reasons"] == {column: 1}

    def test_all_reasons_of_a_row_are_named(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD, GOOD | {"price": "x", "currency": "y"}])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        (row,) = rejected(night)
        assert row["reasons"].count(" must ") == 2

    def test_dollars_at_another_rate_than_one(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD, GOOD | {"currency": "USD", "fx_to_usd": "1.1"}])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert "must be 1 when the currency is USD" in rejected(night)[0]["reasons"]

    def test_a_trade_that_comes_twice_counts_once(self, night: Night) -> None:
        """Also across files; the message says where the first one is."""
        send(night, {"a.csv": as_csv([GOOD]), "b.csv": as_csv([GOOD | {"price": "7"}])}, {"a.csv": 1, "b.csv": 1})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert [row["price"] for row in trades(night)] == [101.25]
        (row,) = rejected(night)
        assert row["reasons"] == f"trade_id 'T-0000001' is already in {FOLDER}/a.csv row 1"

    def test_a_bad_row_does_not_take_its_id_from_a_good_one(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD | {"price": "x"}, GOOD])}, {"a.csv": 2})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert len(trades(night)) == 1

    def test_torn_rows_count_and_are_numbered_as_the_client_sees_them(self, night: Night) -> None:
        header, *lines = as_csv(
            [GOOD | {"trade_id": f"T-{n}", "price": "x" if n == 4 else "1"} for n in range(6)]
        ).split(b"\n")
        torn = [header, lines[0], b"T-9,half a row", *lines[1:]]
        send(night, {"a.csv": b"\n".join(torn)}, {"a.csv": 7})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="50")
        assert [(row["row"], row["reasons"][:9]) for row in rejected(night)] == [("2", "the row m"), ("6", "price mus")]

    def test_too_much_of_it_fails_the_run_but_is_kept(self, night: Night) -> None:
        """A report on what is left would mislead."""
        rows = [GOOD | {"trade_id": f"T-{n}", "price": "x" if n < 3 else "1"} for n in range(10)]
        send(night, {"a.csv": as_csv(rows)}, {"a.csv": 10})
        with pytest.raises(BadInputError, match=r"3 of 10 rows \(30.0 %\) were rejected.*price 3x.*rejected.csv"):
            ingest_here(night)
        assert list(night.outputs()) == [night.layout.rejected.key]
        assert len(rejected(night)) == 3
