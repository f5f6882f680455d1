"""Rows with another number of columns, and files that are no CSV."""

import gzip

import pytest

from batch_runtime.errors import BadInputError
from tests.jobs.harness import Night
from tests.jobs.ingestion.trade_files import GOOD, as_csv, ingest_here, rejected, send, trades
from tests.jobs.memory import peak_of


class TestTornFiles:
    def test_a_file_of_torn_rows_only_is_kept_in_quarantine(self, night: Night) -> None:
        """As a spreadsheet leaves it that ends every row in a comma."""
        header, *lines = as_csv([GOOD | {"trade_id": f"T-{n}"} for n in range(5)]).splitlines()
        send(night, {"a.csv": b"\n".join([header, *(line + b"," for line in lines)])}, {"a.csv": 5})
        with pytest.raises(BadInputError, match=r"5 of 5 rows .* were rejected.*columns 5x"):
            ingest_here(night)
        assert [row["row"] for row in rejected(night)] == ["1", "2", "3", "4", "5"]
        assert rejected(night)[0]["reasons"] == "the row must have 14 columns; got 15"

    def test_numbers_stay_right_around_runs_of_torn_rows(self, night: Night) -> None:
        """Over several blocks of a megabyte."""
        header, good = as_csv([GOOD]).splitlines()
        kinds = ["good" if n % 1000 < 700 or n > 29_000 else "torn" for n in range(30_000)]
        kinds[100] = kinds[20_500] = kinds[29_999] = "bad"
        line = {"good": good, "torn": b"x,y", "bad": good.replace(b"EUR", b"eur")}
        rows = [line[kind].replace(b"T-0000001", b"T-%d" % n) for n, kind in enumerate(kinds)]
        send(night, {"a.csv": b"\n".join([header, *rows])}, {"a.csv": 30_000})
        ingest_here(night, BATCH_MAX_REJECTED_PERCENT="90", BATCH_SHARD_SIZE="100000")
        numbers = {kind: [n + 1 for n, each in enumerate(kinds) if each == kind] for kind in ("torn", "bad")}
        by_reason = {"torn": [], "bad": []}  # type: dict[str, list[int]]
        for row in rejected(night):
            by_reason["torn" if "columns" in row["reasons"] else "bad"].append(int(row["row"]))
        assert by_reason == numbers
        assert len(trades(night)) == kinds.count("good")

    def test_torn_rows_do_not_pile_up_in_memory(self, night: Night) -> None:
        """Twice the torn rows, 47 MB more, and not a tenth of them more at once.

        The few are more than the reader reads ahead, some thirty blocks of a megabyte.
        """
        row = b"this row is torn and long, so that keeping it would be seen" * 10 + b",\n"
        few, many = 80_000, 160_000
        peaks = []
        for count in (few, many):
            send(night, {"a.csv": as_csv([GOOD]) + row * count}, {"a.csv": count + 1})
            peaks.append(peak_of(lambda: ingest_here(night, BATCH_MAX_REJECTED_PERCENT="100")))
            assert len(rejected(night)) == count
        added = (many - few) * len(row)
        assert peaks[1].python - peaks[0].python < added / 10
        assert peaks[1].arrow - peaks[0].arrow < added / 10

    def test_a_torn_row_that_is_no_utf8_is_the_senders_fault(self, night: Night) -> None:
        send(night, {"a.csv": as_csv([GOOD]) + b"\xff,x\n"}, {"a.csv": 2})
        with pytest.raises(BadInputError, match="cannot be read as UTF-8 CSV with a header: 'utf-8' codec"):
            ingest_here(night)

    def test_a_column_that_is_ignored_may_hold_anything(self, night: Night) -> None:
        """Also text after a megabyte of numbers, of which a guess at its type would know nothing."""
        header, line = as_csv([GOOD]).splitlines()
        rows = (
            line.replace(b"T-0000001", b"T-%05d" % n) + (b",%d" % n if n < 20_000 else b",x") for n in range(20_001)
        )
        send(night, {"a.csv": b"\n".join([header + b",note", *rows])}, {"a.csv": 20_001})
        ingest_here(night)
        assert len(trades(night)) == 20_001

    @pytest.mark.parametrize(
        "content",
        [as_csv([GOOD]).decode().encode("utf-16"), gzip.compress(as_csv([GOOD])), b"PK\x03\x04", b"", b"\n\n", b"\x00"],
        ids=["UTF-16 from Excel", "gzip", "zip", "empty", "blank", "zero"],
    )
    def test_what_is_no_csv_is_the_senders_fault(self, night: Night, content: bytes) -> None:
        send(night, {"a.csv": content}, {"a.csv": 1})
        outcome = night.run("data-ingestion")
        assert outcome.exit_code == 65
        assert "a.csv cannot be read as UTF-8 CSV" in outcome.message or "lacks the columns" in outcome.message
