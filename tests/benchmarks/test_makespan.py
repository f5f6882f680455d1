"""The simulation of benchmarks/makespan.py against cases that can be worked out by hand."""

from __future__ import annotations

import pytest

from batchctl import costs
from batchctl.costs.makespan import Load, Rates, launches, makespan, throttled_starts
from batchctl.costs.prices import load_prices
from benchmarks.makespan import HISTORY_LIMIT, Measured, Scene, quota_for, ways
from conventions.fargate import vcpus
from data_ingestion.job import IngestionEnvironment
from risk_calculation.job import RiskEnvironment
from settings.jobs import DEFAULT_JOBS, Job

STEADY = Load(shard_seconds=60, startup_seconds=40, spread=0)
PLENTY = Rates(vcpu_quota=6, launch_burst=10**6, launch_per_second=10**6, run_task_per_second=10**6)
JOB = Job.model_validate(DEFAULT_JOBS["risk-calculation"])
MEASURED = Measured(
    events_of_run=70,
    events_of_shard=10,
    events_of_failure=12,
    transitions_of_run=20,
    transitions_of_shard=2,
    inline_limit=40,
)


class TestLaunches:
    """Two token buckets: 20 calls at once, then 20 a second; the launch burst of 100 lasts longer."""

    def test_twenty_at_once_then_twenty_a_second(self) -> None:
        next_start = launches(Rates(vcpu_quota=6))
        starts = [next_start(0) for _ in range(200)]
        assert starts[:20] == pytest.approx([0] * 20)
        assert starts[20] == pytest.approx(0.05)
        assert starts[199] == pytest.approx(9.0)

    def test_a_pause_refills_the_bucket(self) -> None:
        next_start = launches(Rates(vcpu_quota=6))
        for _ in range(40):
            next_start(0)
        assert [next_start(100) for _ in range(20)] == pytest.approx([100] * 20)

    def test_10_000_launches_take_over_eight_minutes(self) -> None:
        next_start = launches(Rates(vcpu_quota=6))
        assert max(next_start(0) for _ in range(10_000)) > 8 * 60


class TestMakespan:
    """Waves of tasks."""

    def test_nine_tasks_on_three_places_are_three_waves(self) -> None:
        assert makespan(9, 1, 3, PLENTY, STEADY)[0] == pytest.approx(300, abs=0.1)

    def test_a_batch_starts_once(self) -> None:
        seconds, worked = makespan(30, 10, 3, PLENTY, STEADY)
        assert seconds == pytest.approx(640, abs=0.1)
        assert worked == pytest.approx(3 * 640)

    def test_the_last_batch_may_be_smaller(self) -> None:
        assert makespan(11, 10, 1, PLENTY, STEADY)[1] == pytest.approx(40 + 600 + 40 + 60)


class TestThrottledStarts:
    """Starts that ECS refuses are tried again as the state machine does it."""

    @pytest.mark.parametrize("at_once", [100, 3_000, 10_000])
    def test_none_is_lost_however_many_start_at_once(self, at_once: int) -> None:
        starts = throttled_starts(at_once, at_once, 105, Rates(vcpu_quota=0), JOB)
        assert starts.lost == 0
        assert starts.refused > 0

    def test_waiting_for_a_start_takes_little_longer_than_the_rates_themselves(self) -> None:
        ideal = 10_000 / 20 + 105
        assert ideal - 10 < throttled_starts(10_000, 10_000, 105, Rates(vcpu_quota=0), JOB).seconds < 1.5 * ideal


class TestAssumptions:
    """Time and money are taken from one set of assumptions, and those from the jobs."""

    def test_a_default_shard_is_the_jobs(self) -> None:
        assert IngestionEnvironment.model_fields["shard_size"].default == costs.DEFAULT_SHARD
        assert RiskEnvironment.model_fields["scenarios"].default == costs.DEFAULT_SCENARIOS
        assert int(vcpus(JOB.cpu)) == costs.DEFAULT_VCPU


class TestModes:
    """What the settings choose, and what would happen otherwise."""

    def _ways(self, shards: int) -> dict[tuple[str, int], object]:
        scene = Scene(job=JOB, load=STEADY, measured=MEASURED, prices=load_prices(None))
        return {(way.mode, way.batch): way for way in ways(shards, Rates(vcpu_quota=6), scene)}

    def test_few_shards_go_inline_many_are_distributed(self) -> None:
        for shards, chosen in ((10, ("inline", 1)), (1_000, ("distributed", 1)), (10_000, ("distributed", 1))):
            ways = self._ways(shards)
            assert [key for key, way in ways.items() if way.chosen] == [chosen]  # type: ignore[attr-defined]

    def test_10_000_shards_inline_would_overflow_the_history(self) -> None:
        ways = self._ways(10_000)
        assert ways["inline", 1].events > HISTORY_LIMIT  # type: ignore[attr-defined]
        assert ways["distributed", 1].events < HISTORY_LIMIT  # type: ignore[attr-defined]

    def test_the_quota_that_meets_the_window(self) -> None:
        needed = quota_for(10_000, JOB, 13.5 * 3600, Rates(vcpu_quota=0), STEADY)
        assert needed is not None
        assert makespan(10_000, 1, int(needed / vcpus(JOB.cpu)), Rates(vcpu_quota=0), STEADY)[0] <= 13.5 * 3600
        assert makespan(10_000, 1, needed // 2 - 1, Rates(vcpu_quota=0), STEADY)[0] > 13.5 * 3600
