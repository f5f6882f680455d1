"""A stored result is read as it was written, or refused with 65; never with 1, never another number."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from risk_results.documents import Header, digest
from risk_results.files import Result, combine
from tests.jobs.fuzz.cases import cases, exit_code
from tests.jobs.portfolios import results

GOOD = results(1)[0].to_bytes()


def law(content: bytes) -> Result | None:
    """A result, or an expected failure."""
    failure: Exception | None = None
    result: Result | None = None
    try:
        result = Result.from_bytes(content, "it")
    except Exception as error:
        failure = error
    exit_code("risk-calculation", failure)
    return result


def sealed(body: bytes) -> bytes:
    """A file whose checksum fits, as only a writer with other ideas would leave it."""
    return b"BATCHRISK1\n" + digest(body).encode() + body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


FIELDS = list(Header.model_fields)


class TestLaw:
    """A stored result is read as it was written, or refused with 65; never with 1, and never another number."""

    @cases(0.15)
    @given(
        st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3)
    )
    def test_mutated(self, changes: list[tuple[int, bytes]]) -> None:
        content = bytearray(GOOD)
        for offset, patch in changes:
            content[offset : offset + len(patch)] = patch
        read = law(bytes(content))
        assert read is None or bytes(content) == GOOD

    @cases(0.05)
    @given(st.integers(0, len(GOOD) - 1), st.binary(max_size=20))
    def test_cut_or_longer(self, length: int, more: bytes) -> None:
        assert law(GOOD[:length] + more) is None
        assert law(GOOD + b"x" + more) is None

    @cases(0.1)
    @given(st.binary(max_size=300))
    def test_rubbish_with_a_good_checksum(self, body: bytes) -> None:
        assert law(sealed(body)) is None

    @cases(0.15)
    @given(st.sampled_from(FIELDS), JSON)
    def test_another_header_with_a_good_checksum(self, field: str, value: object) -> None:
        body = GOOD[11 + 64 :]
        length = int.from_bytes(body[:8], "little")
        header = json.loads(body[8 : 8 + length]) | {field: value}
        text = json.dumps(header).encode()
        law(sealed(len(text).to_bytes(8, "little") + text + body[8 + length :]))

    @cases(0.15)
    @given(st.integers(0, 8 * 2_000), st.binary(min_size=8, max_size=8))
    def test_other_arrays_with_a_good_checksum_can_be_combined_or_are_refused(self, offset: int, patch: bytes) -> None:
        body = bytearray(GOOD[11 + 64 :])
        start = 8 + int.from_bytes(body[:8], "little") + offset
        body[start : start + 8] = patch
        read = law(sealed(bytes(body[: len(GOOD) - 75])))
        if read is not None:
            total = combine([read, results(2)[1]])
            assert int(np.abs(total.amounts.high).max()) < 2**46
