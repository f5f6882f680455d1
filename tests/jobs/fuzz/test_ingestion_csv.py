"""data-ingestion's law over CSV files."""

import csv
import random
from datetime import date
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from batch_runtime.errors import ExitCode
from batch_runtime.main import exit_code_of
from tests.jobs.fuzz.cases import CASES, LAWFUL, SEED, cases
from tests.jobs.fuzz.ingestion import DAY, HEADER, ROWS, Bench, as_csv, check_csv
from tests.jobs.fuzz.mutations import mutate

if TYPE_CHECKING:
    pass


@cases(0.15)
@given(rows=ROWS, quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), end=st.sampled_from(["\n", "\r\n"]))
def test_csv_of_odd_values(bench: Bench, rows: list[dict[str, str]], quoting: Any, end: str) -> None:
    check_csv(bench, as_csv(rows, quoting, end))


@cases(0.1)
@given(ids=st.lists(st.integers(0, 30), min_size=1, max_size=40), ascending=st.integers(0, 40), bad=st.integers(0, 39))
def test_csv_of_ids_in_any_order(bench: Bench, ids: list[int], ascending: int, bad: int) -> None:
    """The first of them in ascending order, as in most files; one row is bad for another reason."""
    rows = [{"trade_id": f"T-{each:02}"} for each in sorted(ids[:ascending]) + ids[ascending:]]
    rows[min(bad, len(rows) - 1)]["price"] = "-1"
    check_csv(bench, as_csv(rows))


@cases(0.05)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="surrogatepass")))
def test_csv_of_anything(bench: Bench, content: bytes) -> None:
    check_csv(bench, content)
    check_csv(bench, HEADER.encode() + b"\n" + content)


def test_mutated_csv(bench: Bench, real_files: dict[str, bytes]) -> None:
    chance = random.Random(SEED)
    for _ in range(int(CASES * 0.2)):
        check_csv(bench, mutate(real_files["trades-1.csv"], chance))


def test_the_law_is_one_that_can_be_broken() -> None:
    assert exit_code_of(KeyError("x")) == ExitCode.BUG
    assert ExitCode.BUG not in LAWFUL
    assert isinstance(date(2026, 11, 20), type(DAY))
