"""Proposals for a night: within the window and the quota, the cheapest there is, from measured times."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchctl import sizing
from batchctl.errors import OperatorError
from batchctl.sizing import Proposal, Timings, load_timings, propose

TIMINGS = Timings(
    machine="a table",
    date="2026-11-21",
    container=45,
    start=1,
    shard=0.03,
    row=1e-6,
    draw=3e-8,
    gain=2e-8,
    ingest_row=1e-6,
    report=2,
    report_result=0.003,
)


def test_the_committed_times_can_be_read() -> None:
    timings = load_timings()
    assert timings.machine and timings.date
    assert timings.gain > 0


def test_a_million_trades_take_few_large_tasks() -> None:
    """Starting a task takes longer than valuing a hundred thousand trades."""
    found = propose(1_000_000, 20_000, 6, 60, TIMINGS)
    assert found.fits
    assert found.shard_size * found.batch >= 100_000
    assert found.makespan_minutes < 60
    assert found.usd < 0.05


def test_more_at_once_when_the_window_is_short() -> None:
    slow = replace(TIMINGS, row=1e-3)
    patient, hurried = propose(1_000_000, 20_000, 64, 600, slow), propose(1_000_000, 20_000, 64, 10, slow)
    assert patient.fits and hurried.fits
    assert hurried.makespan_minutes <= 10 < patient.makespan_minutes
    assert hurried.at_once > patient.at_once
    assert hurried.usd >= patient.usd


def test_a_window_that_nothing_fits_in() -> None:
    found = propose(1_000_000, 20_000, 6, 0.5, TIMINGS)
    assert not found.fits
    assert found.makespan_minutes > 0.5


def test_by_hand() -> None:
    """One shard on one vCPU: three starts, and what each job does."""
    found = propose(1_000, 1_000, 1, 60, TIMINGS, instruments=100)
    work = 0.03 + 1_000 * 1e-6 + 100 * 1_000 * (3e-8 + 2e-8)
    assert (found.shard_size, found.tasks, found.vcpu) == (1_000, 1, 1)
    assert found.task_seconds == pytest.approx(46 + work)
    assert found.makespan_minutes * 60 == pytest.approx(3 * 46 + 0.001 + work + 0.05 + 2.003)
    hourly = 0.04048 + 2 * 0.004445
    assert found.usd == pytest.approx((3 * 46 + 0.001 + work + 2.003) / 3600 * hourly)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 50_000_000),
    st.integers(1_000, 1_000_000),
    st.integers(1, 1_000),
    st.floats(1, 600),
    st.integers(1, 10**5),
)
def test_every_proposal_can_be_deployed(
    trades: int, scenarios: int, quota: int, window: float, instruments: int
) -> None:
    found = propose(trades, scenarios, quota, window, TIMINGS, instruments=instruments)
    shards = -(-trades // found.shard_size)
    assert shards <= sizing.MAX_SHARDS
    assert found.tasks == -(-shards // found.batch)
    assert found.at_once * found.vcpu <= max(quota, 1)
    assert found.fits == (found.makespan_minutes <= window)
    assert found.usd > 0


def test_a_cheaper_way_is_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against all ways, tried one by one."""
    seen: list[Proposal] = []
    real = sizing._ways

    def spy(*arguments: object) -> list[Proposal]:
        seen.extend(real(*arguments))  # type: ignore[arg-type]
        return list(seen)

    monkeypatch.setattr(sizing, "_ways", spy)
    found = propose(3_000_000, 20_000, 16, 30, TIMINGS)
    assert found.usd <= min(way.usd for way in seen if way.makespan_minutes <= 30) + 0.001


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 20_000, 6, 60), "trades must be greater than 0, got 0; valid: 1000000"),
        ((1, 0, 6, 60), "scenarios must be greater than 0"),
        ((1, 1, 0, 60), "the vCPU quota must be greater than 0"),
        ((1, 1, 6, float("nan")), "the window in minutes must be greater than 0, got nan"),
        ((10**12, 1, 6, 60), "do not fit in 100,000 shards"),
    ],
)
def test_arguments_that_no_night_can_have(arguments: tuple[int, int, int, float], message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        propose(*arguments, TIMINGS)


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps(asdict(TIMINGS) | {"row": "x"}), '{"row": -1}'])
def test_a_file_of_times_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "timings.json"
    path.write_text(content)
    with pytest.raises(OperatorError, match=r"timings\.json"):
        load_timings(path)
