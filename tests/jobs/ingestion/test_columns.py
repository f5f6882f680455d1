"""What makes a value good is checked in other ways than it is described, for speed: both must agree."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.columns import Name
from data_ingestion.schema import COLUMNS

NAMES = [column for column in COLUMNS if isinstance(column, Name)]
NEARLY_NAMES = st.text(st.sampled_from("aZ09._:-/& =\n\u00e9"), max_size=4) | st.integers(60, 68).map("x".__mul__)


@pytest.mark.parametrize("column", NAMES, ids=lambda column: str(column.name))
@given(values=st.lists(NEARLY_NAMES, min_size=1, max_size=30))
def test_a_name_is_what_its_pattern_matches(column: Name, values: list[str]) -> None:
    _, good = column.parse(pa.array(values))
    pattern = column.pattern.removeprefix("^").removesuffix("$")
    expected = [bool(re.fullmatch(pattern, value)) for value in values]
    assert (good.to_pylist() if good is not None else [True] * len(values)) == expected
