"""The page of nights says in words what its bars show, fits its axis, and trusts no text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batchctl.costs.prices import load_prices
from batchctl.nights import page as pages
from batchctl.nights.attempts import Attempt
from batchctl.nights.gathering import cost
from tests.nights.sample import CONFIG, NOW, at, fortnight, night_run

PAGE = pages.page(fortnight(), priced_at="2026-11")
VERDICTS = {night.business_date: night.verdict(NOW) for night in fortnight().nights}


@pytest.mark.parametrize(
    ("date", "verdict"),
    [
        ("2026-11-20", "running, 0 h 40 min left"),
        ("2026-11-19", "in time, 2 h 25 min before"),
        ("2026-11-18", "LATE by 0 h 36 min: began 08:06; 3 retries"),
        ("2026-11-17", "NO REPORT: States.Timeout"),
        ("2026-11-16", "in time, 11 h 10 min before"),
    ],
)
def test_what_is_late_and_why(date: str, verdict: str) -> None:
    assert VERDICTS[date] == verdict
    assert PAGE.count(verdict) >= 2, "beside the bar, and in the table"


def test_no_foreign_script_and_no_text_as_markup() -> None:
    """A job's error is anybody's text."""
    failed = replace(fortnight(), nights=[fortnight().nights[1]])
    late = replace(failed.nights[0], runs=[failed.nights[0].runs[0]])
    html = pages.page(replace(failed, nights=[late]), priced_at="2026-11")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html and "<script" not in PAGE
    assert re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!data:,)[a-z]+:", PAGE) == []


def test_every_bar_lies_on_its_track() -> None:
    bars = re.findall(r"left:([\d.]+)%;width:([\d.]+)%", PAGE)
    assert len(bars) == 26
    assert all(float(left) >= 0 and float(left) + float(width) <= 100.01 for left, width in bars)


def test_no_bar_tells_by_its_colour_alone() -> None:
    """Each kind has a pattern of its own, a legend and words."""
    for words in ("failed (striped)", "running (dashed)", "ended well"):
        assert words in PAGE
    style = PAGE.partition("</style>")[0]
    assert "repeating-linear-gradient" in style and "dashed" in style
    rows = re.findall(r'role="img" aria-label="([^"]+)"', PAGE)
    assert len(rows) == 10 + 13
    assert all(": " in row and row.rpartition(": ")[2] for row in rows)


def test_a_retried_shard_has_both_attempts() -> None:
    assert "25.0 min failed: exit code 137, then 22.7 min running" in PAGE


def test_held_manifests_come_with_their_command() -> None:
    assert "batchctl run all --date 2026-11-02" in PAGE


def test_smooth_shards_are_left_out_first() -> None:
    """Of 200 shards the failed one is among those that are shown."""
    run = night_run("2026-11-20", at("2026-11-20", 3), 90, shards=200, retried=(150,))
    night = replace(fortnight().nights[0], runs=[run])
    html = pages.page(replace(fortnight(), nights=[night]), priced_at="2026-11")
    assert "risk-calculation 150" in html and "risk-calculation 20<" not in html
    assert "and 142 more" in html


def test_without_a_night_it_says_where_to_begin() -> None:
    html = pages.page(replace(fortnight(), nights=[]), priced_at="2026-11")
    assert "The run ledger has no run yet" in html and "no run yet, 0 h 40 min left" in html


def test_cost_is_what_the_tasks_were_billed_for() -> None:
    """One hour of 2 vCPU and 4 GB, and a few seconds of another task, billed as a minute."""
    prices, start = load_prices(None), datetime(2026, 11, 20, tzinfo=UTC)
    hour = Attempt(job="risk-calculation", shards=(1,), started_at=start, ended_at=start + timedelta(hours=1))
    short = Attempt(job="report-generation", shards=(), started_at=start, ended_at=start + timedelta(seconds=5))
    risk, report = CONFIG.jobs["risk-calculation"], CONFIG.jobs["report-generation"]
    vcpu, memory = prices["fargate.x86.vcpu"].usd, prices["fargate.x86.memory"].usd
    storage = prices["fargate.storage"].usd
    expected = risk.cpu / 1024 * vcpu + risk.memory / 1024 * memory + storage
    expected += (report.cpu / 1024 * vcpu + report.memory / 1024 * memory + storage) / 60
    assert cost([hour, short], CONFIG, prices, start) == pytest.approx(expected)


@pytest.mark.parametrize("hours", [0.05, 0.5, 3, 13.5, 40])
def test_ticks_are_few_and_round(hours: float) -> None:
    start = NOW - timedelta(hours=hours)
    ticks = pages.Axis(start, NOW).ticks(NOW)
    assert 2 <= len(ticks) <= pages.MOST_TICKS + 1
    assert [tick.left for tick in ticks] == sorted(tick.left for tick in ticks)
